import { type Block, type BlockData, EXCEPTION_NAMES } from '#drivers/codec/index.ts';
import { type CommError, commError, type ReadingSource, type ReadOutcome } from '#drivers/core/index.ts';
import type { Arrival, Framing, ReadCall } from './framing.ts';
import { otherLengths } from './planner.ts';
import type { PolledMeter } from './polledMeter.ts';
import type { Priority } from './priority.ts';

/** Frames that came damaged are asked once more within the visit; the next time the meter is left alone. */
export const MAX_QUICK_RETRIES = 1;
/** Probes before a visit gives up on a meter that answers each with an exception (see RtuFraming). */
export const MAX_PROBES = 3;

/** Modbus exception 02, illegal data address. */
const ILLEGAL_ADDRESS = 2;

/** How a visit ended. `blocks` hold views of receive buffers: decode at once or copy. */
export type VisitOutcome =
  | { readonly ok: true; readonly blocks: readonly BlockData[]; readonly atMs: number; readonly receivedMs: number }
  | { readonly ok: false; readonly error: CommError; readonly atMs: number };

/** What an answer means for the visit it came to. */
export type VisitStep =
  | { readonly kind: 'again' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: CommError };

const AGAIN: VisitStep = { kind: 'again' };
const FINISHED: VisitStep = { kind: 'finished' };

/** One visit to one meter: the blocks still to be read and those read. Decides; sends nothing. */
export class Visit {
  readonly polled: PolledMeter;
  readonly priority: Priority;
  readonly source: ReadingSource;
  readonly read: BlockData[] = [];
  /** Wall time of the first request; undefined before it. */
  atMs: number | undefined;
  /** Who asked for the visit and waits for its outcome. */
  readonly waiters: ((outcome: ReadOutcome) => void)[] = [];
  #blocks: readonly Block[];
  /** What was asked for the first of the blocks: itself, or as much in another length. */
  #asked: Block | undefined;
  #probing = false;
  #probes = 0;
  #retries = 0;

  constructor(polled: PolledMeter, priority: Priority, source: ReadingSource, blocks: readonly Block[]) {
    this.polled = polled;
    this.priority = priority;
    this.source = source;
    this.#blocks = blocks;
  }

  /**
   * What to ask now; undefined when the plan is empty. Where the framing forbids the length, another that brings the
   * same; where there is none, a probe goes first.
   */
  nextCall(framing: Framing): ReadCall | undefined {
    const block = this.#blocks[0];
    if (block === undefined) return undefined;
    const whole = this.#callFor(block);
    this.#asked = block;
    this.#probing = false;
    if (framing.mayAsk(whole)) return whole;
    for (const other of otherLengths(this.polled.meter.model, block)) {
      const call = this.#callFor(other);
      if (!framing.mayAsk(call)) continue;
      this.#asked = other;
      return call;
    }
    this.#probing = true;
    return framing.probeFor(whole);
  }

  #callFor({ start, count }: Block): ReadCall {
    const { unitAddress, model } = this.polled.meter;
    return { unit: unitAddress, function: model.readFunction, start, count };
  }

  /** Takes the answer to the last call. */
  arrived(arrival: Exclude<Arrival, { kind: 'lost' }>): VisitStep {
    switch (arrival.kind) {
      case 'damaged':
        this.#retries += 1;
        return this.#retries <= MAX_QUICK_RETRIES
          ? AGAIN
          : { kind: 'failed', error: commError(arrival.error, 'the answer came damaged, twice') };
      case 'exception':
        return this.#probing ? this.#probed(arrival.code) : this.#refused(arrival.code);
      case 'registers':
        if (this.#probing) return this.#probed(undefined);
        return this.#took(arrival.data);
    }
  }

  /** Any answer to a probe is one: the meter lives and has settled its debts. */
  #probed(code: number | undefined): VisitStep {
    this.#probes += 1;
    if (this.#probes < MAX_PROBES) return AGAIN;
    return {
      kind: 'failed',
      error: commError('frame', `answers ${code === undefined ? 'probes' : `probes with exception ${code}`} only`),
    };
  }

  #refused(code: number): VisitStep {
    const [block, ...rest] = this.#blocks;
    if (code === ILLEGAL_ADDRESS && block !== undefined) {
      this.#blocks = [...this.polled.refuse(block), ...rest];
      if (this.#blocks.length > 0) return AGAIN;
      if (this.read.length > 0) return FINISHED;
      this.polled.forgetRefusals();
    }
    return { kind: 'failed', error: commError('exception', EXCEPTION_NAMES[code] ?? `exception ${code}`, code) };
  }

  #took(data: Uint8Array): VisitStep {
    const last = this.#blocks.length <= 1;
    // The bytes hold until the next ones come; what more is to come for has to be kept.
    if (this.#asked !== undefined)
      this.read.push({ start: this.#asked.start, count: this.#asked.count, data: last ? data : new Uint8Array(data) });
    this.#blocks = this.#blocks.slice(1);
    return last ? FINISHED : AGAIN;
  }
}
