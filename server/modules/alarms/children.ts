import type { AlarmChild, listAlarmChildren, QueryOf } from '#contract/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Metering, MeterView } from '#server/modules/metering/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, cursorId, PAGE_ROWS, scopeCovers, toPage } from '#server/platform/http/index.ts';
import { placeOfSource } from './places.ts';
import { noAlarm } from './service.ts';
import { selectAlarm, selectFolded } from './store.ts';
import type { AlarmSource } from './types.ts';

export interface ChildrenDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'metersOfLine' | 'line'>;
}

/** The meters behind a lost network, gateway or line, as the estate is now; none for any other alarm. By id. */
export function createAlarmChildren({ db, estate, metering }: ChildrenDeps) {
  function lineIdsOf({ kind, id }: AlarmSource): readonly number[] {
    if (kind === 'line') return [id];
    if (kind === 'gateway') return estate.lineIds().filter((lineId) => estate.line(lineId)?.gatewayId === id);
    if (kind !== 'property') return [];
    // What is back has left the network's alarm.
    return estate.lineIds().filter((lineId) => {
      const line = metering.line(lineId);
      return line?.propertyId === id && line.path === 'down';
    });
  }

  /** Throws `not-found`. */
  return async (actor: Actor, alarmId: number, query: QueryOf<typeof listAlarmChildren>) => {
    const scope = actor.scope('alarm.view');
    const row = await selectAlarm(db, scope, alarmId);
    if (row === undefined) throw noAlarm();
    const limit = query.limit ?? PAGE_ROWS;
    const afterId = cursorId(query.cursor) ?? 0;
    const folded = new Map((await selectFolded(db, alarmId)).map(({ meterId, id }) => [meterId, id]));
    const meters = lineIdsOf({ kind: row.source_kind, id: row.source_id })
      .flatMap((lineId) => metering.metersOfLine(lineId))
      .filter(({ profile }) => scopeCovers(scope, profile.meter.propertyId, profile.buildingId))
      .filter(({ profile }) => profile.meter.id > afterId)
      .toSorted((a, b) => a.profile.meter.id - b.profile.meter.id);
    const toChild = (meter: MeterView) => toDto(estate, meter, folded.get(meter.profile.meter.id));
    return toPage(meters, limit, ({ profile }): number => profile.meter.id, toChild);
  };
}

function toDto(estate: EstateReader, { profile, heardMs, last, state }: MeterView, alarmId?: number): AlarmChild {
  const { id, meterNumber, placeId } = profile.meter;
  const place = placeOfSource(estate, { kind: 'meter', id });
  const loadW = last?.loadW;
  return {
    meterId: id,
    meterNumber,
    placeId,
    path: [...(place?.path ?? [])],
    link: state.facts.link,
    isProtected: state.facts.protection === 'forcedClosed',
    ...(place?.label === undefined ? {} : { label: place.label }),
    ...(heardMs === undefined ? {} : { lastHeardAt: new Date(heardMs).toISOString() }),
    ...(loadW === undefined ? {} : { loadW }),
    ...(alarmId === undefined ? {} : { alarmId }),
  };
}
