import {
  type Chance,
  type Clock,
  type CommError,
  type CommErrorKind,
  commError,
  type LineMeter,
  type ReadingSource,
  type ReadOutcome,
  type SerialSettings,
  type Transport,
} from '#drivers/core/index.ts';
import { Alarm } from './alarm.ts';
import type { Arrival, Framing } from './framing.ts';
import { Link } from './link.ts';
import { blamesMeter, type Failure, PolledMeter } from './polledMeter.ts';
import { PRIORITY } from './priority.ts';
import { Rotation } from './rotation.ts';
import { RoundClock } from './roundClock.ts';
import { READ_REQUEST_BYTES, readReplyBytes, transmitMs } from './timing.ts';
import { Visit, type VisitOutcome } from './visit.ts';
import { VisitQueue } from './visitQueue.ts';
import { NO_MODBUS, NOISE_LIMIT_BYTES, Way } from './way.ts';

export interface LineBusDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly transport: Transport;
  readonly framing: Framing;
  readonly serial: SerialSettings;
  readonly responseTimeoutMs: number;
  /** Silence between an answer and the next request. */
  readonly pauseMs: number;
  /** Every visit's end, once, in order; makes of it what those who wait for the visit are told. Must not throw. */
  readonly onVisit: (visit: Visit, outcome: VisitOutcome) => ReadOutcome;
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

const GONE: ReadOutcome = { ok: false, error: commError('cancelled', 'the meter was taken off the line') };

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
  readonly queue = new VisitQueue();
  readonly rounds = new RoundClock();
  readonly #rotation = new Rotation();
  readonly #way: Way;
  /** The visit whose frame is on the wire, and since when. */
  #flying: Visit | undefined;
  #sentMs = 0;
  #readyMs = 0;
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

  /** Reads a meter ahead of the polls. A request for the same meter that already waits is joined. */
  readNow(polled: PolledMeter, source: ReadingSource, done: (outcome: ReadOutcome) => void): void {
    const waiting = this.queue.find(
      (visit) => visit.polled === polled && visit.priority === PRIORITY.onDemand && visit.source === source,
    );
    if (waiting !== undefined) {
      waiting.waiters.push(done);
      return;
    }
    const visit = new Visit(polled, PRIORITY.onDemand, source, polled.planAll());
    visit.waiters.push(done);
    if (this.link.state === 'down') this.#end(visit, 'link', 'the gateway cannot be reached');
    else if (!this.queue.add(visit)) this.#end(visit, 'cancelled', 'too many requests wait for this line');
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
    const visit = this.queue.take() ?? this.#nextDue(nowMs);
    if (visit !== undefined) this.#send(visit, nowMs);
  }

  /** A visit to the meter whose turn it is; without one the alarm is set for when there will be. */
  #nextDue(nowMs: number): Visit | undefined {
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
    return new Visit(polled, priority, source, polled.plan(purposes));
  }

  #send(visit: Visit, nowMs: number): void {
    const { clock, framing, serial, responseTimeoutMs } = this.#deps;
    const call = visit.nextCall(framing);
    if (call === undefined) {
      // Nothing is left to ask for this purpose: the meter has refused it all before.
      this.#flying = undefined;
      this.#end(visit, 'exception', 'the meter refuses every register asked for');
      visit.polled.forgetRefusals();
      this.#pump(nowMs);
      return;
    }
    visit.atMs ??= clock.nowMs();
    this.#flying = visit;
    this.#sentMs = nowMs;
    this.counters.requests += 1;
    const wireMs = transmitMs(READ_REQUEST_BYTES + readReplyBytes(call.count), serial);
    this.#deadline.set(nowMs + wireMs + responseTimeoutMs);
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

  #settle(visit: Visit, arrival: Answer, nowMs: number): void {
    const tookMs = nowMs - this.#sentMs;
    const receivedMs = this.#deps.clock.nowMs();
    this.#book(visit.polled, arrival, tookMs, receivedMs, nowMs);
    const step = visit.arrived(arrival);
    this.#landed(visit, nowMs);
    if (step.kind === 'again') this.queue.resume(visit);
    else this.#account(visit, step.kind === 'finished' ? undefined : failureOf(arrival), nowMs);
    // The next request goes out before the reading is worked on: the wire is the scarce thing.
    this.#pump(nowMs);
    const atMs = visit.atMs ?? receivedMs;
    if (step.kind === 'finished') this.#tell(visit, { ok: true, blocks: visit.read, atMs, receivedMs });
    if (step.kind === 'failed') this.#tell(visit, { ok: false, error: step.error, atMs });
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
    const visit = this.#flying;
    if (visit === undefined) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const kind = this.#deps.framing.giveUp();
    if (kind !== 'timeout') {
      this.#settle(visit, { kind: 'damaged', error: kind }, nowMs);
      return;
    }
    this.counters.timeouts += 1;
    this.#lostTo(visit.polled, nowMs - this.#sentMs);
    this.#landed(visit, nowMs);
    this.#account(visit, 'silent', nowMs);
    this.#pump(nowMs);
    this.#fail(visit, commError('timeout', 'no answer before the deadline'));
  }

  #lostTo(polled: PolledMeter, ms: number): void {
    polled.lostMs += ms;
    this.counters.lostToSilenceMs += ms;
  }

  /** The frame is off the wire: the line is free again after the pause. */
  #landed({ priority }: Visit, nowMs: number): void {
    this.#flying = undefined;
    this.#deadline.clear();
    this.#readyMs = nowMs + this.#deps.pauseMs;
    const heldMs = this.#readyMs - this.#sentMs;
    this.counters.busyMs += heldMs;
    if (priority >= PRIORITY.livePoll) this.rounds.spent(heldMs);
  }

  /** Books the end of a visit with its meter, and what it says of the way. */
  #account({ polled, priority }: Visit, failure: Failure | undefined, nowMs: number): void {
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
    for (const visit of flying === undefined ? waiting : [flying, ...waiting]) this.#end(visit, kind, message);
  }

  /** Ends a visit that came to nothing through no fault of the wire's. */
  #end(visit: Visit, kind: CommErrorKind, message: string): void {
    const error = commError(kind, message);
    if (blamesMeter(error)) this.#account(visit, 'refused', this.#deps.clock.monotonicMs());
    this.#fail(visit, error);
  }

  #fail(visit: Visit, error: CommError): void {
    this.#tell(visit, { ok: false, error, atMs: visit.atMs ?? this.#deps.clock.nowMs() });
  }

  #tell(visit: Visit, outcome: VisitOutcome): void {
    const told = visit.polled.removed ? GONE : this.#deps.onVisit(visit, outcome);
    for (const waiter of visit.waiters) waiter(told);
  }
}

/** An answer that ends a frame's flight. */
type Answer = Exclude<Arrival, { kind: 'lost' }>;

/**
 * What a visit has failed with that ends with this answer. Where the gateway answers in the meter's place, the meter
 * was silent: exceptions 0A and 0B, path unavailable and target silent (Modbus application protocol 1.1b3, 7).
 */
function failureOf(answer: Answer): Failure {
  if (answer.kind === 'damaged') return 'spoilt';
  return answer.kind === 'exception' && (answer.code === 10 || answer.code === 11) ? 'silent' : 'refused';
}
