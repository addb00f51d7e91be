import type { AlarmFigures, getAlarmFigures, QueryOf } from '#contract/index.ts';
import { perMinute, rateFigures, shiftAt } from '#domain/alarmFigures.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type FrequentRow, selectMostFrequent, selectPerMinute, selectStanding } from './figureStore.ts';
import { type AlarmPolicies, mustSee } from './settings.ts';

const MOST_FREQUENT = 10;
/** What stands for longer is stale. */
const STANDING_LONG_MS = 24 * 3_600_000;

export interface FiguresDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly policies: AlarmPolicies;
  readonly nowMs: () => number;
}

/** Answers how the alarms of a shift came. Throws `not-found`, `request.invalid` for an instant to come. */
export function createAlarmFigures({ db, estate, policies, nowMs }: FiguresDeps) {
  const calendars = createCalendars();
  return async (actor: Actor, { propertyId, at }: QueryOf<typeof getAlarmFigures>): Promise<AlarmFigures> => {
    const scope = actor.scope('alarm.view');
    mustSee(estate, scope, propertyId);
    const now = nowMs();
    const wantedMs = at === undefined ? now : Date.parse(at);
    if (!(wantedMs <= now)) {
      throw new AppError('request.invalid', 'There are no figures of the future.', [
        { field: 'at', message: 'must not lie in the future' },
      ]);
    }
    const { shiftStarts, operators } = policies.of(propertyId);
    const shift = shiftAt(calendars(estate.place(propertyId)?.timeZone ?? 'UTC'), shiftStarts, wantedMs);
    const untilMs = Math.min(now, shift.toMs);
    const counted = { scope, propertyId, from: new Date(shift.fromMs), until: new Date(untilMs) };
    const minutes = perMinute(await selectPerMinute(db, counted), shift.fromMs, untilMs);
    const { floods, ...rates } = rateFigures(minutes, shift.fromMs, operators);
    const { standing, standing_long, chattering, folded } = await selectStanding(
      db,
      counted,
      new Date(untilMs - STANDING_LONG_MS),
    );
    const frequent = await selectMostFrequent(db, counted, MOST_FREQUENT);
    return {
      propertyId,
      shift: {
        index: shift.index,
        from: counted.from.toISOString(),
        to: new Date(shift.toMs).toISOString(),
        until: counted.until.toISOString(),
      },
      operators,
      ...rates,
      per10Min: [...rates.per10Min],
      perMinute: [...minutes],
      floods: floods.map(({ fromMs, toMs, raised }) => ({
        ...{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), raised },
      })),
      foldedMeters: folded,
      standing,
      standingLong: standing_long,
      chattering,
      mostFrequent: frequent.map((row) => toFrequent(row, rates.raised)),
    };
  };
}

function toFrequent(row: FrequentRow, all: number): AlarmFigures['mostFrequent'][number] {
  return {
    kind: row.kind,
    source: { kind: row.source_kind, id: row.source_id },
    path: row.path,
    ...(row.label === null ? {} : { label: row.label }),
    raised: row.raised,
    share: all === 0 ? 0 : row.raised / all,
    alarmId: row.alarm_id,
  };
}
