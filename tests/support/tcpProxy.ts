import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** The same URL by way of this proxy. */
  addressOf(url: string): string;
  /** Ends every connection at once, without goodbye. */
  cut(): void;
  /** Takes no new connections, until told otherwise. */
  refuse(refused: boolean): void;
  /** Takes this many new connections, and refuses from then on, until told otherwise. */
  refuseAfter(connections: number): void;
  /** Lets connections stand and carries nothing, until told otherwise. */
  pause(paused: boolean): void;
  /** Holds new WebSockets before their first byte, until told otherwise; everything else goes on. */
  holdWebSockets(held: boolean): void;
  stop(): Promise<void>;
}

const UPGRADE = /^upgrade: websocket\r$/im;

/** Stands between a client and a server of this machine, to be in the way. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isRefused = false;
  let taken = Number.POSITIVE_INFINITY;
  let isPaused = false;
  let isHeld = false;
  const releases = new Set<() => void>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    return socket;
  };
  const server = createServer((client) => {
    if (isRefused || taken === 0) {
      client.resetAndDestroy();
      return;
    }
    taken -= 1;
    const target = keep(connect(targetPort, '127.0.0.1'));
    keep(client).once('data', (chunk: Buffer) => {
      const begin = (): void => {
        if (!target.destroyed) target.write(chunk);
        carry(client, target);
      };
      if (isHeld && UPGRADE.test(chunk.toString('latin1'))) releases.add(begin);
      else begin();
    });
    client.once('close', () => target.destroy());
    carry(target, client);
    if (isPaused) for (const socket of [client, target]) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    addressOf(url) {
      const { port: target } = new URL(url);
      return url.replace(new RegExp(`:${target}(?=/|$)`), `:${port}`);
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    refuse(refused) {
      isRefused = refused;
      taken = Number.POSITIVE_INFINITY;
    },
    refuseAfter(connections) {
      taken = connections;
    },
    pause(paused) {
      isPaused = paused;
      for (const socket of sockets) {
        if (paused) socket.pause();
        else socket.resume();
      }
    },
    holdWebSockets(held) {
      isHeld = held;
      if (held) return;
      for (const release of releases) release();
      releases.clear();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function carry(from: Socket, to: Socket): void {
  from.on('data', (chunk) => to.write(chunk));
  from.once('close', () => to.destroy());
}
