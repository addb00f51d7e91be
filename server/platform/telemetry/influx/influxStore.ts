import type { Clock } from '#drivers/core/index.ts';
import type { Log } from '../../log.ts';
import { DAY_MS, DAYS_AHEAD, quartersOf, type ZoneMeters } from '../quarters.ts';
import type { TelemetryBatch, TelemetryStore } from '../store.ts';
import type {
  LoadBucket,
  LoadQuery,
  MeterTrend,
  TelemetryPoint,
  TrendBucket,
  TrendQuery,
  TrendsQuery,
} from '../types.ts';
import { type InfluxClient, statusOf } from './client.ts';
import type { DirtyTimes } from './dirtyTimes.ts';
import { LineWriter, type LineWriterDeps, lineOfRecord } from './lines.ts';
import { rollUpInflux } from './rollUp.ts';
import { sendLines } from './sendLines.ts';
import { type InfluxSettings, rollUpName } from './settings.ts';
import { measurementsOf, setUpInflux } from './setUp.ts';
import { readLoad, readTrend, readUsualPeaks, type TrendDeps } from './trend.ts';
import { readTrends } from './trends.ts';

export interface InfluxStoreDeps extends LineWriterDeps {
  readonly settings: InfluxSettings;
  readonly client: InfluxClient;
  readonly dirty: DirtyTimes;
  readonly clock: Clock;
  readonly log: Log;
  readonly retentionDays: number;
  readonly zones: () => readonly ZoneMeters[];
}

/** Readings in one database, roll-ups in another beside it. */
export class InfluxStore implements TelemetryStore {
  readonly keepsRecords = true;
  readonly #deps: InfluxStoreDeps;
  readonly #lines: LineWriter;
  readonly #rollUps: string;
  #setUp: Promise<void> | undefined;

  constructor(deps: InfluxStoreDeps) {
    this.#deps = deps;
    this.#lines = new LineWriter(deps);
    this.#rollUps = rollUpName(deps.settings);
  }

  /** Sets the server up, once; again after it was found without our databases. */
  ready(): Promise<void> {
    const { client, settings, retentionDays, log } = this.#deps;
    this.#setUp ??= setUpInflux(client, settings, retentionDays, log).catch((error: unknown) => {
      this.#setUp = undefined;
      throw error;
    });
    return this.#setUp;
  }

  async write({ points, records }: TelemetryBatch): Promise<number> {
    await this.ready();
    const kept = points.filter((point) => this.#isKept(point));
    const quarters = quartersOf(kept);
    const lines = kept.flatMap((point) => this.#lines.lineOf(point) ?? []);
    await this.#deps.dirty.mark(quarters);
    const refused = await this.#send(this.#deps.settings.name, lines);
    await this.#deps.dirty.mark(quarters);
    await this.#send(
      this.#deps.settings.name,
      records.flatMap((record) => lineOfRecord(record) ?? []),
    );
    return points.length - kept.length + refused;
  }

  trend(query: TrendQuery): Promise<readonly TrendBucket[]> {
    return readTrend(this.#trendDeps(), query);
  }

  trends(query: TrendsQuery): Promise<readonly MeterTrend[]> {
    return readTrends(this.#trendDeps(), query);
  }

  load(query: LoadQuery): Promise<readonly LoadBucket[]> {
    return readLoad(this.#trendDeps(), query);
  }

  usualPeaksW(sinceMs: number): Promise<ReadonlyMap<number, number>> {
    return readUsualPeaks(this.#trendDeps(), sinceMs);
  }

  async isEmpty(): Promise<boolean> {
    const { client, settings } = this.#deps;
    const found = await Promise.all([measurementsOf(client, settings.name), measurementsOf(client, this.#rollUps)]);
    return found.flat().length === 0;
  }

  async rollUp(): Promise<void> {
    await this.ready();
    const { client, dirty, settings, zones, clock } = this.#deps;
    const send = (database: string, lines: readonly string[]) => this.#send(database, lines);
    const names = { raw: settings.name, rollUps: this.#rollUps };
    await rollUpInflux({ client, dirty, ...names, send, nowMs: () => clock.nowMs() }, zones(), this.#lines.meterIds());
  }

  async close(): Promise<void> {
    this.#deps.client.close();
  }

  async #send(database: string, lines: readonly string[]): Promise<number> {
    try {
      return await sendLines(this.#deps.client, database, lines, () => this.#deps.clock.nowMs());
    } catch (error) {
      // Somebody removed the database: it is made again before the next try.
      if (statusOf(error) === 404) this.#setUp = undefined;
      throw error;
    }
  }

  #isKept({ atMs }: TelemetryPoint): boolean {
    const nowMs = this.#deps.clock.nowMs();
    return atMs >= nowMs - this.#deps.retentionDays * DAY_MS && atMs < nowMs + DAYS_AHEAD * DAY_MS;
  }

  #trendDeps(): TrendDeps {
    const { client, dirty, settings, clock, describe } = this.#deps;
    return {
      client,
      dirty,
      raw: settings.name,
      rollUps: this.#rollUps,
      mediumOf: (meterId) => describe(meterId)?.medium ?? 'electric',
      nowMs: () => clock.nowMs(),
    };
  }
}
