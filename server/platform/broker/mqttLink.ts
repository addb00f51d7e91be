import { randomBytes } from 'node:crypto';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Chance, Clock, TimerHandle } from '#drivers/core/index.ts';
import type { Log } from '../log.ts';

const CONNECT_MS_MAX = 10_000;
/** A broker that is silent for one and a half times as long is gone; the same holds the other way for our will. */
const KEEPALIVE_S = 20;
/** Pauses between attempts double from the one to the other, with chance in them: sites must not come back in step. */
const RETRY_MS_MIN = 1_000;
export const RETRY_MS_MAX = 30_000;
/** A connection that held so long was a good one. */
const HELD_MS = 30_000;
/** A broker that takes nothing any more must not hold up the stop. */
const FAREWELL_MS_MAX = 1_000;
/** Reasons that one outage says. */
const REASONS_MAX = 5;
const QOS = 1;

export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
}

/** What a connection lets one do while it lasts. After its end every call is without effect. */
export interface MqttSession {
  /** Publishes, retained and at least once. `taken` is called when the broker has it, or never. */
  publish(message: MqttMessage, taken: () => void): void;
  /** Resolves when the broker has granted all filters; rejects with its reason. */
  subscribe(filters: readonly string[]): Promise<void>;
  unsubscribe(filters: readonly string[]): void;
  /** The broker does what it should: the next loss is a new one. */
  approve(): void;
  /** Gives the connection up, to be made anew. */
  drop(reason: string): void;
}

export interface MqttLinkOptions {
  /** mqtt:, mqtts:, ws: or wss:, with user and password where the broker wants them. */
  readonly url: string;
  /** Published by the broker, retained, when the connection ends without our doing. */
  readonly will: MqttMessage;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  opened(session: MqttSession): void;
  /** `retained`: the broker held it before we asked. */
  message(topic: string, payload: Buffer, retained: boolean): void;
  closed(): void;
}

interface Attempt {
  openedMs: number | undefined;
  approved: boolean;
  reason: string | undefined;
}

/**
 * One connection to an MQTT 3.1.1 broker, made again for ever. Every attempt is a client of its own with a clean session:
 * nothing of an earlier connection is sent again behind our back. Each reason of an outage is said once.
 */
export class MqttLink {
  readonly #options: MqttLinkOptions;
  readonly #address: string;
  readonly #connecting: IClientOptions;
  readonly #told = new Set<string>();
  #client: MqttClient | undefined;
  #retry: TimerHandle | undefined;
  #pauseMs = RETRY_MS_MIN;
  #connections = 0;
  #everApproved = false;
  #stopped = false;

  constructor(options: MqttLinkOptions) {
    this.#options = options;
    this.#address = addressOf(options.url);
    this.#connecting = connectOptions(options);
  }

  /** Begins to connect; how it goes is said in the log. */
  start(): void {
    const client = mqtt.connect(this.#connecting);
    const attempt: Attempt = { openedMs: undefined, approved: false, reason: undefined };
    this.#client = client;
    client.on('error', (error) => {
      attempt.reason = reasonOf(error);
    });
    client.on('message', (topic, payload, { retain }) => this.#options.message(topic, payload, retain));
    client.once('connect', () => {
      attempt.openedMs = this.#options.clock.monotonicMs();
      this.#connections += 1;
      this.#options.opened(this.#sessionOf(client, attempt));
    });
    client.once('close', () => {
      this.#client = undefined;
      client.end(true);
      if (attempt.openedMs !== undefined) this.#options.closed();
      if (this.#stopped) return;
      this.#tellLoss(attempt);
      this.#startLater();
    });
  }

  /** Connections after the first. */
  reconnects(): number {
    return Math.max(0, this.#connections - 1);
  }

  /** Says goodbye with a last message, within a second. */
  async stop(farewell: MqttMessage): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    const client = this.#client;
    if (client === undefined) return;
    await this.#within(FAREWELL_MS_MAX, async () => {
      if (!client.connected) return;
      await client.publishAsync(farewell.topic, farewell.payload, { qos: QOS, retain: true });
      await client.endAsync();
    });
    client.end(true);
  }

  #sessionOf(client: MqttClient, attempt: Attempt): MqttSession {
    return {
      publish({ topic, payload }, taken) {
        client.publish(topic, payload, { qos: QOS, retain: true }, (error) => {
          if (error === undefined || error === null) taken();
        });
      },
      async subscribe(filters) {
        await client.subscribeAsync([...filters], { qos: 0 });
      },
      unsubscribe(filters) {
        client.unsubscribe([...filters], () => undefined);
      },
      approve: () => {
        attempt.approved = true;
        this.#approved();
      },
      drop(reason) {
        attempt.reason = reason;
        client.end(true);
      },
    };
  }

  #approved(): void {
    if (!this.#everApproved || this.#told.size > 0) {
      this.#options.log.info('connected to the MQTT broker', { address: this.#address });
    }
    this.#everApproved = true;
    this.#settle();
  }

  #tellLoss({ openedMs, approved, reason = 'the broker ended the connection' }: Attempt): void {
    const { clock, log, will } = this.#options;
    const opened = openedMs !== undefined;
    if (opened && clock.monotonicMs() - openedMs >= HELD_MS) this.#settle();
    if (this.#told.has(reason) || this.#told.size === REASONS_MAX) return;
    this.#told.add(reason);
    const what = opened ? 'the connection to the MQTT broker is lost' : 'the MQTT broker is not reached';
    // Some brokers answer a message that they may not take by hanging up.
    const hint = opened && !approved ? { perhaps: `this user may not write and read ${will.topic}` } : {};
    log.warn(`${what}, trying again for ever`, { address: this.#address, reason, ...hint });
  }

  /** The past is forgotten: the next attempt comes soon and the next reason is said again. */
  #settle(): void {
    this.#pauseMs = RETRY_MS_MIN;
    this.#told.clear();
  }

  #startLater(): void {
    const { clock, chance } = this.#options;
    this.#retry = clock.after(this.#pauseMs * (0.5 + chance() / 2), () => this.start());
    this.#pauseMs = Math.min(this.#pauseMs * 2, RETRY_MS_MAX);
  }

  async #within(ms: number, work: () => Promise<void>): Promise<void> {
    let timer: TimerHandle | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = this.#options.clock.after(ms, resolve);
    });
    await Promise.race([work().catch(() => undefined), tooLong]);
    timer?.cancel();
  }
}

/** Where the broker is, without the password. */
function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function connectOptions({ url, will }: MqttLinkOptions): IClientOptions {
  const { protocol, hostname, port, username, password, pathname, search } = new URL(url);
  return {
    protocol: protocolOf(protocol),
    // An IPv6 address stands in brackets in a URL only.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(protocol.startsWith('ws') ? { path: `${pathname}${search}` } : {}),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    clientId: `meterwall-${randomBytes(6).toString('hex')}`,
    protocolVersion: 4,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_MS_MAX,
    reconnectPeriod: 0,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: QOS, retain: true },
  };
}

function protocolOf(protocol: string): 'mqtt' | 'mqtts' | 'ws' | 'wss' {
  switch (protocol) {
    case 'mqtts:':
      return 'mqtts';
    case 'ws:':
      return 'ws';
    case 'wss:':
      return 'wss';
    default:
      return 'mqtt';
  }
}

/** Names with several addresses that all failed come as one error without a text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  // Some go on for lines.
  return (error instanceof Error ? error.message : String(error)).split('\n', 1).join('');
}
