import type { Alarm } from '#contract/index.ts';
import { type MeterNews, newsTopics, type ServerNews } from '#contract/news.ts';
import { displayState, MARKS, packFacts } from '#domain/meterState.ts';
import type { Chance, Clock } from '#drivers/core/index.ts';
import type { Alarms } from './modules/alarms/index.ts';
import type { EstateReader } from './modules/estate/index.ts';
import type { Metering, MeterView } from './modules/metering/index.ts';
import { RetainedBoard } from './platform/broker/retainedBoard.ts';
import type { Log } from './platform/log.ts';
import type { Metrics } from './platform/metricsFigures.ts';

export interface NewsDeps {
  /** The broker, ours or another. */
  readonly url: string;
  readonly prefix: string;
  readonly release: string;
  readonly estate: Pick<EstateReader, 'meterIds'>;
  readonly metering: Pick<Metering, 'listen' | 'meter'>;
  readonly alarms: Pick<Alarms, 'onChange' | 'current'>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What the house tells others by MQTT; `contract/news.ts` says what stands where. */
export interface News {
  /** Takes over what is so and begins to connect. After metering and alarms have started. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Follows metering and alarms, and keeps the broker's retained messages as they are. Nothing of it waits for the broker. */
export function createNews(deps: NewsDeps): News {
  const topics = newsTopics(deps.prefix);
  const meters = new TopicsOfMeters(deps, ({ meter }) => topics.meter(meter.propertyId, meter.meterNumber));
  const alarms = new Map<string, Alarm>();
  const board = new RetainedBoard({
    ...deps,
    filters: topics.filters,
    presence: presenceOf(topics.server, deps.release, deps.clock.nowMs()),
    source: {
      *topics() {
        yield* alarms.keys();
        yield* meters.topics();
      },
      payload(topic) {
        const news = alarms.get(topic) ?? meters.news(topic);
        return news === undefined ? undefined : JSON.stringify(news);
      },
    },
  });
  const takeAlarm = (alarm: Alarm): void => {
    const topic = topics.alarm(alarm.propertyId, alarm.id);
    if (alarm.state === 'closed') alarms.delete(topic);
    else alarms.set(topic, alarm);
    board.touch(topic);
  };
  const unlisten: (() => void)[] = [];

  return {
    async start() {
      for (const alarm of await deps.alarms.current()) takeAlarm(alarm);
      meters.follow();
      unlisten.push(
        deps.alarms.onChange(({ alarm }) => takeAlarm(alarm)),
        deps.metering.listen({
          metersChanged(updates) {
            for (const { meter } of updates) {
              const topic = meters.changed(meter);
              if (topic !== undefined) board.touch(topic);
            }
          },
          estateChanged() {
            for (const topic of meters.follow()) board.touch(topic);
          },
          // Since when a state holds has moved along.
          clockStepped() {
            for (const topic of meters.topics()) board.touch(topic);
          },
        }),
      );
      board.start();
    },
    async stop() {
      for (const end of unlisten) end();
      await board.stop();
    },
  };
}

interface NoticedMeter {
  readonly topic: string;
  packed: number;
}

/** Which topic is which meter's, and what was last noticed of it: ten readings a minute change nothing. */
class TopicsOfMeters {
  readonly #deps: Pick<NewsDeps, 'estate' | 'metering'>;
  readonly #topicOf: (profile: MeterView['profile']) => string;
  #meterIds = new Map<string, number>();
  #known = new Map<number, NoticedMeter>();

  constructor(deps: Pick<NewsDeps, 'estate' | 'metering'>, topicOf: (profile: MeterView['profile']) => string) {
    this.#deps = deps;
    this.#topicOf = topicOf;
  }

  topics(): Iterable<string> {
    return this.#meterIds.keys();
  }

  /** The meter's topic when its facts or marks are others than before. */
  changed({ profile, state }: MeterView): string | undefined {
    const known = this.#known.get(profile.meter.id);
    const packed = packFacts(state.facts, state.marks);
    if (known === undefined || known.packed === packed) return undefined;
    known.packed = packed;
    return known.topic;
  }

  /** Goes through the estate anew; gives all topics of before and of now. */
  follow(): Iterable<string> {
    const before = this.#meterIds.keys();
    const meterIds = new Map<string, number>();
    const known = new Map<number, NoticedMeter>();
    for (const meterId of this.#deps.estate.meterIds()) {
      const meter = this.#deps.metering.meter(meterId);
      if (meter === undefined) continue;
      const topic = this.#topicOf(meter.profile);
      meterIds.set(topic, meterId);
      known.set(meterId, { topic, packed: packFacts(meter.state.facts, meter.state.marks) });
    }
    this.#meterIds = meterIds;
    this.#known = known;
    return new Set([...before, ...meterIds.keys()]);
  }

  news(topic: string): MeterNews | undefined {
    const meterId = this.#meterIds.get(topic);
    const meter = meterId === undefined ? undefined : this.#deps.metering.meter(meterId);
    return meter === undefined ? undefined : toMeterNews(meter);
  }
}

function toMeterNews({ profile, state }: MeterView): MeterNews {
  const iso = (atMs: number): string => new Date(atMs).toISOString();
  const { money, link, relay, protection } = state.since;
  const { id, meterNumber, propertyId } = profile.meter;
  return {
    meterId: id,
    meterNumber,
    propertyId,
    path: profile.path.map(({ names }) => names),
    state: displayState(state.facts),
    facts: state.facts,
    since: { money: iso(money), link: iso(link), relay: iso(relay), protection: iso(protection) },
    marks: MARK_NAMES.filter((name) => (state.marks & MARKS[name]) !== 0),
  };
}

const MARK_NAMES = Object.keys(MARKS) as (keyof typeof MARKS)[];

function presenceOf(topic: string, release: string, sinceMs: number) {
  const online: ServerNews = { state: 'online', release, since: new Date(sinceMs).toISOString() };
  const lost: ServerNews = { state: 'offline', reason: 'lost' };
  const stopped: ServerNews = { state: 'offline', reason: 'stopped' };
  return {
    topic,
    online: JSON.stringify(online),
    lost: JSON.stringify(lost),
    stopped: JSON.stringify(stopped),
  };
}
