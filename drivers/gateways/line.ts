import {
  blamesMeter,
  type Framing,
  frameSilenceMs,
  LineBus,
  MbapFraming,
  RtuFraming,
  type Visit,
  type VisitOutcome,
} from '#drivers/bus/index.ts';
import {
  type Chance,
  type Clock,
  type CommandOutcome,
  commError,
  type Line,
  type LineConfig,
  type LineHealth,
  type LineMeter,
  type LineSink,
  type PurseOutcome,
  type ReadingSource,
  type ReadOutcome,
  type Transport,
} from '#drivers/core/index.ts';
import { transportFor } from '#drivers/transports/index.ts';
import { Reader } from './reader.ts';

export interface LineDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly sink: LineSink;
  /** How to reach the line; by default what its settings say. */
  readonly transport?: Transport;
}

/** A line that polls its meters and tells the sink. Nothing happens before `start`. */
export function createLine(config: LineConfig, deps: LineDeps): Line {
  return new PollingLine(config, deps);
}

class PollingLine implements Line {
  #config: LineConfig;
  #link = { up: false, reason: 'not started', sinceMs: 0 };
  #stopped = false;
  /** Monotonic, so that a clock that is stepped does not change how long the counters have run. */
  readonly #startedMs: number;
  readonly #deps: LineDeps;
  readonly #framing: Framing;
  readonly #bus: LineBus;
  readonly #reader: Reader;

  constructor(config: LineConfig, deps: LineDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#link.sinceMs = deps.clock.nowMs();
    this.#startedMs = deps.clock.monotonicMs();
    this.#framing = config.transport.kind === 'modbus-tcp' ? new MbapFraming() : new RtuFraming();
    this.#reader = new Reader(deps.clock, config.timeZone);
    this.#bus = new LineBus({
      clock: deps.clock,
      chance: deps.chance,
      transport: deps.transport ?? transportFor(config),
      framing: this.#framing,
      serial: config.serial,
      responseTimeoutMs: config.responseTimeoutMs,
      pauseMs: pauseMs(config),
      onVisit: (visit, outcome) => this.#visited(visit, outcome),
      onLink: (up, reason) => this.#linkChanged(up, reason),
    });
    this.#reader.setMeters(config.meters);
    this.#bus.setMeters(config.meters);
  }

  get config(): LineConfig {
    return this.#config;
  }

  start(): void {
    this.#bus.start();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#bus.stop();
    return Promise.resolve();
  }

  setMeters(meters: readonly LineMeter[]): void {
    this.#config = { ...this.#config, meters };
    this.#reader.setMeters(meters);
    this.#bus.setMeters(meters);
  }

  readNow(meterId: number, source: ReadingSource): Promise<ReadOutcome> {
    const polled = this.#bus.meters.find(({ meter }) => meter.meterId === meterId);
    if (this.#stopped || polled === undefined) {
      const message = this.#stopped ? 'the line was stopped' : 'no such meter on this line';
      return Promise.resolve({ ok: false, error: commError('cancelled', message) });
    }
    return new Promise((resolve) => {
      this.#bus.readNow(polled, source, resolve);
    });
  }

  execute(): Promise<CommandOutcome> {
    return Promise.resolve({ sent: false, error: commError('cancelled', 'this line does not write yet') });
  }

  readPurse(): Promise<PurseOutcome> {
    return Promise.resolve({ ok: false, error: commError('cancelled', 'this line reads no purse yet') });
  }

  get cycleMs(): number | undefined {
    return this.#bus.rounds.lastMs;
  }

  health(): LineHealth {
    const { counters, link, rounds, meters } = this.#bus;
    const { clock } = this.#deps;
    const wallOffsetMs = clock.nowMs() - clock.monotonicMs();
    const { lineId, gatewayId, serial, responseTimeoutMs, turnaroundMs } = this.#config;
    const each = meters.map((polled) => polled.health(wallOffsetMs, serial));
    return {
      ...counters,
      lineId,
      gatewayId,
      startedMs: Math.round(this.#startedMs + wallOffsetMs),
      serial,
      responseTimeoutMs,
      turnaroundMs,
      link: link.state,
      linkSinceMs: this.#link.sinceMs,
      linkReason: this.#link.reason,
      cycleMs: rounds.lastMs,
      cycleLimitMs: each.reduce((sum, { limitMs }) => sum + limitMs, 0),
      lateReplies: this.#framing.lateReplies,
      reconnects: link.reconnects,
      queueDepth: this.#bus.waitingCount(),
      quarantined: this.#bus.failingCount,
      meters: each,
    };
  }

  /** Decodes, judges and tells; the result is also what a waiting `readNow` is told. */
  #visited({ polled, source }: Visit, outcome: VisitOutcome): ReadOutcome {
    const { meter } = polled;
    const { sink } = this.#deps;
    if (outcome.ok) {
      const reading = this.#reader.read(polled, source, outcome);
      if (!this.#stopped) sink.reading(reading);
      return { ok: true, reading };
    }
    const { error, atMs } = outcome;
    if (!this.#stopped && blamesMeter(error)) sink.meterFailed(meter.meterId, error, polled.consecutiveFailures, atMs);
    return { ok: false, error };
  }

  #linkChanged(up: boolean, reason: string): void {
    if (this.#stopped) return;
    const atMs = this.#deps.clock.nowMs();
    // Since when concerns the link, not what is said of it.
    const sinceMs = up === this.#link.up ? this.#link.sinceMs : atMs;
    this.#link = { up, reason, sinceMs };
    this.#deps.sink.lineLink(this.#config.lineId, up, reason, atMs);
  }
}

/**
 * Silence to keep before the next request. A local port needs t3.5 on top of the meters' own turnaround; a gateway has
 * its own clock on the bus and hands a reply over only once silence has ended it, so over TCP t3.5 has already passed.
 */
function pauseMs({ transport, serial, turnaroundMs }: LineConfig): number {
  return transport.kind === 'serial' ? turnaroundMs + frameSilenceMs(serial) : turnaroundMs;
}
