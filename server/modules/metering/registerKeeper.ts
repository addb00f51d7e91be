import type { ZonedCalendar } from '#domain/calendar.ts';
import { type Clock, COUNTERS, type Quantity, type Reading } from '#drivers/core/index.ts';
import { type Db, refusesRows } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { createStoreQueue, type StoreQueue, type StoreQueueFigures } from '#server/platform/spool/index.ts';
import { insertRegisters, type RegisterRow } from './registerStore.ts';

/** Registers read so soon after the billing instant count as measured at it; later ones as late. */
export const MEASURED_WITHIN_MS = 2 * 60_000;
/** Rows in memory while the disk fails as well: two days of a thousand meters. Beyond it the oldest go, counted. */
export const REGISTERS_WAITING_MAX = 100_000;
/** What waits on the disk while Postgres is away, some 250 bytes a row: four days of ten thousand meters. */
export const REGISTER_SPOOL_BYTES_MAX = 512 * 1024 * 1024;
const FLUSH_EVERY_MS = 1_000;
const ROWS_A_STATEMENT_MAX = 2_000;

export interface RegisterKeeperDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Of what waits for Postgres on the disk. */
  readonly spoolDir: string;
}

/**
 * Holds the counters of each meter at every billing instant: the first complete reading at or after the instant stands
 * for it and is never replaced. While Postgres is away rows wait on the disk, also through a stop or a kill.
 */
export class RegisterKeeper {
  readonly #queue: StoreQueue<RegisterRow>;
  readonly #lastInstantMs = new Map<number, number>();
  #stored = 0;

  constructor({ db, clock, log, spoolDir }: RegisterKeeperDeps) {
    this.#queue = createStoreQueue<RegisterRow>({
      what: 'registers',
      dir: spoolDir,
      maxBytes: REGISTER_SPOOL_BYTES_MAX,
      itemsMax: REGISTERS_WAITING_MAX,
      batchMax: ROWS_A_STATEMENT_MAX,
      everyMs: FLUSH_EVERY_MS,
      clock,
      log,
      refuses: refusesRows,
      store: async (rows) => {
        this.#stored += await insertRegisters(db, rows);
      },
    });
  }

  get figures(): StoreQueueFigures & { readonly stored: number } {
    return { ...this.#queue.figures(), stored: this.#stored };
  }

  /** Opens the spool and stores what a former start left, which came before whatever is taken from now on. */
  open(): Promise<void> {
    return this.#queue.open();
  }

  /** Instant of the last registers taken since our start. */
  heldInstantMs(meterId: number): number | undefined {
    return this.#lastInstantMs.get(meterId);
  }

  /** `counters`: what the model counts. A live reading without some of them leaves the instant to a complete one. */
  take(reading: Reading, counters: readonly Quantity[], calendar: ZonedCalendar): void {
    const instantMs = calendar.billingInstant(reading.atMs);
    const isHistory = reading.source === 'backfill';
    if (!isHistory && (this.#lastInstantMs.get(reading.meterId) ?? Number.NEGATIVE_INFINITY) >= instantMs) return;
    const registers = countersOf(reading);
    const held = Object.keys(registers).length;
    if (held === 0) return;
    if (reading.source === 'live' && counters.some((counter) => registers[counter] === undefined)) return;
    if (!isHistory) this.#lastInstantMs.set(reading.meterId, instantMs);
    this.#queue.push({
      meterId: reading.meterId,
      instantMs,
      readAtMs: reading.atMs,
      quality: reading.atMs - instantMs <= MEASURED_WITHIN_MS ? 'measured' : 'late',
      source: reading.source,
      registers,
      balanceMinor: reading.balanceMinor,
      purchaseCount: reading.values.purchaseCount,
    });
  }

  /** Stores what waits. Rejects when Postgres cannot. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /** Stores what waits; what Postgres does not take now is on the disk for the next start. */
  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** Counters are whole numbers below 2^53 (quantity table), so that the way to bigint is exact. */
function countersOf(reading: Reading): RegisterRow['registers'] {
  const registers: Partial<Record<Quantity, bigint>> = {};
  for (const counter of COUNTERS) {
    const value = reading.values[counter];
    if (value !== undefined) registers[counter] = BigInt(Math.round(value));
  }
  return registers;
}
