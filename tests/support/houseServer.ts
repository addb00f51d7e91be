import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { BuiltInRole, Grant } from '#contract/index.ts';
import type { Reading } from '#drivers/core/index.ts';
import { goodReading, HOUSE_MANIFEST, houseLookups } from './house.ts';
import { type Client, startTestServer, type TestServer, type TestServerOptions } from './server.ts';

const PASSWORD = 'a-long-enough-password';

/** The real server over the estate of `HOUSE_MANIFEST`; its gateways accept connections and never say a word. */
export interface HouseServer extends ReturnType<typeof houseLookups> {
  readonly server: TestServer;
  readonly boss: Client;
  /** A user with one right, signed in. Places by their English name. */
  userWith(role: BuiltInRole, scope: Grant['scope'], place?: string): Promise<Client>;
  reading(meterNumber: string, change?: Partial<Reading>): Reading;
  /** Readings as if they had just come in from the lines. */
  take(...readings: readonly Reading[]): void;
  stop(): Promise<void>;
}

export async function startHouseServer(options: TestServerOptions = {}): Promise<HouseServer> {
  const silence = await listenSilently();
  const server = await startTestServer(options);
  const { estate, measuring } = server.app;
  await estate.importPlant({
    ...HOUSE_MANIFEST,
    gateways: HOUSE_MANIFEST.gateways.map((gateway) => ({
      ...gateway,
      lines: gateway.lines.map((line) => ({ ...line, transport: { ...silence.transport } })),
    })),
  });
  const boss = await server.signedIn();
  const lookups = houseLookups(estate);
  let users = 0;
  return {
    ...lookups,
    server,
    boss,
    async userWith(role, scope, place) {
      users += 1;
      const user = `user${users}`;
      const grant = { role, scope, ...(place === undefined ? {} : { placeId: lookups.placeId(place) }) };
      const body = { user, displayName: `User ${users}`, password: PASSWORD, grants: [grant] };
      const answer = await boss.request('POST', '/api/users', body);
      if (answer.status !== 201) throw new Error(`user was not made: ${JSON.stringify(answer.body)}`);
      return server.signedIn(user, PASSWORD);
    },
    reading: (meterNumber, change) => ({ ...goodReading(lookups.meterId(meterNumber), Date.now()), ...change }),
    take(...readings) {
      const meters = readings.map((reading) => ({ kind: 'reading', reading }) as const);
      measuring.metering.pipeline.take({ lines: [], meters }, Date.now());
    },
    async stop() {
      await server.stop();
      silence.close();
    },
  };
}

async function listenSilently() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    transport: { kind: 'modbus-tcp', host: '127.0.0.1', port } as const,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
