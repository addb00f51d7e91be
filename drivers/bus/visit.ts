import { type Block, type BlockData, EXCEPTION_NAMES } from '#drivers/codec/index.ts';
import { commError, type PurseRead, type Reading, type ReadingSource, type ReadOutcome } from '#drivers/core/index.ts';
import { type Answer, type Errand, type ErrandOutcome, type ErrandStep, MAX_PROBES } from './errand.ts';
import type { Framing, ReadCall } from './framing.ts';
import { otherLengths } from './planner.ts';
import type { PolledMeter } from './polledMeter.ts';
import { PRIORITY, type Priority } from './priority.ts';

/** Frames that came damaged are asked once more within the visit; the next time the meter is left alone. */
export const MAX_QUICK_RETRIES = 1;
/** Frames of a read-back that are asked once more, damaged or unanswered: a command's outcome hangs on each. */
export const MAX_READ_BACK_RETRIES = 2;
/** Modbus exception 02, illegal data address. */
const ILLEGAL_ADDRESS = 2;

/** What those are told who wait for a visit. `purse` only where it was asked for. */
export type Told =
  | { readonly ok: true; readonly reading: Reading; readonly purse?: PurseRead }
  | Extract<ReadOutcome, { ok: false }>;

/** Makes of a visit's end what those who wait are told. Must not throw. */
export type OnVisit = (visit: Visit, outcome: ErrandOutcome) => Told;

const AGAIN: ErrandStep = { kind: 'again' };
const FINISHED: ErrandStep = { kind: 'finished' };
const SILENT: ErrandStep = { kind: 'failed', error: commError('timeout', 'no answer before the deadline') };
const GONE: Told = { ok: false, error: commError('cancelled', 'the meter was taken off the line') };

/** One visit to read one meter: the blocks still to be read and those read. */
export class Visit implements Errand {
  readonly polled: PolledMeter;
  readonly priority: Priority;
  readonly source: ReadingSource;
  readonly read: BlockData[] = [];
  atMs: number | undefined;
  /** Who asked for the visit and waits for its outcome; polls have nobody. */
  #waiters: ((told: Told) => void)[] | undefined;
  readonly #onVisit: OnVisit;
  #blocks: readonly Block[];
  /** What was asked for the first of the blocks: itself, or as much in another length. */
  #asked: Block | undefined;
  #probing = false;
  #probes = 0;
  #retries = 0;

  constructor(
    polled: PolledMeter,
    priority: Priority,
    source: ReadingSource,
    blocks: readonly Block[],
    onVisit: OnVisit,
  ) {
    this.polled = polled;
    this.priority = priority;
    this.source = source;
    this.#blocks = blocks;
    this.#onVisit = onVisit;
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

  arrived(answer: Answer): ErrandStep {
    switch (answer.kind) {
      case 'damaged':
        if (this.#mayRetry(MAX_QUICK_RETRIES)) return AGAIN;
        return { kind: 'failed', error: commError(answer.error, 'the answer came damaged, twice') };
      case 'exception':
        return this.#probing ? this.#probed(answer.code) : this.#refused(answer.code);
      case 'written':
        return { kind: 'failed', error: commError('frame', 'a read was answered like a write') };
      case 'registers':
        if (this.#probing) return this.#probed(undefined);
        return this.#took(answer.data);
    }
  }

  silent(): ErrandStep {
    return this.#mayRetry(0) ? AGAIN : SILENT;
  }

  end(outcome: ErrandOutcome): void {
    const told = this.polled.removed ? GONE : this.#onVisit(this, outcome);
    if (this.#waiters !== undefined) for (const waiter of this.#waiters) waiter(told);
  }

  /** Tells one more when the visit has ended. */
  join(waiter: (told: Told) => void): void {
    this.#waiters ??= [];
    this.#waiters.push(waiter);
  }

  #mayRetry(most: number): boolean {
    this.#retries += 1;
    return this.#retries <= (this.priority === PRIORITY.readBack ? MAX_READ_BACK_RETRIES : most);
  }

  /** Any answer to a probe is one: the meter lives and has settled its debts. */
  #probed(code: number | undefined): ErrandStep {
    this.#probes += 1;
    if (this.#probes < MAX_PROBES) return AGAIN;
    return {
      kind: 'failed',
      error: commError('frame', `answers ${code === undefined ? 'probes' : `probes with exception ${code}`} only`),
    };
  }

  #refused(code: number): ErrandStep {
    const [block, ...rest] = this.#blocks;
    if (code === ILLEGAL_ADDRESS && block !== undefined) {
      this.#blocks = [...this.polled.refuse(block), ...rest];
      if (this.#blocks.length > 0) return AGAIN;
      if (this.read.length > 0) return FINISHED;
      this.polled.forgetRefusals();
    }
    return { kind: 'failed', error: commError('exception', EXCEPTION_NAMES[code] ?? `exception ${code}`, code) };
  }

  #took(data: Uint8Array): ErrandStep {
    const last = this.#blocks.length <= 1;
    // The bytes hold until the next ones come; what more is to come for has to be kept.
    if (this.#asked !== undefined)
      this.read.push({ start: this.#asked.start, count: this.#asked.count, data: last ? data : new Uint8Array(data) });
    this.#blocks = this.#blocks.slice(1);
    return last ? FINISHED : AGAIN;
  }
}
