import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import {
  encodeMbapReply,
  encodeRtuReply,
  MbapStream,
  type ModbusRequest,
  RtuRequestStream,
} from '#drivers/codec/index.ts';
import { decodeRequestPdu } from '#drivers/codec/pdu.ts';

/** A read as it reached the far end of a real socket. */
export interface ReadAsked {
  readonly unit: number;
  readonly start: number;
  readonly quantity: number;
  readonly ordinal: number;
  readonly atMs: number;
}

/** What to do with a read: `say` sends raw bytes, `frame` builds a good reply of the line's framing. */
export interface Far {
  readonly socket: Socket;
  say(bytes: Uint8Array): void;
  frame(data: Uint8Array, unit?: number): Uint8Array;
}

/** A gateway with meters on a real socket that does as each test says. */
export interface FakeMeter {
  readonly port: number;
  readonly asked: readonly ReadAsked[];
  readonly connections: number;
  behave(onRead: (read: ReadAsked, far: Far) => void): void;
  /** What happens on every new connection from now on. */
  greet(onConnection: (socket: Socket) => void): void;
  /** Stops listening and cuts every connection; `listen` brings it back on the same port. */
  down(): Promise<void>;
  listen(): Promise<void>;
}

/** Starts a far end on a free loopback port. The caller ends it with `down`. */
export async function startFakeMeter(kind: 'rtu-over-tcp' | 'modbus-tcp'): Promise<FakeMeter> {
  const asked: ReadAsked[] = [];
  const sockets = new Set<Socket>();
  let onRead: (read: ReadAsked, far: Far) => void = () => undefined;
  let onConnection: (socket: Socket) => void = () => undefined;
  let server: Server | undefined;
  let port = 0;
  let connections = 0;

  const serve = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    onConnection(socket);
    const say = (bytes: Uint8Array): void => {
      if (!socket.destroyed) socket.write(bytes);
    };
    const told = (unit: number, request: ModbusRequest, frame: Far['frame']): void => {
      if (request.kind !== 'read') return;
      const read = {
        unit,
        start: request.start,
        quantity: request.quantity,
        ordinal: asked.length + 1,
        atMs: performance.now(),
      };
      asked.push(read);
      onRead(read, { socket, say, frame });
    };
    if (kind === 'modbus-tcp') {
      const stream = new MbapStream(({ transactionId, unit, pdu }) =>
        told(unit, decodeRequestPdu(pdu), (data, from = unit) =>
          encodeMbapReply(transactionId, from, { kind: 'read', function: 3, data }),
        ),
      );
      socket.on('data', (bytes) => stream.push(bytes));
    } else {
      const stream = new RtuRequestStream(({ unit, request }) =>
        told(unit, request, (data, from = unit) => encodeRtuReply(from, { kind: 'read', function: 3, data })),
      );
      socket.on('data', (bytes) => stream.push(bytes));
    }
  };

  const listen = async (): Promise<void> => {
    const opened = createServer(serve);
    server = opened;
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen(port, '127.0.0.1', resolve);
    });
    port = (opened.address() as AddressInfo).port;
  };
  const down = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    const closing = server;
    server = undefined;
    if (closing !== undefined) await new Promise((resolve) => closing.close(resolve));
  };

  await listen();
  return {
    port,
    asked,
    get connections() {
      return connections;
    },
    behave: (behaviour) => {
      onRead = behaviour;
    },
    greet: (greeting) => {
      onConnection = greeting;
    },
    down,
    listen,
  };
}
