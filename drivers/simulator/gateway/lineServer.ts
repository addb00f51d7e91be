import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { ModbusReply, ModbusRequest } from '#drivers/codec/index.ts';
import type { Chance, Clock, TimerHandle } from '#drivers/core/index.ts';
import type { EstateLine } from '../estate/estateTypes.ts';
import type { FaultBook, FaultPlace } from '../faults/faultBook.ts';
import { Connection } from './connection.ts';
import { type BusAnswer, LineBus } from './lineBus.ts';
import type { WireMode } from './wire.ts';

/** Clients at once on one line; serial servers allow a handful. */
const CONNECTION_LIMIT = 8;

/** When a gateway comes back and its port is taken for a moment, it tries again after this long. */
const RELISTEN_MS = 500;

/** How long a Modbus TCP gateway waits for a meter before it answers exception 0B: sooner than masters lose patience. */
const GATEWAY_GIVE_UP_MS = 800;

/** A meter of the line: its answer to a request at this moment. `relayShows` comes from a fault. */
export interface LineUnit {
  readonly unitAddress: number;
  readonly meterNumber: string;
  readonly answer: (request: ModbusRequest, relayShows: 'open' | 'closed' | undefined) => ModbusReply;
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
    this.#bus = new LineBus({ serial: line.serial, wire, thinkMs, giveUpMs }, clock, chance, (unit, request) =>
      this.#ask(unit, request),
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
    const server = this.#server;
    const closed = server?.listening ? once(server, 'close') : undefined;
    this.#shut();
    await closed;
  }

  #ask(unitAddress: number, request: ModbusRequest): BusAnswer {
    const unit = this.#units.get(unitAddress);
    if (unit === undefined) return NOBODY;
    const faults = this.#deps.faults.strike({ ...this.#place, meterNumber: unit.meterNumber });
    if (faults.some((fault) => fault.kind === 'silent')) return NOBODY;
    const frozen = faults.find((fault) => fault.kind === 'frozen-relay');
    return { reply: unit.answer(request, frozen?.shows), faults };
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

const NOBODY: BusAnswer = { reply: undefined, faults: [] };
