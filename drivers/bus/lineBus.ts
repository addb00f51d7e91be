import type { WriteRequest } from '#drivers/codec/index.ts';
import {
  type Chance,
  type Clock,
  type CommandOutcome,
  type CommErrorKind,
  commError,
  type LineMeter,
  type ReadingSource,
  type ReadUrgency,
  type SerialSettings,
  type Transport,
} from '#drivers/core/index.ts';
import { Alarm } from './alarm.ts';
import type { Answer, Errand } from './errand.ts';
import { ErrandQueue } from './errandQueue.ts';
import type { Framing } from './framing.ts';
import { Link } from './link.ts';
import { blamesMeter, type Failure, PolledMeter } from './polledMeter.ts';
import { PRIORITY } from './priority.ts';
import { Rotation } from './rotation.ts';
import { RoundClock } from './roundClock.ts';
import { callBytes, transmitMs } from './timing.ts';
import { type OnVisit, type Told, Visit } from './visit.ts';
import { NO_MODBUS, NOISE_LIMIT_BYTES, Way } from './way.ts';
import { Writing } from './writing.ts';

export interface LineBusDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly transport: Transport;
  readonly framing: Framing;
  readonly serial: SerialSettings;
  readonly responseTimeoutMs: number;
  /** Silence between an answer and the next request. */
  readonly pauseMs: number;
  /** Every visit's end, once, in order: of those that read the purse too, and of all others. */
  readonly onVisit: OnVisit;
  readonly onPurse: OnVisit;
  /** The way to the meters: connected and somebody answers, or not and why. */
  readonly onLink: (up: boolean, reason: string) => void;
}

/** Counters since creation; see LineHealth for their meaning. */
export interface BusCounters {
  requests: number;
  replies: number;
  timeouts: number;
  crcErrors: number;
  frameErrors: number;
  exceptions: number;
  overruns: number;
  busyMs: number;
  lostToSilenceMs: number;
}

/**
 * A command's read-back is asked for as soon as its answer is known. Polls wait so long for it: one that went first would
 * keep whoever waits for the outcome waiting for a whole read more.
 */
const READ_BACK_WITHIN_MS = 2;

/**
 * The scheduler of one line: one queue, one frame in flight, the next chosen by class and due time when the line is
 * free. A deadline starts with its frame, so waiting in the queue is never counted as silence. Without sockets.
 */
export class LineBus {
  readonly counters: BusCounters = {
    requests: 0,
    replies: 0,
    timeouts: 0,
    crcErrors: 0,
    frameErrors: 0,
    exceptions: 0,
    overruns: 0,
    busyMs: 0,
    lostToSilenceMs: 0,
  };
  readonly link: Link;
  readonly queue = new ErrandQueue();
  readonly rounds = new RoundClock();
  readonly #rotation = new Rotation();
  readonly #way: Way;
  /** The errand whose frame is on the wire, and since when. */
  #flying: Errand | undefined;
  #sentMs = 0;
  #readyMs = 0;
  #pollsFromMs = 0;
  #refreshing = false;
  /** Place of this line among others in [0, 1): lines with as many meters do not all ask at the same instant. */
  readonly #phase: number;
  readonly #deps: LineBusDeps;
  readonly #deadline: Alarm;
  readonly #wake: Alarm;

  constructor(deps: LineBusDeps) {
    this.#deps = deps;
    this.#phase = deps.chance();
    this.#way = new Way(deps.onLink);
    this.#deadline = new Alarm(deps.clock, () => this.#expired());
    this.#wake = new Alarm(deps.clock, () => this.#pump(deps.clock.monotonicMs()));
    this.link = new Link({
      transport: deps.transport,
      clock: deps.clock,
      chance: deps.chance,
      onUp: () => this.#linkUp(),
      onDown: (reason) => this.#linkDown(reason),
      onBytes: (bytes) => this.#received(bytes),
    });
  }

  get meters(): readonly PolledMeter[] {
    return this.#rotation.meters;
  }

  start(): void {
    this.link.start();
  }

  /** Ends everything at once; visits that wait end as cancelled. */
  stop(): void {
    this.link.stop();
    this.#deadline.stop();
    this.#wake.stop();
    this.#endAll('cancelled', 'the line was stopped');
  }

