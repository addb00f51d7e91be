import type { Chance, Clock } from '#drivers/core/index.ts';
import type { Log } from '../log.ts';
import { addFigures, type Metrics } from '../metricsFigures.ts';
import { BoardSession, type BoardTally } from './boardSession.ts';
import { MqttLink } from './mqttLink.ts';

/** What ought to stand on the board. Asked when it is sent, so that the latest is what counts. */
export interface BoardSource {
  /** Every topic that should hold something now; the most urgent first. */
  topics(): Iterable<string>;
  /** What the topic should hold now; undefined = nothing. */
  payload(topic: string): string | undefined;
}

/** One topic that says whether we are there: now, after the connection broke, after we stopped. */
export interface Presence {
  readonly topic: string;
  readonly online: string;
  readonly lost: string;
  readonly stopped: string;
}

export interface RetainedBoardOptions {
  /** The broker: mqtt:, mqtts:, ws: or wss:, with user and password where it wants them. */
  readonly url: string;
  /** Filters of all topics that this board, and nobody else, keeps at the broker; without the presence. */
  readonly filters: readonly string[];
  readonly presence: Presence;
  readonly source: BoardSource;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Keeps the retained messages of a broker as `source` says. There is no queue: what waits are topics, and what a topic
 * holds is asked when it is sent, so that an outage of any length costs no memory and leaves no order to repair.
 */
export class RetainedBoard {
  readonly #options: RetainedBoardOptions;
  readonly #link: MqttLink;
  readonly #tally: BoardTally = { published: 0, dropped: 0, muteTold: false, otherTold: false };
  #session: BoardSession | undefined;

  constructor(options: RetainedBoardOptions) {
    this.#options = options;
    const { url, clock, chance, log, presence } = options;
    this.#link = new MqttLink({
      url,
      clock,
      chance,
      log,
      will: { topic: presence.topic, payload: presence.lost },
      opened: (connection) => {
        this.#session = new BoardSession(options, connection, this.#tally);
        this.#session.start();
      },
      message: (topic, payload, retained) => this.#session?.heard(topic, payload, retained),
      closed: () => this.#closed(),
    });
    this.#addFigures();
  }

  start(): void {
    this.#link.start();
  }

  /** What this topic should hold may be another than before. Costs next to nothing. */
  touch(topic: string): void {
    // Without a connection there is nothing to note: the next one compares everything.
    this.#session?.touch(topic);
  }

  /** Says that we stopped, within a second. */
  async stop(): Promise<void> {
    const { presence } = this.#options;
    // First, or it would contradict what it hears.
    this.#closed();
    await this.#link.stop({ topic: presence.topic, payload: presence.stopped });
  }

  #closed(): void {
    this.#session?.end();
    this.#session = undefined;
  }

  #addFigures(): void {
    const gauge = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'gauge' as const });
    const counter = (name: string, help: string, read: () => number) => ({
      name,
      help,
      read,
      kind: 'counter' as const,
    });
    addFigures(this.#options.metrics, [
      gauge('mqtt_up', '1 while the broker gives back what we publish', () =>
        this.#session?.isHeard() === true ? 1 : 0,
      ),
      gauge('mqtt_waiting', 'Topics that wait to be compared or published', () => this.#session?.waiting() ?? 0),
      counter('mqtt_published_total', 'Messages that the broker acknowledged', () => this.#tally.published),
      counter('mqtt_reconnects_total', 'Connections to the broker after the first', () => this.#link.reconnects()),
      counter('mqtt_dropped_total', 'Topics left out, more than the bound', () => this.#tally.dropped),
    ]);
  }
}
