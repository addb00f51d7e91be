import { EXCEPTION_NAMES, type WriteRequest } from '#drivers/codec/index.ts';
import { type CommandOutcome, commError, type Refusal } from '#drivers/core/index.ts';
import { type Answer, type Errand, type ErrandOutcome, type ErrandStep, MAX_PROBES } from './errand.ts';
import type { Call, Framing } from './framing.ts';
import type { PolledMeter } from './polledMeter.ts';
import { PRIORITY } from './priority.ts';

/**
 * Exceptions that are not the meter's no: 05 says that it is still at it, 0A and 0B come from the gateway, which cannot
 * know what the meter took (Modbus application protocol 1.1b3, 7).
 */
const SAYS_NOTHING: ReadonlySet<number> = new Set([5, 10, 11]);

/**
 * The frames of one command, each sent once. Nothing is ever sent again here: whether a command that was not answered
 * took effect is known only from a read, and deciding on that is not the line's business.
 */
export class Writing implements Errand {
  readonly polled: PolledMeter;
  readonly priority = PRIORITY.command;
  readonly read = [];
  atMs: number | undefined;
  readonly #frames: readonly WriteRequest[];
  readonly #done: (outcome: CommandOutcome) => void;
  #next = 0;
  #sent = false;
  #probing = false;
  #probes = 0;
  #refusal: CommandOutcome | undefined;

  constructor(polled: PolledMeter, frames: readonly WriteRequest[], done: (outcome: CommandOutcome) => void) {
    this.polled = polled;
    this.#frames = frames;
    this.#done = done;
  }

  /** The next frame; while an earlier write of the same function is not settled, a probe that settles it. */
  nextCall(framing: Framing): Call | undefined {
    const request = this.#frames[this.#next];
    if (request === undefined) return undefined;
    const { unitAddress: unit, model } = this.polled.meter;
    const write = { unit, function: request.function, request };
    this.#probing = !framing.mayAsk(write);
    if (this.#probing) {
      const start = model.spans[0]?.start ?? 0;
      return framing.probeFor({ unit, function: model.readFunction, start, count: 1 });
    }
    this.#sent = true;
    return write;
  }

  arrived(answer: Answer): ErrandStep {
    if (this.#probing) return this.#probed(answer);
    switch (answer.kind) {
      case 'written':
        this.#next += 1;
        return { kind: this.#next < this.#frames.length ? 'again' : 'finished' };
      case 'exception':
        return this.#refused(answer.code);
      case 'damaged':
        return { kind: 'failed', error: commError(answer.error, 'the answer came damaged') };
      case 'registers':
        return { kind: 'failed', error: commError('frame', 'a write was answered like a read') };
    }
  }

  silent(): ErrandStep {
    return { kind: 'failed', error: commError('timeout', 'no answer before the deadline') };
  }

  end(outcome: ErrandOutcome): void {
    this.#done(this.#outcomeOf(outcome));
  }

  #outcomeOf(outcome: ErrandOutcome): CommandOutcome {
    if (outcome.ok) return { sent: true, reply: 'accepted' };
    if (!this.#sent) return { sent: false, error: outcome.error };
    return this.#refusal ?? { sent: true, reply: 'none', error: outcome.error };
  }

  #probed(answer: Answer): ErrandStep {
    this.#probes += 1;
    if (answer.kind !== 'damaged' && this.#probes < MAX_PROBES) return { kind: 'again' };
    return { kind: 'failed', error: commError('frame', 'an earlier write is not settled: the meter answers no probe') };
  }

  #refused(code: number): ErrandStep {
    const error = commError('exception', EXCEPTION_NAMES[code] ?? `exception ${code}`, code);
    if (!SAYS_NOTHING.has(code)) {
      const why = this.polled.meter.model.purse?.refusals[code] ?? usualMeaning(code);
      this.#refusal = { sent: true, reply: 'refused', exceptionCode: code, why };
    }
    return { kind: 'failed', error };
  }
}

/** 01 and 02 say that there is no such function or register. */
function usualMeaning(code: number): Refusal {
  return code === 1 || code === 2 ? 'unsupported' : 'other';
}
