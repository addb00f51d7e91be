import type { ZonedCalendar } from '#domain/calendar.ts';
import { type Clock, COUNTERS, type Quantity, type Reading } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import { insertRegisters, type RegisterRow } from './registerStore.ts';

/** Registers read so soon after the billing instant count as measured at it; later ones as late. */
export const MEASURED_WITHIN_MS = 2 * 60_000;
/** Rows that wait while Postgres is down: two days of a thousand meters. Beyond it the oldest are dropped and counted. */
export const REGISTERS_WAITING_MAX = 100_000;
const FLUSH_EVERY_MS = 1_000;
const FLUSH_RETRY_MS_MAX = 30_000;
const ROWS_A_STATEMENT_MAX = 2_000;

export interface RegisterKeeperDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Holds the counters of each meter at every billing instant: the first complete reading at or after the instant stands
 * for it and is never replaced. While Postgres is down rows wait in memory (no spool on disk yet).
 */
export class RegisterKeeper {
  readonly #db: Db;
  readonly #flushing: ReturnType<typeof repeat>;
  readonly #log: Log;
  readonly #lastInstantMs = new Map<number, number>();
  #waiting: RegisterRow[] = [];
  #stored = 0;
  #dropped = 0;

  constructor({ db, clock, log }: RegisterKeeperDeps) {
    this.#db = db;
    this.#log = log;
    this.#flushing = repeat(clock, {
      everyMs: FLUSH_EVERY_MS,
      retryMsMax: FLUSH_RETRY_MS_MAX,
      work: () => this.#drain(),
      failed: (error) =>
        log.warn('registers wait, they cannot be stored', { reason: error.message, rows: this.#waiting.length }),
    });
  }

  get figures(): { readonly waiting: number; readonly stored: number; readonly dropped: number } {
    return { waiting: this.#waiting.length, stored: this.#stored, dropped: this.#dropped };
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
    this.#waiting.push({
      meterId: reading.meterId,
      instantMs,
      readAtMs: reading.atMs,
      quality: reading.atMs - instantMs <= MEASURED_WITHIN_MS ? 'measured' : 'late',
      source: reading.source,
      registers,
      balanceMinor: reading.balanceMinor,
      purchaseCount: reading.values.purchaseCount,
    });
    const excess = this.#waiting.length - REGISTERS_WAITING_MAX;
    if (excess <= 0) return;
    this.#waiting.splice(0, excess);
    this.#dropped += excess;
  }

  /** Stores what waits. Rejects when Postgres cannot. */
  flush(): Promise<void> {
    return this.#flushing.runNow();
  }

  async close(): Promise<void> {
    await this.#flushing.stop();
    await this.#drain().catch((error: Error) =>
      this.#log.error('registers were lost at the stop', { reason: error.message, rows: this.#waiting.length }),
    );
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.slice(0, ROWS_A_STATEMENT_MAX);
      const droppedBefore = this.#dropped;
      this.#stored += await insertRegisters(this.#db, rows);
      this.#waiting.splice(0, Math.max(0, rows.length - (this.#dropped - droppedBefore)));
    }
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
