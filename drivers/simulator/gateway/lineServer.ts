import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { ModbusReply, ModbusRequest } from '#drivers/codec/index.ts';
import type { Chance, Clock, TimerHandle } from '#drivers/core/index.ts';
import type { EstateLine } from '../estate/estateTypes.ts';
import type { Fault } from '../faults/fault.ts';
import type { FaultBook, FaultPlace } from '../faults/faultBook.ts';
import type { Quirks } from '../meter/meterFace.ts';
import { Connection } from './connection.ts';
import { type BusAnswer, type BusRequest, LineBus } from './lineBus.ts';
import { Memory } from './memory.ts';
import type { WireMode } from './wire.ts';

/** Clients at once on one line; serial servers allow a handful. */
const CONNECTION_LIMIT = 8;

/** When a gateway comes back and its port is taken for a moment, it tries again after this long. */
const RELISTEN_MS = 500;

/** Modbus exception 03 (Modbus application protocol 1.1b3, 7). */
const ILLEGAL_VALUE = 3;

/** How long a Modbus TCP gateway waits for a meter before it answers exception 0B: sooner than masters lose patience. */
const GATEWAY_GIVE_UP_MS = 800;

/** Most requests that may be late at once on one line; one more is lost. */
export const LATE_LIMIT = 256;

/** A meter of the line: its answer to a request at this moment. Quirks come from faults. */
export interface LineUnit {
  readonly unitAddress: number;
  readonly meterNumber: string;
  readonly answer: (request: ModbusRequest, quirks: Quirks) => ModbusReply;
}

export interface LineServerDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly faults: FaultBook;
  readonly wire: WireMode;
  readonly thinkMs: readonly [least: number, most: number];
  readonly listenHost: string;
}

/** One line of a gateway: a listening socket, its clients, and the serial bus behind. */
export class LineServer {
  readonly #deps: LineServerDeps;
  readonly #line: EstateLine;
  readonly #place: FaultPlace;
  readonly #units: ReadonlyMap<number, LineUnit>;
  readonly #bus: LineBus;
  readonly #connections = new Set<Connection>();
  readonly #memory = new Memory();
  /** Requests on their way that will be late. */
  readonly #late = new Set<TimerHandle>();
  #server: Server | undefined;
  #port = 0;
  #retry: TimerHandle | undefined;
  #stopped = false;

  constructor(deps: LineServerDeps, gatewayCode: string, line: EstateLine, units: readonly LineUnit[]) {
    this.#deps = deps;
    this.#line = line;
    this.#place = { gatewayCode, lineName: line.name, meterNumber: undefined };
    this.#units = new Map(units.map((unit) => [unit.unitAddress, unit]));
    const giveUpMs = line.framing === 'modbus-tcp' ? GATEWAY_GIVE_UP_MS : 0;
    const { clock, chance, wire, thinkMs } = deps;
    this.#bus = new LineBus({ serial: line.serial, wire, thinkMs, giveUpMs }, clock, chance, (request) =>
      this.#ask(request),
    );
  }

  /** The port it listens on; the same for life, also after `down`. 0 before `start`. */
  get port(): number {
    return this.#port;
  }

  /** Opens the listening socket on a free port. Rejects when the host cannot be listened on. */
  async start(): Promise<void> {
    await this.#listen(0);
    this.applyFaults();
  }

  /** Follows the fault book: `down` closes listener and connections, its end opens the same port again. */
  applyFaults(): void {
    if (this.#port === 0 || this.#stopped) return;
    const down = this.#deps.faults.isActive('down', this.#place);
    if (down && this.#server !== undefined) this.#shut();
    if (!down && this.#server === undefined) this.#reopen();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    for (const timer of this.#late) timer.cancel();
    const server = this.#server;
    const closed = server?.listening ? once(server, 'close') : undefined;
    this.#shut();
    await closed;
  }

  #ask(asked: BusRequest): BusAnswer {
    const { request } = asked;
    const unit = this.#units.get(asked.unit);
    if (unit === undefined) return NOBODY;
    const frame = request.kind === 'read' ? 'reads' : 'writes';
    const faults = this.#deps.faults.strike({ ...this.#place, meterNumber: unit.meterNumber }, frame);
    if (faults.length === 0 && !this.#memory.used) return { reply: unit.answer(request, NO_QUIRKS), faults };
    if (asked.again !== true && !this.#reaches(asked, faults)) return NOBODY;
    if (has(faults, 'silent')) return NOBODY;
    const truth = unit.answer(request, quirksOf(faults));
    const lies = frame === 'writes' && has(faults, 'lying-refusal');
    const said: ModbusReply = lies ? { kind: 'exception', function: request.function, code: ILLEGAL_VALUE } : truth;
    return { reply: this.#memory.said(asked, said, has(faults, 'stale-read')), faults };
  }

  /** What becomes of a request on its way. False: it does not come to the meter, or not now. */
  #reaches(asked: BusRequest, faults: readonly Fault[]): boolean {
    if (has(faults, 'request-lost')) return false;
    const late = faults.find((fault) => fault.kind === 'request-late');
    if (late !== undefined) {
      if (this.#late.size >= LATE_LIMIT) return false;
      const timer = this.#deps.clock.after(late.delayMs, () => {
        this.#late.delete(timer);
        this.#bus.send({ ...asked, again: true });
      });
      this.#late.add(timer);
      return false;
    }
    if (has(faults, 'request-doubled')) this.#bus.send({ ...asked, again: true });
    return true;
  }

  #listen(port: number): Promise<void> {
    const server = createServer((socket) => {
      if (this.#connections.size >= CONNECTION_LIMIT) {
        socket.destroy();
        return;
      }
      const { clock, chance, faults } = this.#deps;
      const connection = new Connection(socket, this.#line.framing, clock, chance, (unit, request, reply) => {
        if (faults.isActive('mute', this.#place)) return;
        this.#bus.send({ unit, request, deliver: (answer) => reply(answer.reply, answer.faults) });
      });
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#deps.listenHost, () => {
        server.off('error', reject);
        // Shut while it was opening.
        if (this.#server !== server) server.close();
        const address = server.address();
        if (address !== null && typeof address === 'object') this.#port = address.port;
        resolve();
      });
    });
  }

  #reopen(): void {
    this.#listen(this.#port).catch(() => {
      this.#server = undefined;
      this.#retry = this.#deps.clock.after(RELISTEN_MS, () => this.applyFaults());
    });
  }

  #shut(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#bus.reset();
    for (const connection of this.#connections) connection.destroy();
  }
}

function has(faults: readonly Fault[], kind: Fault['kind']): boolean {
  return faults.some((fault) => fault.kind === kind);
}

function quirksOf(faults: readonly Fault[]): Quirks {
  const frozen = faults.find((fault) => fault.kind === 'frozen-relay');
  return { relayShows: frozen?.shows, refusesPurchases: has(faults, 'hoarding') };
}

const NO_QUIRKS: Quirks = { relayShows: undefined, refusesPurchases: false };
const NOBODY: BusAnswer = { reply: undefined, faults: [] };
