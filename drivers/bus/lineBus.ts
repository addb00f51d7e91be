import {
  type Chance,
  type Clock,
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
import { blamesMeter, PolledMeter } from './polledMeter.ts';
import { PRIORITY } from './priority.ts';
import { whoseTurn } from './rotation.ts';
import { RoundClock } from './roundClock.ts';
import { READ_REQUEST_BYTES, readReplyBytes, transmitMs } from './timing.ts';
import { Visit, type VisitOutcome } from './visit.ts';
import { VisitQueue } from './visitQueue.ts';

/** A line on which nobody has said a byte for this long is connected anew, in case only the gateway's side is alive. */
export const SILENT_REFRESH_MS = 60_000;

/** With a single meter, its silence and its bus's cannot be told apart: the meter is blamed. */
const SILENT_METERS_MIN = 2;

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

/** The frame in flight. */
interface Flight {
  readonly visit: Visit;
  readonly sentMs: number;
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
  /** Everybody is silent although the gateway accepts. */
  silent = false;
  #meters: readonly PolledMeter[] = [];
  #flight: Flight | undefined;
  #readyMs = 0;
  #heardMs = 0;
  #refreshing = false;
  /** Place of this line among others in [0, 1): lines with as many meters do not all ask at the same instant. */
  readonly #phase: number;
  readonly #deps: LineBusDeps;
  readonly #deadline: Alarm;
  readonly #wake: Alarm;

  constructor(deps: LineBusDeps) {
    this.#deps = deps;
    this.#phase = deps.chance();
    this.#deadline = new Alarm(deps.clock, () => this.#expired());
    this.#wake = new Alarm(deps.clock, () => this.#pump());
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
    return this.#meters;
  }

  start(): void {
    this.link.start();
  }

  /** Ends everything at once; visits that wait end as cancelled. */
  stop(): void {
    this.link.stop();
    this.#deadline.stop();
    this.#wake.stop();
    const flying = this.#flight?.visit;
    this.#flight = undefined;
    const waiting = this.queue.drain(() => true);
    for (const visit of flying === undefined ? waiting : [flying, ...waiting])
      this.#end(visit, 'cancelled', 'the line was stopped');
  }

  /** Replaces the meters. Those that stay keep their account; the connection is not touched. */
  setMeters(meters: readonly LineMeter[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const before = new Map(this.#meters.map((polled) => [polled.meter.meterId, polled]));
    this.#meters = meters.map((meter, index) => {
      const phase = (index + this.#phase) / meters.length;
      const polled = before.get(meter.meterId);
      if (polled === undefined || !polled.isSameDevice(meter)) return new PolledMeter(meter, phase, nowMs);
      before.delete(meter.meterId);
      polled.reconfigure(meter, phase, nowMs);
      return polled;
    });
    for (const gone of before.values()) gone.removed = true;
    for (const visit of this.queue.drain(({ polled }) => polled.removed))
      this.#end(visit, 'cancelled', 'the meter was taken off the line');
    this.rounds.restart();
    this.#pump();
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
    else this.#pump();
  }

  /** Meters in back-off. */
  failingCount(): number {
    let count = 0;
    for (const polled of this.#meters) if (polled.failing) count += 1;
    return count;
  }

  /** Visits that wait and meters that are due. */
  waitingCount(): number {
    const nowMs = this.#deps.clock.monotonicMs();
    let due = 0;
    if (this.link.state === 'up') for (const polled of this.#meters) if (polled.dueMs() <= nowMs) due += 1;
    return this.queue.size + due;
  }

  /** Sends the next frame if the line is free and somebody is due, else sets the alarm for when that may be. */
  #pump(): void {
    if (this.#flight !== undefined || this.link.state !== 'up') return;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < this.#readyMs) {
      this.#wake.set(this.#readyMs);
      return;
    }
    const visit = this.queue.take() ?? this.#nextDue(nowMs);
    if (visit !== undefined) this.#send(visit, nowMs);
  }

  /** A visit to the meter whose turn it is; without one the alarm is set for when there will be. */
  #nextDue(nowMs: number): Visit | undefined {
    const { polled, live, wakeMs } = whoseTurn(this.#meters, nowMs);
    if (polled === undefined) {
      if (wakeMs !== undefined) this.#wake.set(wakeMs);
      return undefined;
    }
    const { purposes, overruns } = polled.takeDue(nowMs);
    this.counters.overruns += overruns;
    const source = purposes.includes('registers') ? 'registers' : 'live';
    return new Visit(polled, live ? PRIORITY.livePoll : PRIORITY.registerPoll, source, polled.plan(purposes));
  }

  #send(visit: Visit, nowMs: number): void {
    const { clock, framing, serial, responseTimeoutMs } = this.#deps;
    const call = visit.nextCall(framing);
    if (call === undefined) {
      // Nothing is left to ask for this purpose: the meter has refused it all before.
      this.#flight = undefined;
      this.#end(visit, 'exception', 'the meter refuses every register asked for');
      visit.polled.forgetRefusals();
      this.#pump();
      return;
    }
    visit.atMs ??= clock.nowMs();
    this.#flight = { visit, sentMs: nowMs };
    this.counters.requests += 1;
    const wireMs = transmitMs(READ_REQUEST_BYTES + readReplyBytes(call.count), serial);
    this.#deadline.set(nowMs + wireMs + responseTimeoutMs);
    this.link.write(framing.ask(call));
  }

  #received(bytes: Uint8Array): void {
    this.#heardMs = this.#deps.clock.monotonicMs();
    const arrival = this.#deps.framing.push(bytes);
    if (arrival === undefined || this.#flight === undefined) return;
    if (arrival.kind === 'lost') this.link.fail(arrival.reason);
    else this.#settle(this.#flight, arrival, this.#heardMs);
  }

  #settle(flight: Flight, arrival: Exclude<Arrival, { kind: 'lost' }>, nowMs: number): void {
    const { visit, sentMs } = flight;
    const { counters } = this;
    if (arrival.kind === 'damaged') {
      counters[arrival.error === 'crc' ? 'crcErrors' : 'frameErrors'] += 1;
      visit.polled.garbled(nowMs - sentMs);
    } else {
      counters.replies += 1;
      if (arrival.kind === 'exception') counters.exceptions += 1;
      this.link.proved();
      if (speaksForMeter(arrival)) this.#answered(visit.polled, nowMs - sentMs);
      else this.#lostTo(visit.polled, nowMs - sentMs);
    }
    const step = visit.arrived(arrival);
    this.#landed(flight, nowMs);
    if (step.kind === 'again') this.queue.resume(visit);
    else if (step.kind === 'finished') this.#account(visit, true, nowMs);
    else {
      this.#account(visit, blamesMeter(step.error) ? false : undefined, nowMs);
      if (!speaksForMeter(arrival)) this.#listenForSilence(nowMs);
    }
    // The next request goes out before the reading is worked on: the wire is the scarce thing.
    this.#pump();
    if (step.kind === 'finished')
      this.#tell(visit, {
        ok: true,
        blocks: visit.read,
        atMs: this.#atMs(visit),
        receivedMs: this.#deps.clock.nowMs(),
      });
    if (step.kind === 'failed') this.#tell(visit, { ok: false, error: step.error, atMs: this.#atMs(visit) });
  }

  /** The meter itself said something. */
  #answered(polled: PolledMeter, replyTimeMs: number): void {
    polled.answered(replyTimeMs, this.#deps.clock.nowMs());
    if (!this.silent) return;
    this.silent = false;
    this.#deps.onLink(true, 'somebody answers again');
  }

  /** The deadline of the frame in flight has passed. */
  #expired(): void {
    const flight = this.#flight;
    if (flight === undefined) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const kind = this.#deps.framing.giveUp();
    if (kind !== 'timeout') {
      this.#settle(flight, { kind: 'damaged', error: kind }, nowMs);
      return;
    }
    this.counters.timeouts += 1;
    this.#lostTo(flight.visit.polled, nowMs - flight.sentMs);
    this.#landed(flight, nowMs);
    this.#account(flight.visit, false, nowMs);
    this.#listenForSilence(nowMs);
    this.#pump();
    this.#tell(flight.visit, {
      ok: false,
      error: commError('timeout', 'no answer before the deadline'),
      atMs: this.#atMs(flight.visit),
    });
  }

  #lostTo(polled: PolledMeter, ms: number): void {
    polled.lostMs += ms;
    this.counters.lostToSilenceMs += ms;
  }

  /** The frame is off the wire: the line is free again after the pause. */
  #landed({ visit, sentMs }: Flight, nowMs: number): void {
    this.#flight = undefined;
    this.#deadline.clear();
    this.#readyMs = nowMs + this.#deps.pauseMs;
    this.counters.busyMs += this.#readyMs - sentMs;
    if (visit.priority >= PRIORITY.livePoll) this.rounds.spent(this.#readyMs - sentMs);
  }

  /** Books the visit with its meter. `succeeded` undefined: it says nothing about the meter. */
  #account({ polled, priority }: Visit, succeeded: boolean | undefined, nowMs: number): void {
    if (succeeded === true) polled.succeeded();
    if (succeeded === false) polled.failed(nowMs, this.#deps.chance);
    if (priority >= PRIORITY.livePoll) this.rounds.visited(polled, this.#meters.length - this.failingCount());
  }

  /** Connected, but nobody answers: say so, and now and then try a fresh connection. */
  #listenForSilence(nowMs: number): void {
    if (this.#meters.length === 0 || this.failingCount() < this.#meters.length) return;
    if (!this.silent && this.#meters.length >= SILENT_METERS_MIN) {
      this.silent = true;
      this.#deps.onLink(false, 'connected, but nobody answers');
    }
    if (nowMs - this.#heardMs < SILENT_REFRESH_MS) return;
    this.#heardMs = nowMs;
    this.#refreshing = true;
    this.link.refresh();
  }

  #linkUp(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#deps.framing.reconnected();
    if (this.#refreshing) this.#refreshing = false;
    else {
      this.#heardMs = nowMs;
      for (const polled of this.#meters) polled.restart(nowMs);
      this.rounds.restart();
      this.#deps.onLink(true, 'connected');
    }
    this.#pump();
  }

  #linkDown(reason: string): void {
    this.#refreshing = false;
    this.silent = false;
    this.#deadline.clear();
    const flying = this.#flight?.visit;
    this.#flight = undefined;
    this.#deps.framing.giveUp();
    this.#deps.onLink(false, reason);
    const waiting = this.queue.drain(() => true);
    for (const visit of flying === undefined ? waiting : [flying, ...waiting]) this.#end(visit, 'link', reason);
  }

  /** Ends a visit that came to nothing through no fault of the wire's. */
  #end(visit: Visit, kind: CommErrorKind, message: string): void {
    const error = commError(kind, message);
    if (blamesMeter(error)) this.#account(visit, false, this.#deps.clock.monotonicMs());
    this.#tell(visit, { ok: false, error, atMs: this.#atMs(visit) });
  }

  #tell(visit: Visit, outcome: VisitOutcome): void {
    const told = visit.polled.removed ? GONE : this.#deps.onVisit(visit, outcome);
    for (const waiter of visit.waiters) waiter(told);
  }

  #atMs(visit: Visit): number {
    return visit.atMs ?? this.#deps.clock.nowMs();
  }
}

/**
 * False when the gateway answers in the meter's place: exceptions 0A and 0B, path unavailable and target silent
 * (Modbus application protocol 1.1b3, 7).
 */
function speaksForMeter(arrival: Exclude<Arrival, { kind: 'lost' }>): boolean {
  return arrival.kind !== 'exception' || (arrival.code !== 10 && arrival.code !== 11);
}