  /** Replaces the meters. Those that stay keep their account; the connection is not touched. */
  setMeters(meters: readonly LineMeter[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const before = new Map(this.meters.map((polled) => [polled.meter.meterId, polled]));
    const after = meters.map((meter, index) => {
      const phase = (index + this.#phase) / meters.length;
      const polled = before.get(meter.meterId);
      if (polled === undefined || !polled.isSameDevice(meter)) return new PolledMeter(meter, phase, nowMs);
      polled.reconfigure(meter, phase, nowMs);
      return polled;
    });
    this.#rotation.replace(after);
    for (const visit of this.queue.drain(({ polled }) => polled.removed))
      this.#end(visit, 'cancelled', 'the meter was taken off the line');
    this.rounds.restart();
    this.#pump(nowMs);
  }

  /** Reads a meter ahead of the polls. A request of a person for the same meter that already waits is joined. */
  readNow(polled: PolledMeter, source: ReadingSource, urgency: ReadUrgency, done: (told: Told) => void): void {
    const joined = urgency === 'readBack' ? undefined : this.queue.onDemand(polled, source);
    if (joined !== undefined) {
      joined.join(done);
      return;
    }
    const visit = new Visit(polled, PRIORITY[urgency], source, polled.planAll(), this.#deps.onVisit);
    visit.join(done);
    this.#begin(visit);
  }

  /** Reads everything and the prepaid side, as a read-back. */
  readPurse(polled: PolledMeter, done: (told: Told) => void): void {
    const visit = new Visit(polled, PRIORITY.readBack, 'onDemand', polled.planPurse(), this.#deps.onPurse);
    visit.join(done);
    this.#begin(visit);
  }

  /** Sends the frames of a command, each once. */
  write(polled: PolledMeter, frames: readonly WriteRequest[], done: (outcome: CommandOutcome) => void): void {
    this.#begin(new Writing(polled, frames, done));
  }

  #begin(errand: Errand): void {
    if (this.link.state === 'down') this.#end(errand, 'link', 'the gateway cannot be reached');
    else if (!this.queue.add(errand)) this.#end(errand, 'cancelled', 'too many requests wait for this line');
    else this.#pump(this.#deps.clock.monotonicMs());
  }

  /** Meters in back-off. */
  get failingCount(): number {
    return this.#rotation.failing;
  }

  /** Visits that wait and meters that are due. */
  waitingCount(): number {
    const due = this.link.state === 'up' ? this.#rotation.dueCount(this.#deps.clock.monotonicMs()) : 0;
    return this.queue.size + due;
  }

  /** Sends the next frame if the line is free and somebody is due, else sets the alarm for when that may be. */
  #pump(nowMs: number): void {
    if (this.#flying !== undefined || this.link.state !== 'up') return;
    if (nowMs < this.#readyMs) {
      this.#wake.set(this.#readyMs);
      return;
    }
    const errand = this.queue.take() ?? this.#nextDue(nowMs);
    if (errand !== undefined) this.#send(errand, nowMs);
  }

  /** A visit to the meter whose turn it is; without one the alarm is set for when there will be. */
  #nextDue(nowMs: number): Visit | undefined {
    if (nowMs < this.#pollsFromMs) {
      this.#wake.set(this.#pollsFromMs);
      return undefined;
    }
    const polled = this.#rotation.next(nowMs);
    if (polled === undefined) {
      const wakeMs = this.#rotation.wakeMs();
      if (wakeMs !== undefined) this.#wake.set(wakeMs);
      return undefined;
    }
    const { purposes, overruns } = polled.takeDue(nowMs);
    this.#rotation.moved(polled);
    this.counters.overruns += overruns;
    const source = purposes.includes('registers') ? 'registers' : 'live';
    const priority = purposes.includes('live') ? PRIORITY.livePoll : PRIORITY.registerPoll;
    return new Visit(polled, priority, source, polled.plan(purposes), this.#deps.onVisit);
  }

  #send(errand: Errand, nowMs: number): void {
    const { clock, framing, serial, responseTimeoutMs } = this.#deps;
    const call = errand.nextCall(framing);
    if (call === undefined) {
      // Nothing is left to ask for this purpose: the meter has refused it all before.
      this.#flying = undefined;
      this.#end(errand, 'exception', 'the meter refuses every register asked for');
      errand.polled.forgetRefusals();
      this.#pump(nowMs);
      return;
    }
    errand.atMs ??= clock.nowMs();
    this.#flying = errand;
    this.#sentMs = nowMs;
    this.counters.requests += 1;
    this.#deadline.set(nowMs + transmitMs(callBytes(call), serial) + responseTimeoutMs);
    this.link.write(framing.ask(call));
  }

  #received(bytes: Uint8Array): void {
    if (!this.#way.bears(bytes.length)) {
      this.link.fail(`${NO_MODBUS}: ${NOISE_LIMIT_BYTES} bytes without an answer among them`);
      return;
    }
    const arrival = this.#deps.framing.push(bytes);
    if (arrival?.kind === 'lost') this.link.fail(`${NO_MODBUS}: ${arrival.reason}`);
    else if (arrival !== undefined && this.#flying !== undefined)
      this.#settle(this.#flying, arrival, this.#deps.clock.monotonicMs());
  }

  #settle(errand: Errand, answer: Answer, nowMs: number): void {
    const tookMs = nowMs - this.#sentMs;
    const receivedMs = this.#deps.clock.nowMs();
    this.#book(errand.polled, answer, tookMs, receivedMs, nowMs);
    const step = errand.arrived(answer);
    this.#landed(errand, nowMs);
    if (step.kind === 'again') this.queue.resume(errand);
    else this.#account(errand, step.kind === 'finished' ? undefined : failureOf(answer), nowMs);
    // The next request goes out before the reading is worked on: the wire is the scarce thing.
    this.#pump(nowMs);
    const atMs = errand.atMs ?? receivedMs;
    if (step.kind === 'finished') errand.end({ ok: true, blocks: errand.read, atMs, receivedMs });
    if (step.kind === 'failed') errand.end({ ok: false, error: step.error, atMs });
  }

  /** Counts an answer, and what it says of the link and the way. */
  #book(polled: PolledMeter, arrival: Answer, tookMs: number, receivedMs: number, nowMs: number): void {
    const { counters } = this;
    if (arrival.kind === 'damaged') {
      counters[arrival.error === 'crc' ? 'crcErrors' : 'frameErrors'] += 1;
      polled.garbled(tookMs);
      return;
    }
    counters.replies += 1;
    if (arrival.kind === 'exception') counters.exceptions += 1;
    this.link.proved();
    this.#way.understood();
    if (failureOf(arrival) === 'silent') {
      this.#lostTo(polled, tookMs);
      return;
    }
    polled.answered(tookMs, receivedMs);
    if (this.#way.heard(nowMs)) this.#restartMeters(nowMs);
  }

  /** The deadline of the frame in flight has passed. */
  #expired(): void {
    const errand = this.#flying;
    if (errand === undefined) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const kind = this.#deps.framing.giveUp();
    if (kind !== 'timeout') {
      this.#settle(errand, { kind: 'damaged', error: kind }, nowMs);
      return;
    }
    this.counters.timeouts += 1;
    this.#lostTo(errand.polled, nowMs - this.#sentMs);
    const step = errand.silent();
    this.#landed(errand, nowMs);
    if (step.kind === 'again') this.queue.resume(errand);
    else this.#account(errand, 'silent', nowMs);
    this.#pump(nowMs);
    if (step.kind === 'failed') errand.end({ ok: false, error: step.error, atMs: errand.atMs ?? nowMs });
  }

