import {
  blamesMeter,
  type ErrandOutcome,
  type Framing,
  frameSilenceMs,
  LineBus,
  MbapFraming,
  RtuFraming,
  type Told,
  type Visit,
} from '#drivers/bus/index.ts';
import { framesOf } from '#drivers/codec/index.ts';
import {
  type Chance,
  type Clock,
  type CommandOutcome,
  type CommError,
  commError,
  type Line,
  type LineConfig,
  type LineHealth,
  type LineMeter,
  type LineSink,
  type MeterCommand,
  type PurseOutcome,
  type ReadingSource,
  type ReadOutcome,
  type ReadUrgency,
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
      onPurse: (visit, outcome) => this.#pursed(visit, outcome),
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

  async readNow(meterId: number, source: ReadingSource, urgency: ReadUrgency = 'onDemand'): Promise<ReadOutcome> {
    const polled = this.#polled(meterId);
    if (polled === undefined) return { ok: false, error: this.#absent() };
    return new Promise((resolve) => {
      this.#bus.readNow(polled, source, urgency, resolve);
    });
  }

  async execute(meterId: number, command: MeterCommand): Promise<CommandOutcome> {
    const polled = this.#polled(meterId);
    if (polled === undefined) return { sent: false, error: this.#absent() };
    const said = framesOf(polled.meter.model, command, this.#reader.localMs);
    if (!said.ok) return { sent: false, error: commError('cancelled', said.message) };
    return new Promise((resolve) => {
      this.#bus.write(polled, said.frames, resolve);
    });
  }

  async readPurse(meterId: number): Promise<PurseOutcome> {
    const polled = this.#polled(meterId);
    if (polled === undefined) return { ok: false, error: this.#absent() };
    const told = await new Promise<Told>((resolve) => {
      this.#bus.readPurse(polled, resolve);
    });
    if (!told.ok) return told;
    if (told.purse !== undefined) return { ok: true, purse: told.purse };
    return { ok: false, error: commError('frame', `${polled.meter.model.name}: keeps no prepaid balance`) };
  }

  #polled(meterId: number): Visit['polled'] | undefined {
    return this.#stopped ? undefined : this.#bus.meters.find(({ meter }) => meter.meterId === meterId);
  }

  #absent(): CommError {
    return commError('cancelled', this.#stopped ? 'the line was stopped' : 'no such meter on this line');
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

  /** Decodes, judges and tells; the result is also what those are told who wait for the visit. */
  #visited({ polled, source }: Visit, outcome: ErrandOutcome): Told {
    const { sink } = this.#deps;
    if (outcome.ok) {
      const reading = this.#reader.read(polled, source, outcome);
      if (!this.#stopped) sink.reading(reading);
      return { ok: true, reading };
    }
    const { error, atMs } = outcome;
    if (!this.#stopped && blamesMeter(error))
      sink.meterFailed(polled.meter.meterId, error, polled.consecutiveFailures, atMs);
    return { ok: false, error };
  }

  /** The same with the prepaid side, where the meter has one. */
  #pursed(visit: Visit, outcome: ErrandOutcome): Told {
    const told = this.#visited(visit, outcome);
    if (!told.ok || !outcome.ok) return told;
    const purse = this.#reader.purse(visit.polled, outcome, told.reading);
    return purse === undefined ? told : { ...told, purse };
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
