import { crc32 } from 'node:zlib';
import type { TimerHandle } from '#drivers/core/index.ts';
import type { MqttSession } from './mqttLink.ts';
import type { RetainedBoardOptions } from './retainedBoard.ts';

/** A broker that came back empty gets everything again: ten thousand topics in ten seconds, and nobody is flooded. */
const PACE_MS = 100;
export const MESSAGES_A_PACE = 100;
/** Topics that are only compared cost some microseconds each. */
const TOPICS_A_PACE = 1_000;
/** Messages that the broker has not acknowledged yet; a slow one sets the pace. */
export const IN_FLIGHT_MAX = 500;
const ACKNOWLEDGED_MS_MAX = 30_000;
/** Our own word must come back within this time. */
export const ECHO_MS_MAX = 10_000;
/** What the broker holds has been told when it says no more for so long, or has said so much. */
const QUIET_MS = 500;
const LISTEN_MS_MAX = 30_000;
/** Topics that wait or that the broker holds: meters and alarms of the largest estate, several times over. */
const TOPICS_MAX = 250_000;
/** Two servers on one topic must not drive each other. */
const PRESENCE_AGAIN_MS = 60_000;

/** What outlives single connections. */
export interface BoardTally {
  published: number;
  dropped: number;
  /** Warnings that were given. */
  muteTold: boolean;
  otherTold: boolean;
}

/**
 * The board during one connection: asks the broker what it holds, compares, and publishes what differs, at a measured pace.
 * What the broker lost is published again, what is no longer so is taken away, what is right costs nothing.
 *
 * An MQTT 3.1.1 broker acknowledges also what it may not pass on. So our own presence must come back first: only then is
 * it known that somebody may hear us.
 */
export class BoardSession {
  readonly #options: RetainedBoardOptions;
  readonly #connection: MqttSession;
  readonly #tally: BoardTally;
  /** What each topic holds at the broker, as CRC-32: a collision hides one change in four milliards. */
  readonly #held = new Map<string, number>();
  readonly #waiting = new Set<string>();
  readonly #openedMs: number;
  #timer: TimerHandle | undefined;
  #echoed = false;
  #compared = false;
  #ended = false;
  #heardMs: number;
  #presenceMs = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  #acknowledgedMs = 0;

  constructor(options: RetainedBoardOptions, connection: MqttSession, tally: BoardTally) {
    this.#options = options;
    this.#connection = connection;
    this.#tally = tally;
    this.#openedMs = options.clock.monotonicMs();
    this.#heardMs = this.#openedMs;
  }

  start(): void {
    const { presence, filters, log } = this.#options;
    this.#connection.subscribe([presence.topic, ...filters]).catch((error: Error) => {
      if (!this.#ended) log.debug('the broker refused a subscription', { reason: error.message });
    });
    this.#publish(presence.topic, presence.online);
    this.#later(() => this.#listen());
  }

  /** Has the broker given our own word back? */
  isHeard(): boolean {
    return this.#echoed;
  }

  waiting(): number {
    return this.#waiting.size;
  }

  heard(topic: string, payload: Buffer, retained: boolean): void {
    const { presence, clock } = this.#options;
    if (topic === presence.topic) {
      // What was held before us is over; what comes now is our echo, or somebody else.
      if (!retained) this.#heardPresence(payload.toString());
      return;
    }
    if (!retained || this.#compared) return;
    this.#heardMs = clock.monotonicMs();
    if (this.#held.size < TOPICS_MAX) this.#held.set(topic, crc32(payload));
    else this.#tally.dropped += 1;
  }

  touch(topic: string): void {
    // Everything will be compared anyway.
    if (!this.#compared) return;
    this.#wait(topic);
    if (this.#timer === undefined) this.#later(() => this.#work());
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #heardPresence(text: string): void {
    const { presence, clock, log } = this.#options;
    if (text === presence.online) {
      this.#echoed = true;
      this.#tally.muteTold = false;
      this.#connection.approve();
      return;
    }
    // The end of an earlier connection of ours may come late; everything else is somebody else.
    if (text !== presence.lost && text !== presence.stopped && !this.#tally.otherTold) {
      this.#tally.otherTold = true;
      log.warn('another server speaks on our topic: give each a prefix of its own (MQTT_PREFIX)', {
        topic: presence.topic,
      });
    }
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#presenceMs < PRESENCE_AGAIN_MS) return;
    this.#presenceMs = nowMs;
    this.#publish(presence.topic, presence.online);
  }

  /** Until the broker has told all that it holds. */
  #listen(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const listenedMs = nowMs - this.#openedMs;
    const isTold = this.#echoed && (nowMs - this.#heardMs >= QUIET_MS || listenedMs >= LISTEN_MS_MAX);
    if (isTold || (!this.#echoed && listenedMs >= ECHO_MS_MAX)) this.#compare();
    else this.#later(() => this.#listen());
  }

  #compare(): void {
    const { presence, source, filters, log } = this.#options;
    if (!this.#echoed && !this.#tally.muteTold) {
      this.#tally.muteTold = true;
      log.warn('the broker takes our messages and gives none back: allow this user to write and to read our topics', {
        topic: presence.topic,
      });
    }
    // From here on everything that comes would be our own.
    this.#connection.unsubscribe(filters);
    this.#compared = true;
    for (const topic of source.topics()) this.#wait(topic);
    for (const topic of this.#held.keys()) this.#wait(topic);
    this.#work();
  }

  #wait(topic: string): void {
    if (this.#waiting.size < TOPICS_MAX) this.#waiting.add(topic);
    else if (!this.#waiting.has(topic)) this.#tally.dropped += 1;
  }

  /** One portion of what waits; goes on until nothing waits and everything is acknowledged. */
  #work(): void {
    let looked = 0;
    let sent = 0;
    for (const topic of this.#waiting) {
      if (looked === TOPICS_A_PACE || sent === MESSAGES_A_PACE || this.#inFlight >= IN_FLIGHT_MAX) break;
      this.#waiting.delete(topic);
      looked += 1;
      if (this.#bring(topic)) sent += 1;
    }
    if (this.#inFlight > 0 && this.#options.clock.monotonicMs() - this.#acknowledgedMs > ACKNOWLEDGED_MS_MAX) {
      this.#connection.drop(`the broker acknowledged nothing for ${ACKNOWLEDGED_MS_MAX / 1_000} s`);
    } else if (this.#waiting.size > 0 || this.#inFlight > 0) {
      this.#later(() => this.#work());
    }
  }

  /** Makes the broker hold what the source says; false when it does already. */
  #bring(topic: string): boolean {
    const payload = this.#options.source.payload(topic);
    const sum = payload === undefined ? undefined : crc32(payload);
    if (this.#held.get(topic) === sum) return false;
    if (sum === undefined) this.#held.delete(topic);
    else this.#held.set(topic, sum);
    // A retained message without content takes the one before away.
    this.#publish(topic, payload ?? '');
    return true;
  }

  #publish(topic: string, payload: string): void {
    const { clock } = this.#options;
    if (this.#inFlight === 0) this.#acknowledgedMs = clock.monotonicMs();
    this.#inFlight += 1;
    this.#connection.publish({ topic, payload }, () => {
      this.#inFlight -= 1;
      this.#acknowledgedMs = clock.monotonicMs();
      this.#tally.published += 1;
    });
  }

  #later(work: () => void): void {
    this.#timer = this.#options.clock.after(PACE_MS, () => {
      this.#timer = undefined;
      if (!this.#ended) work();
    });
  }
}
