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

/** Over, or held back by a rule or an outage: nothing of it is on the board. */
const NOT_TOLD: readonly Alarm['state'][] = ['closed', 'suppressed', 'outOfService'];

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
    if (NOT_TOLD.includes(alarm.state)) alarms.delete(topic);
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

type Profile = MeterView['profile'];

interface NoticedMeter {
  readonly meter: Profile['meter'];
  path: Profile['path'];
  readonly topic: string;
  packed: number;
}

/** Which topic is which meter's, and what was last noticed of it: most readings change nothing that is told. */
class TopicsOfMeters {
  readonly #deps: Pick<NewsDeps, 'estate' | 'metering'>;
  readonly #topicOf: (profile: Profile) => string;
  readonly #meterIds = new Map<string, number>();
  readonly #noticed = new Map<number, NoticedMeter>();

  constructor(deps: Pick<NewsDeps, 'estate' | 'metering'>, topicOf: (profile: Profile) => string) {
    this.#deps = deps;
    this.#topicOf = topicOf;
  }

  topics(): Iterable<string> {
    return this.#meterIds.keys();
  }

  /** The meter's topic when its facts or marks are others than before. */
  changed({ profile, state }: MeterView): string | undefined {
    const noticed = this.#noticed.get(profile.meter.id);
    const packed = packFacts(state.facts, state.marks);
    if (noticed === undefined || noticed.packed === packed) return undefined;
    noticed.packed = packed;
    return noticed.topic;
  }

  /** Goes through the estate anew; gives the topics of meters that are new, gone, or not called or placed as before. */
  follow(): readonly string[] {
    const { estate, metering } = this.#deps;
    const topics: string[] = [];
    for (const meterId of this.#noticed.keys()) {
      if (metering.meter(meterId) === undefined) topics.push(...this.#forget(meterId));
    }
    for (const meterId of estate.meterIds()) {
      const view = metering.meter(meterId);
      if (view === undefined || this.#isAsNoticed(view.profile)) continue;
      topics.push(...this.#forget(meterId), this.#notice(view));
    }
    return topics;
  }

  news(topic: string): MeterNews | undefined {
    const meterId = this.#meterIds.get(topic);
    const meter = meterId === undefined ? undefined : this.#deps.metering.meter(meterId);
    return meter === undefined ? undefined : toMeterNews(meter);
  }

  /** The estate makes its paths anew at every change; meters and places that did not change stay the same objects. */
  #isAsNoticed({ meter, path }: Profile): boolean {
    const noticed = this.#noticed.get(meter.id);
    if (noticed?.meter !== meter || noticed.path.length !== path.length) return false;
    if (!path.every((place, index) => place === noticed.path[index])) return false;
    noticed.path = path;
    return true;
  }

  #notice({ profile, state }: MeterView): string {
    const { meter, path } = profile;
    const topic = this.#topicOf(profile);
    this.#meterIds.set(topic, meter.id);
    this.#noticed.set(meter.id, { meter, path, topic, packed: packFacts(state.facts, state.marks) });
    return topic;
  }

  #forget(meterId: number): readonly string[] {
    const noticed = this.#noticed.get(meterId);
    if (noticed === undefined) return [];
    this.#noticed.delete(meterId);
    // Two meters may have exchanged their numbers.
    if (this.#meterIds.get(noticed.topic) === meterId) this.#meterIds.delete(noticed.topic);
    return [noticed.topic];
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