  #lostTo(polled: PolledMeter, ms: number): void {
    polled.lostMs += ms;
    this.counters.lostToSilenceMs += ms;
  }

  /** The frame is off the wire: the line is free again after the pause. */
  #landed({ priority }: Errand, nowMs: number): void {
    this.#flying = undefined;
    this.#deadline.clear();
    this.#readyMs = nowMs + this.#deps.pauseMs;
    const heldMs = this.#readyMs - this.#sentMs;
    this.counters.busyMs += heldMs;
    if (priority >= PRIORITY.livePoll) this.rounds.spent(heldMs);
    if (priority === PRIORITY.command) this.#pollsFromMs = this.#readyMs + READ_BACK_WITHIN_MS;
  }

  /** Books the end of an errand with its meter, and what it says of the way. */
  #account({ polled, priority }: Errand, failure: Failure | undefined, nowMs: number): void {
    // What a meter answers to a command says nothing of how it is polled; that it is silent does.
    if (priority === PRIORITY.command && failure !== 'silent') return;
    if (failure === undefined) polled.succeeded();
    else polled.failed(failure, nowMs, this.#deps.chance);
    this.#rotation.moved(polled);
    if (priority >= PRIORITY.livePoll) this.rounds.visited(polled, this.meters.length - this.failingCount);
    if (failure === undefined || failure === 'refused' || polled.removed) return;
    if (!this.#way.unheard(failure, this.#rotation, nowMs)) return;
    this.#refreshing = true;
    this.link.refresh();
  }

  #linkUp(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#deps.framing.reconnected();
    if (this.#refreshing) this.#way.refreshed(nowMs);
    else {
      this.rounds.restart();
      this.#way.connected(this.meters.length, nowMs);
    }
    this.#refreshing = false;
    this.#restartMeters(nowMs);
    this.#pump(nowMs);
  }

  #linkDown(reason: string): void {
    this.#refreshing = false;
    this.#deadline.clear();
    this.#deps.framing.giveUp();
    this.#way.lost(reason);
    this.#endAll('link', reason);
  }

  /** The way was closed for everybody and is open, or tried, again: everybody is due. */
  #restartMeters(nowMs: number): void {
    for (const polled of this.meters) {
      polled.restart(nowMs);
      this.#rotation.moved(polled);
    }
  }

  #endAll(kind: CommErrorKind, message: string): void {
    const flying = this.#flying;
    this.#flying = undefined;
    const waiting = this.queue.drain(() => true);
    for (const errand of flying === undefined ? waiting : [flying, ...waiting]) this.#end(errand, kind, message);
  }

  /** Ends an errand that came to nothing through no fault of the wire's. */
  #end(errand: Errand, kind: CommErrorKind, message: string): void {
    const error = commError(kind, message);
    if (blamesMeter(error)) this.#account(errand, 'refused', this.#deps.clock.monotonicMs());
    errand.end({ ok: false, error, atMs: errand.atMs ?? this.#deps.clock.nowMs() });
  }
}

/**
 * What an errand has failed with that ends with this answer. Where the gateway answers in the meter's place, the meter
 * was silent: exceptions 0A and 0B, path unavailable and target silent (Modbus application protocol 1.1b3, 7).
 */
function failureOf(answer: Answer): Failure {
  if (answer.kind === 'damaged') return 'spoilt';
  return answer.kind === 'exception' && (answer.code === 10 || answer.code === 11) ? 'silent' : 'refused';
}
