import { deserialize, serialize } from 'node:v8';
import type { Clock } from '#drivers/core/index.ts';
import type { Log } from '../log.ts';
import { repeat } from '../repeat.ts';
import { within } from '../within.ts';
import { openSpool } from './spool.ts';
import type { Spool, SpoolFigures } from './types.ts';

/** What the store did not take within so long goes to the disk. */
const SPILL_AFTER_MS = 1_000;
const SPILL_EVERY_MS = 500;
/** While the store is away it is asked this often. */
const RETRY_MS_MAX = 5_000;
/** A stop waits so long for the store; then what is left goes to the disk. */
const CLOSE_MS_MAX = 2_000;

export interface StoreQueueOptions<T> {
  /** Of the log lines: "registers". */
  readonly what: string;
  readonly dir: string;
  /** On the disk. */
  readonly maxBytes: number;
  /** In memory, while the disk fails too. Beyond it the oldest go, counted. */
  readonly itemsMax: number;
  /** For the store at once. */
  readonly batchMax: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Stores all or none; the same items may come again, so once in effect. */
  store(items: readonly T[]): Promise<void>;
  /** Is this error the items' fault and not the store's? */
  refuses(error: unknown): boolean;
}

export interface StoreQueueFigures {
  /** In memory and on the disk. */
  readonly waiting: number;
  /** Because memory, or the disk, was full. */
  readonly dropped: number;
  /** The store will never take them. */
  readonly refused: number;
  readonly spool: SpoolFigures | undefined;
}

/** Things on their way to a store, in order: for a second in memory, on the disk while the store is away. */
export interface StoreQueue<T> {
  /** Opens the folder and tries to store what a former process left, before anything new. */
  open(): Promise<void>;
  push(item: T): void;
  /** Stores what waits. Rejects when the store cannot; what was not stored keeps waiting. */
  flush(): Promise<void>;
  figures(): StoreQueueFigures;
  /** Stores what it can in two seconds; the rest is on the disk for the next start. Idempotent. */
  close(): Promise<void>;
}

export function createStoreQueue<T>(options: StoreQueueOptions<T>): StoreQueue<T> {
  return new SpooledQueue(options);
}

class SpooledQueue<T> implements StoreQueue<T> {
  readonly #options: StoreQueueOptions<T>;
  #spool: Spool | undefined;
  #repetitions: readonly ReturnType<typeof repeat>[] = [];
  #items: T[] = [];
  /** How many ever left `#items`: a batch ends at a number, so that what left meanwhile is not taken away twice. */
  #gone = 0;
  /** Monotonic; since when there is something in memory. */
  #waitingSinceMs = 0;
  #dropped = 0;
  #refused = 0;
  #closing: Promise<void> | undefined;

  constructor(options: StoreQueueOptions<T>) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { dir, maxBytes, everyMs, clock, log, what } = this.#options;
    this.#spool = await openSpool({ dir, maxBytes, log });
    await this.flush().catch((error: Error) => log.warn(`${what} of a former start wait`, { reason: error.message }));
    this.#repetitions = [
      repeat(clock, {
        everyMs,
        retryMsMax: Math.max(RETRY_MS_MAX, everyMs),
        work: () => this.#deliver(),
        failed: (error) =>
          log.warn(`${what} wait, they cannot be stored`, { reason: error.message, waiting: this.figures().waiting }),
      }),
      repeat(clock, {
        everyMs: SPILL_EVERY_MS,
        work: () => this.#spillIfOld(),
        failed: (error) => log.error(`${what} wait in memory, the disk fails`, { reason: error.message }),
      }),
    ];
  }

  push(item: T): void {
    if (this.#items.length === 0) this.#waitingSinceMs = this.#options.clock.monotonicMs();
    this.#items.push(item);
    const excess = this.#items.length - this.#options.itemsMax;
    if (excess <= 0) return;
    this.#forget(this.#gone + excess);
    this.#dropped += excess;
  }

  flush(): Promise<void> {
    return this.#repetitions[0]?.runNow() ?? this.#deliver();
  }

  figures(): StoreQueueFigures {
    const spool = this.#spool?.figures();
    return {
      waiting: this.#items.length + (spool?.items ?? 0),
      dropped: this.#dropped + (spool?.droppedItems ?? 0),
      refused: this.#refused,
      spool,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, log, what } = this.#options;
    const [delivering, spilling] = this.#repetitions;
    // A store that hangs must not keep us: what it was given goes to the disk as well.
    const delivered = (delivering?.stop() ?? Promise.resolve()).then(() => this.#deliver());
    await within(clock, CLOSE_MS_MAX, delivered).catch(() => undefined);
    await spilling?.stop();
    await this.#spill().catch((error: Error) =>
      log.error(`${what} were lost at the stop`, { reason: error.message, items: this.#items.length }),
    );
    const { waiting } = this.figures();
    if (waiting > 0) log.warn(`${what} wait on the disk for the next start`, { waiting });
    await this.#spool?.close();
  }

  /** The disk first: what is there is older than what is in memory. */
  async #deliver(): Promise<void> {
    for (;;) {
      const record = await this.#spool?.peek();
      if (record !== undefined) {
        await this.#store(this.#decode(record));
        await this.#spool?.shift();
        continue;
      }
      if (this.#items.length === 0) return;
      const batch = this.#items.slice(0, this.#options.batchMax);
      const end = this.#gone + batch.length;
      await this.#store(batch);
      this.#forget(end);
      this.#waitingSinceMs = this.#options.clock.monotonicMs();
    }
  }

  /** One bad item must not take the others along: a batch that is refused is tried in halves. */
  async #store(items: readonly T[]): Promise<void> {
    if (items.length === 0) return;
    try {
      await this.#options.store(items);
    } catch (error) {
      if (!this.#options.refuses(error)) throw error;
      if (items.length === 1) {
        this.#refused += 1;
        this.#options.log.error(`the store refuses one of the ${this.#options.what}`, { error });
        return;
      }
      const half = Math.ceil(items.length / 2);
      await this.#store(items.slice(0, half));
      await this.#store(items.slice(half));
    }
  }

  async #spillIfOld(): Promise<void> {
    const { clock } = this.#options;
    if (this.#items.length > 0 && clock.monotonicMs() - this.#waitingSinceMs >= SPILL_AFTER_MS) await this.#spill();
  }

  async #spill(): Promise<void> {
    while (this.#spool !== undefined && this.#items.length > 0) {
      const batch = this.#items.slice(0, this.#options.batchMax);
      const end = this.#gone + batch.length;
      await this.#spool.append(serialize(batch), batch.length);
      this.#forget(end);
    }
  }

  /** All up to the number `end` left memory. */
  #forget(end: number): void {
    const count = Math.max(0, end - this.#gone);
    this.#items.splice(0, count);
    this.#gone += count;
  }

  #decode(record: Uint8Array): readonly T[] {
    try {
      const items: T[] = deserialize(record);
      return items;
    } catch (error) {
      this.#options.log.error(`a record of ${this.#options.what} cannot be read`, { error });
      this.#refused += 1;
      return [];
    }
  }
}
