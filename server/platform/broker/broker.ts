import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { Aedes, type AuthenticateError } from 'aedes';
import type { Log } from '../log.ts';
import { keepRetainedFresh } from './freshRetained.ts';

/** Connections and waiting messages of one client; a site has some hundred devices. */
const CONNECTIONS_MAX = 2_000;
const QUEUE_MAX = 1_000;
const USER = 'meterwall';
/** MQTT 3.1.1, 3.2.2.3: 4 = bad user name or password. */
const BAD_CREDENTIALS = 4;

export interface BrokerOptions {
  /** Where the password of this installation is kept (0600). */
  readonly passwordFile: string;
  readonly log: Log;
}

export interface Broker {
  /** Address without password, for the log. */
  readonly address: string;
  /** Address with user and password, for our own client. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * The MQTT broker in this process: loopback only, one user with a random password per installation, MQTT 3.1.1.
 * Its backlog is in memory: whoever publishes must be ready to publish again after a restart.
 */
export async function startBroker({ passwordFile, log }: BrokerOptions): Promise<Broker> {
  const password = readPassword(passwordFile);
  const aedes = await Aedes.createBroker({
    queueLimit: QUEUE_MAX,
    authenticate(_client, user, given, done) {
      if (user === USER && given !== undefined && sameBytes(given, Buffer.from(password))) done(null, true);
      else done(refusal(), null);
    },
    authorizePublish(_client, packet, done) {
      if (packet.topic.startsWith('$')) {
        done(new Error('topics that begin with $ are the broker’s own'));
        return;
      }
      // What is kept would keep the whole piece of the stream alive that it came in.
      if (packet.retain) packet.payload = exactCopy(packet.payload);
      done(null);
    },
    authorizeSubscribe(_client, subscription, done) {
      // Aedes would acknowledge a shared subscription and then deliver nothing.
      if (subscription.topic.startsWith('$share/')) done(new Error('shared subscriptions are not served'));
      else done(null, subscription);
    },
  });
  keepRetainedFresh(aedes);
  const server = createServer((socket) => void aedes.handle(socket));
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server);
  const address = `mqtt://127.0.0.1:${port}`;
  log.info('the embedded MQTT broker listens', { address, user: USER });
  return {
    address,
    url: `mqtt://${USER}:${password}@127.0.0.1:${port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await closed;
    },
  };
}

function exactCopy(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function readPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('the broker has no port'));
    });
  });
}

function refusal(): AuthenticateError {
  return Object.assign(new Error('user or password is wrong'), { returnCode: BAD_CREDENTIALS });
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(digest(left), digest(right));
}
