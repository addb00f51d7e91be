import type { Clock, PurseCapabilities } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { insertPurseReadings, type PurseReading, selectPrepaidMeters } from './purseStore.ts';

/** Lines that are asked at once. A line is asked for one meter at a time: its polling goes on in between. */
const LINES_AT_ONCE = 64;
/** How long a night's visits of a property may take; who was not visited until then is compared with an older visit. */
export const NIGHT_READS_MS_MAX = 5 * 60_000;
/** The same where a person waits for it. */
export const ASKED_READS_MS_MAX = 8_000;

export interface PurseReadsDeps {
  readonly db: Db;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly estate: Pick<EstateReader, 'meter'>;
  readonly lines: Pick<LineDesk, 'readPurse'>;
  readonly capabilitiesOf: (meterId: number) => PurseCapabilities | undefined;
  /** The server stops: nobody is visited any more. */
  readonly isStopping: () => boolean;
}

/**
 * Visits the prepaid side of every meter of a property that holds its own balance and tells the sum of its purchases, and
 * keeps what it says. Never rejects for a meter that does not answer: the comparison lists it. Ends after `msMax` at the
 * latest, by the read that is under way then.
 */
export async function readPurses(propertyId: number, deps: PurseReadsDeps, msMax: number): Promise<number> {
  const { db, clock, estate, lines, capabilitiesOf, isStopping } = deps;
  const endMs = clock.monotonicMs() + msMax;
  const meters = await selectPrepaidMeters(db, propertyId);
  const telling = meters.filter((meterId) => capabilitiesOf(meterId)?.readCumulative === true);
  const waiting = [...Map.groupBy(telling, (meterId) => estate.meter(meterId)?.meter.lineId).values()];
  let kept = 0;
  async function serve(): Promise<void> {
    for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
      const reads: PurseReading[] = [];
      for (const meterId of line) {
        if (clock.monotonicMs() >= endMs || isStopping()) break;
        const outcome = await lines.readPurse(meterId);
        if (outcome?.ok !== true) continue;
        const { atMs, count, balanceMinor, cumulativeMinor } = outcome.purse;
        reads.push({ meterId, readAtMs: atMs, count, balanceMinor, cumulativeMinor });
      }
      await insertPurseReadings(db, propertyId, reads);
      kept += reads.length;
    }
  }
  await Promise.all(Array.from({ length: LINES_AT_ONCE }, serve));
  return kept;
}
