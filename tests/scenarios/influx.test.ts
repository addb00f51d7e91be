import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { getTrend, getWall, listAlarms, readMeter } from '#contract/index.ts';
import { type Influx, startInflux } from '../support/influx.ts';
import { describeReal, realInflux } from '../support/realParts.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { type RunningSystem, type Settings, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed } from './support/wallFeed.ts';

const newSite = useSites();

const METERS = 64;
/** Slow enough that what a person reads is the last that was read. */
const LIVE_POLL_MS = 10_000;
/** What a kill of the server may take from memory (telemetry/telemetryWriter.ts). */
const IN_MEMORY_MS_MAX = 2_500;
const DRAINED_WITHIN_MS = 60_000;

/** Every reading that was answered to somebody: "meter instant". */
type Answered = Set<string>;

describeReal('InfluxDB', realInflux, () => {
  test('InfluxDB and then the server are killed under load: no reading that was answered is lost, none is there twice', {
    timeout: 240_000,
  }, async () => {
    const influx = await startInflux();
    onTestFinished(() => influx.stop());
    const plant = await startTestPlant(METERS);
    onTestFinished(() => plant.stop());
    const settings: Settings = { INFLUX_URL: influx.url };
    const site = newSite();
    const system = await site.start(settings);
    const api = await system.signIn();
    const { propertyId, meters } = await enterEstate(api, plant.manifest, LIVE_POLL_MS);
    const ids = [...meters.values()].map(({ id }) => id);
    const answered: Answered = new Set();
    await readAll(api, ids, answered);
    await until('InfluxDB has all of it', DRAINED_WITHIN_MS, () => holds(influx, answered));

    await influx.kill();
    for (let round = 0; round < 3; round++) await readAll(api, ids, answered);
    const wall = await openWallFeed(system.url, api, propertyId);
    const layout = await api.call(getWall, { params: { propertyId } });
    expect(layout.meters.id, 'a wall that is opened now').toHaveLength(METERS);
    await until('batches wait on disk', 10_000, async () => (await figure(system, 'telemetry_spool_records')) > 0);
    expect(await figure(system, 'telemetry_store_down_seconds')).toBeGreaterThan(0);
    await readAll(api, ids, answered);
    const yesterday = { quantity: 'energyWh', from: hoursAgo(24), to: hoursAgo(0) };
    const asked = api.call(getTrend, { params: { meterId: ids[0] ?? 0 }, query: yesterday });
    await expect(asked, 'a sentence instead of an error').rejects.toThrow(/503 .*telemetry store does not answer/);
    const all = () => [...wall.meters.values()];
    expect(
      all().every(({ facts, stale }) => facts.link === 'online' && !stale),
      'the wall goes on',
    ).toBe(true);
    expect(wall.fault()).toBeUndefined();
    wall.close();

    await sleep(IN_MEMORY_MS_MAX);
    await system.end('SIGKILL');
    const again = await site.start(settings);
    const apiAgain = await again.signIn();
    await readAll(apiAgain, ids, answered);

    await influx.restart();
    await readAll(apiAgain, ids, answered);
    await until('nothing waits any more', DRAINED_WITHIN_MS, async () => {
      const waiting = (await figure(again, 'telemetry_spool_records')) + (await figure(again, 'telemetry_queued'));
      return waiting === 0 && (await holds(influx, answered));
    });
    expect(answered.size).toBeGreaterThanOrEqual(6 * METERS);
    expect(await figure(again, 'telemetry_store_down_seconds')).toBe(0);
    expect(await figure(again, 'telemetry_dropped_total')).toBe(0);
    const series = await influx.query('SHOW SERIES FROM "electric"', 'meterwall');
    expect(series[0]?.values, 'one series a meter').toHaveLength(METERS);
    const [meterId = 0] = ids;
    const trend = await apiAgain.call(getTrend, {
      params: { meterId },
      query: { quantity: 'energyWh', from: hoursAgo(1), to: hoursAgo(-1), resolution: 'raw' },
    });
    const shown = trend.points.map(({ at }) => `${meterId} ${Date.parse(at)}`);
    const ofMeter = [...answered].filter((one) => one.startsWith(`${meterId} `));
    expect(shown, 'the trend shows all of it').toEqual(expect.arrayContaining(ofMeter));
    expect(await again.end('SIGTERM')).toMatchObject({ code: 0 });
  });

  test('InfluxDB that is away from the start: the server serves; what passes the bound of the disk is counted and told', {
    timeout: 240_000,
  }, async () => {
    const influx = await startInflux();
    onTestFinished(() => influx.stop());
    await influx.kill();
    // The past of the demonstration fills a megabyte at once.
    const system = await newSite().start({ PLANT: 'demo', INFLUX_URL: influx.url, SPOOL_MB: '1' });
    const api = await system.signIn();
    await until(
      'the bound is reached',
      90_000,
      async () => (await figure(system, 'telemetry_spool_dropped_total')) > 0,
    );
    expect(await figure(system, 'telemetry_spool_bytes')).toBeLessThanOrEqual(
      await figure(system, 'telemetry_spool_bytes_max'),
    );
    expect(await figure(system, 'telemetry_dropped_total')).toBeGreaterThan(0);
    await until('both are told', 90_000, async () => {
      const { items } = await api.call(listAlarms, { query: { state: 'open', limit: 1_000 } });
      const kinds = items.filter(({ source }) => source.kind === 'platform').map(({ kind }) => kind);
      return kinds.includes('storeDown') && kinds.includes('spoolFull');
    });
    await influx.restart();
    await until('what waited is written', DRAINED_WITHIN_MS, async () => {
      const waiting = await figure(system, 'telemetry_spool_records');
      return waiting === 0 && (await figure(system, 'telemetry_written_total')) > 0;
    });
    await until('the store is no alarm any more', 60_000, async () => {
      const { items } = await api.call(listAlarms, { query: { state: 'open', limit: 1_000 } });
      return !items.some(({ kind }) => kind === 'storeDown');
    });
  });
});

/** Reads every meter over its line, four at a time. */
async function readAll(api: Api, ids: readonly number[], answered: Answered): Promise<void> {
  const waiting = [...ids];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const { readAt } = await api.call(readMeter, { params: { meterId: id } });
        answered.add(`${id} ${Date.parse(readAt ?? '')}`);
      }
    }),
  );
}

async function holds(influx: Influx, answered: Answered): Promise<boolean> {
  const series = await influx.query('SELECT "energy_wh" FROM "electric" GROUP BY "meter_id"', 'meterwall');
  const held = new Set(series.flatMap(({ tags, values }) => values.map(([at]) => `${tags?.['meter_id']} ${at}`)));
  return [...answered].every((reading) => held.has(reading));
}

async function figure(system: RunningSystem, name: string): Promise<number> {
  const text = await (await fetch(`${system.url}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`no figure ${name}`);
  return Number(value);
}

function hoursAgo(hours: number): string {
  return new Date(Date.now() - hours * 3_600_000).toISOString();
}
