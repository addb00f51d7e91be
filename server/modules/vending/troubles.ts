import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import type { VendRow } from './rows.ts';
import { selectOpen } from './store.ts';

/** A sale that is not proven after so long is in doubt: somebody should know. */
const DOUBT_AFTER_MS = 5 * 60_000;
/** Somebody else wrote to a meter: shown so long, since nothing ends it. */
const FOREIGN_SHOWN_MS = 24 * 3_600_000;

export type TroubleKind = 'vendInDoubt' | 'vendQuarantined' | 'foreignWrite';

/** Where alarms of meters are raised and cleared; the same may be said again and again. */
export interface TroubleAlarms {
  set(kind: TroubleKind, meterIds: ReadonlySet<number>): void;
}

export interface TroubleWatch {
  start(): void;
  foreignWrite(row: VendRow): void;
  open(): number;
  stop(): Promise<void>;
}

/** Looks at everything under way and says on which meters somebody should look. */
export function createTroubleWatch(deps: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly alarms: TroubleAlarms;
  readonly everyMs: number;
}): TroubleWatch {
  const { db, clock, log, alarms, everyMs } = deps;
  const foreign = new Map<number, number>();
  let open = 0;
  let repetition: ReturnType<typeof repeat> | undefined;

  async function look(): Promise<void> {
    const rows = await selectOpen(db);
    const nowMs = clock.nowMs();
    open = rows.length;
    const meters = (wanted: (row: (typeof rows)[number]) => boolean) =>
      new Set(rows.filter(wanted).map(({ meter_id: meterId }) => meterId));
    const forPeople = (state: string) => state === 'QUARANTINED' || state === 'REJECTED';
    alarms.set(
      'vendQuarantined',
      meters(({ state }) => forPeople(state)),
    );
    alarms.set(
      'vendInDoubt',
      meters(({ state, at }) => !forPeople(state) && state !== 'DRAFT' && nowMs - at.getTime() > DOUBT_AFTER_MS),
    );
    for (const [meterId, atMs] of foreign) if (nowMs - atMs > FOREIGN_SHOWN_MS) foreign.delete(meterId);
    alarms.set('foreignWrite', new Set(foreign.keys()));
  }

  return {
    start() {
      const failed = (error: Error) => log.warn('vends under way could not be counted', { reason: error.message });
      repetition = repeat(clock, { everyMs, startNow: true, work: look, failed });
    },
    foreignWrite({ meter_id: meterId }) {
      foreign.set(meterId, clock.nowMs());
    },
    open: () => open,
    stop: async () => repetition?.stop(),
  };
}
