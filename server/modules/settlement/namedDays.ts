import type { ZonedCalendar } from '#domain/calendar.ts';
import { type ChangedDay, moveChangedDay, selectChangedDays, settleChangedDay } from '#server/modules/tariffs/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Span, selectHeld } from './correctionStore.ts';
import { type CorrectionDeps, type CorrectionOutcome, correctSpan } from './corrections.ts';
import { monthNames } from './months.ts';
import { type StreamOfDay, selectStreamsOfDay } from './namedDayStore.ts';
import { lockCharging, selectRunningStream } from './streamStore.ts';

/** Days of streams that are computed anew after one charging of a property; the rest waits for the next. */
export const DAY_LOOKS_PER_RUN_MAX = 500;
/** Changed days that are begun in one run. */
const DAYS_PER_RUN_MAX = 100;

export interface NamedDayDeps extends CorrectionDeps {
  readonly db: Db;
}

/**
 * Computes anew what was charged of days before they were named, or named no more. How far a day is done is remembered in the
 * transaction of its correction; who is killed in between goes on behind it. A day that goes to and fro ends at what its
 * lists say now: the same lists give no second correction.
 */
export async function settleNamedDays(propertyId: number, deps: NamedDayDeps): Promise<number> {
  const { db, tariffs, nowMs } = deps;
  const calendar = deps.calendarOf(propertyId);
  const version = tariffs.dayListsVersion(propertyId);
  const days = await selectChangedDays(db, { propertyId, version, limit: DAYS_PER_RUN_MAX });
  let left = DAY_LOOKS_PER_RUN_MAX;
  let corrections = 0;
  for (const changed of days) {
    if (left === 0) break;
    const limit = left;
    const versionIds = tariffs.versionsNaming(propertyId, changed.list);
    const query = { propertyId, day: spanOf(calendar, changed.day), versionIds, afterStream: changed.atStream, limit };
    const found = await db.tx(async (tx) => {
      // Whoever still charges by the lists of before is over then.
      await lockCharging(tx, propertyId);
      return selectStreamsOfDay(tx, query);
    });
    for (const held of found)
      corrections += await db.tx(async (tx) => {
        await lockCharging(tx, propertyId);
        const made = await correctDay(tx, held, deps);
        await moveChangedDay(tx, changed.id, held.streamId);
        return made;
      });
    left -= found.length;
    if (found.length < limit) await settleChangedDay(db, changed.id, nowMs());
  }
  return corrections;
}

/** As a whole; where registers do not tell of the whole, what they tell of its parts. Counts corrections. */
async function correctDay(tx: Tx, held: StreamOfDay, deps: NamedDayDeps): Promise<number> {
  const whole = await correctHeld(tx, held, deps);
  if (typeof whole !== 'string') return 1;
  if (whole === 'unchanged' || whole === 'ended') return 0;
  const stream = await selectRunningStream(tx, held.streamId);
  if (stream === undefined) return 0;
  const segments = await selectHeld(tx, stream.id, held, monthNames(deps.calendarOf(stream.propertyId)));
  let corrections = 0;
  for (const { fromMs } of segments) {
    const outcome = await correctHeld(tx, { streamId: stream.id, fromMs, toMs: fromMs + 1 }, deps);
    if (typeof outcome !== 'string') corrections += 1;
  }
  return corrections;
}

/** The stream is read anew each time: a correction changes what it has not charged yet. */
async function correctHeld(tx: Tx, held: StreamOfDay, deps: NamedDayDeps): Promise<CorrectionOutcome | 'ended'> {
  const stream = await selectRunningStream(tx, held.streamId);
  return stream === undefined ? 'ended' : correctSpan(tx, stream, held, deps, { cause: 'dayList' });
}

function spanOf(calendar: ZonedCalendar, day: ChangedDay['day']): Span {
  const atMs = Date.parse(`${day}T12:00:00Z`);
  const fromMs = calendar.startOfDay(atMs - calendar.offsetMs(atMs));
  return { fromMs, toMs: calendar.startOfDayAfter(fromMs, 1) };
}
