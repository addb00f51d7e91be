import type { Clock } from '#drivers/core/index.ts';
import type { Log } from '../log.ts';
import type { Spool } from '../spool/index.ts';
import { decodeBatch, encodeBatch } from './batchCodec.ts';
import { BatchQueue } from './batchQueue.ts';
import type { TelemetryBatch, TelemetryStore } from './store.ts';
import { StoreHealth } from './storeHealth.ts';
import type { TelemetryFigures } from './types.ts';

/** A batch that the store has not taken within this time goes to the disk as well: a kill must not find it in memory. */
const PATIENCE_MS = 1_000;
/** What waits on disk is written for so long at a time. The pause between (telemetry.ts) leaves room for live readings. */
const DRAIN_MS = 500;

export interface TelemetryWriterDeps {
  readonly store: TelemetryStore;
  readonly spool: Spool | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Brings batches to the store while it answers and to the disk while it does not. From the disk they follow oldest
 * first, beside the live ones. A batch may be written twice; for a store that is once.
 */
export class TelemetryWriter {
  readonly #deps: TelemetryWriterDeps;
  readonly #health: StoreHealth;
  readonly #queue = new BatchQueue();
  #written = 0;
  #refused = 0;
  #undecodable = 0;
  /** The store has not answered a batch that is on the disk already. */
  #slow = false;

  constructor(deps: TelemetryWriterDeps) {
    this.#deps = deps;
    this.#health = new StoreHealth(deps.clock, deps.log);
  }

  push(batch: TelemetryBatch): void {
    this.#queue.push(batch);
  }

  /** Why nothing can be written just now; undefined while all is well. */
  get trouble(): Error | undefined {
    if (this.#health.isUp) return undefined;
    return this.#health.error ?? new Error('the telemetry store does not answer');
  }

  /** Hands on everything that is in memory. What neither the store nor the disk takes stays there. */
  async keep(): Promise<void> {
    while (!this.#queue.isEmpty) {
      const batch = this.#queue.take();
      if (this.#writesDirectly() && (await this.#writeDirectly(batch))) continue;
      if (await this.#putOnDisk(batch)) continue;
      this.#queue.putBack(batch);
      return;
    }
  }

  /** Writes what waits on disk, for a while. Rejects when the store does not take it. */
  async drain(): Promise<void> {
    const { spool, clock } = this.#deps;
    if (spool === undefined || spool.figures().records === 0 || this.#slow || !this.#health.mayTry) return;
    const untilMs = clock.monotonicMs() + DRAIN_MS;
    do {
      const record = await spool.peek();
      if (record === undefined) return;
      const batch = decodeBatch(record);
      if (batch === undefined) this.#skip(record);
      else await this.#write(batch, (refused) => this.#count(batch, refused));
      await spool.shift();
    } while (clock.monotonicMs() < untilMs);
  }

  /** The next try may be at once. */
  forgive(): void {
    this.#health.forgive();
  }

  figures(): TelemetryFigures {
    const spool = this.#deps.spool?.figures();
    return {
      queued: this.#queue.points,
      written: this.#written,
      dropped: this.#queue.droppedPoints + this.#undecodable + (spool?.droppedItems ?? 0),
      refused: this.#refused,
      failures: this.#health.failures,
      spool,
      storeDownSinceMs: this.#health.downSinceMs,
    };
  }

  /** While the store is away, what is on the disk is asked first, since it comes first. */
  #writesDirectly(): boolean {
    if (this.#slow || !this.#health.mayTry) return false;
    return this.#health.isUp || (this.#deps.spool?.figures().records ?? 0) === 0;
  }

  /** True when the store has the batch, or the disk has it because the store takes its time. */
  async #writeDirectly(batch: TelemetryBatch): Promise<boolean> {
    const { clock } = this.#deps;
    let handedOver = false;
    let answered: number | undefined;
    const writing = this.#write(batch, (refused) => {
      answered = refused;
      // From here on it is counted when it comes from the disk.
      if (!handedOver) this.#count(batch, refused);
    }).then(
      () => 'written' as const,
      () => 'failed' as const,
    );
    const patience = Promise.withResolvers<'slow'>();
    const timer = clock.after(PATIENCE_MS, () => patience.resolve('slow'));
    const outcome = await Promise.race([writing, patience.promise]);
    timer.cancel();
    if (outcome !== 'slow') return outcome === 'written';
    // The answer came with the end of the patience.
    if (answered !== undefined) return true;
    handedOver = true;
    if (!(await this.#putOnDisk(batch))) {
      const written = (await writing) === 'written';
      if (written) this.#count(batch, answered ?? 0);
      return written;
    }
    this.#slow = true;
    this.#health.slow();
    void writing.then(() => {
      this.#slow = false;
    });
    return true;
  }

  async #write(batch: TelemetryBatch, written: (refused: number) => void): Promise<void> {
    try {
      const refused = await this.#deps.store.write(batch);
      this.#health.succeeded();
      written(refused);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#health.failed(reason);
      throw reason;
    }
  }

  #count({ points }: TelemetryBatch, refused: number): void {
    this.#written += points.length - refused;
    this.#refused += refused;
  }

  async #putOnDisk(batch: TelemetryBatch): Promise<boolean> {
    const { spool, log } = this.#deps;
    if (spool === undefined) return false;
    try {
      await spool.append(encodeBatch(batch), batch.points.length);
      return true;
    } catch (error) {
      log.error('telemetry could not be put on the disk', { error, points: batch.points.length });
      return false;
    }
  }

  #skip(record: Uint8Array): void {
    this.#undecodable += 1;
    this.#deps.log.error('what waited on disk was written by another release and is left out', {
      bytes: record.byteLength,
    });
  }
}
