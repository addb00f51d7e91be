import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { openSpool } from '#server/platform/spool/index.ts';
import { type InfluxSettings, openInfluxTelemetry, type Telemetry } from '#server/platform/telemetry/index.ts';
import { type FakeInfluxV2, type FakeInfluxV2Options, startFakeInfluxV2 } from '../../support/fakeInfluxV2.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';
import { DAY_MS, MINUTE_MS, minutes, NOON, point } from './laws.ts';

const TOKEN = 'only-in-tests';
const PATIENT = { timeout: 10_000, interval: 20 };

let clock: ManualClock;
let folder: string;

beforeEach(() => {
  clock = manualClock(NOON);
  folder = mkdtempSync(join(tmpdir(), 'meterwall-telemetry-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function start(options: Partial<FakeInfluxV2Options> = {}): Promise<FakeInfluxV2> {
  const fake = await startFakeInfluxV2({ org: 'acme & sons', token: TOKEN, ...options });
  onTestFinished(() => fake.stop());
  return fake;
}

async function open(
  fake: FakeInfluxV2,
  change: Partial<Extract<InfluxSettings, { version: 2 }>> = {},
  retentionDays = 30,
): Promise<Telemetry> {
  const spool = await openSpool({ dir: join(folder, 'spool'), maxBytes: 1_000_000, log: silentLog });
  onTestFinished(() => spool.close());
  return openInfluxTelemetry({
    settings: { version: 2, url: fake.url, name: 'meterwall', org: 'acme & sons', token: TOKEN, ...change },
    clock,
    log: silentLog,
    retentionDays,
    zones: () => [],
    describe: () => undefined,
    descriptionsVersion: () => 1,
    folder,
    spool,
  });
}

const rows = minutes(1, NOON - 5 * MINUTE_MS, 5);
const linesOf = (fake: FakeInfluxV2): readonly string[] => fake.buckets.get('meterwall')?.lines ?? [];

describe('InfluxDB 2', () => {
  test('gets buckets with their retention, mappings for InfluxQL, and lines with the token', async () => {
    const fake = await start();
    const telemetry = await open(fake);
    telemetry.write(rows.slice(0, 1));
    await telemetry.flush();
    const seconds = [...fake.buckets].map(([name, { retentionRules }]) => [name, retentionRules[0]?.everySeconds]);
    expect(seconds).toEqual([
      ['meterwall', (30 * DAY_MS) / 1_000],
      ['meterwall_rollup', undefined],
    ]);
    expect([...fake.mapped]).toEqual(['meterwall', 'meterwall_rollup']);
    expect(fake.writes).toEqual([
      {
        path: '/api/v2/write?org=acme%20%26%20sons&bucket=meterwall&precision=ms',
        authorization: `Token ${TOKEN}`,
      },
    ]);
    expect(linesOf(fake)).toEqual([
      `electric,meter_id=1 active_power_w=1000,energy_wh=5000000000000 ${NOON - 5 * MINUTE_MS}`,
    ]);
    await telemetry.close();
  });

  test('that was set up with an empty bucket gets its retention; one that others fill keeps its own', async () => {
    const fake = await start({ buckets: ['meterwall', 'shared'] });
    fake.buckets.get('shared')?.lines.push('cpu value=1');
    await (await open(fake)).close();
    expect(fake.buckets.get('meterwall')?.retentionRules).toEqual([{ type: 'expire', everySeconds: 2_592_000 }]);
    await (await open(fake, { name: 'shared' })).close();
    expect(fake.buckets.get('shared')?.retentionRules).toEqual([]);
    expect(fake.mapped).toContain('shared');
  });

  test.for<[string, Partial<Extract<InfluxSettings, { version: 2 }>>, RegExp]>([
    ['a wrong token', { token: 'wrong' }, /^INFLUX_TOKEN is not accepted by the InfluxDB of INFLUX_URL=\S+\.$/],
    ['an unknown organisation', { org: 'nobody' }, /^INFLUX_ORG=nobody is not there at INFLUX_URL=.*\.$/],
  ])('%s stops the start with a sentence', async ([, change, sentence]) => {
    await expect(open(await start(), change)).rejects.toThrow(sentence);
  });

  test('settings of 2 at an InfluxDB 3 stop the start with a sentence', async () => {
    const fake = await start({ version: '3.1.0' });
    await expect(open(fake)).rejects.toThrow(/^INFLUX_URL=\S+ is InfluxDB 3\.1\.0, .* set INFLUX_TOKEN .*\.$/);
  });
});

test('a quarter hour is known on disk before its first reading is sent', async () => {
  const fake = await start();
  const file = join(folder, 'influx-rollups.json');
  writeFileSync(file, '{"quarters":[],"days":[]}');
  const telemetry = await open(fake);
  let known = '';
  fake.refuseNext(() => {
    known = readFileSync(file, 'utf8');
    return undefined;
  });
  telemetry.write([point(1, NOON, { activePowerW: 1 })]);
  await telemetry.flush();
  expect(JSON.parse(known).quarters).toEqual([NOON]);
  await telemetry.close();
});

test('InfluxDB 3 gets databases with their retention, and lines with the token', async () => {
  const fake = await start({ version: '3.1.0' });
  const spool = await openSpool({ dir: join(folder, 'spool'), maxBytes: 1_000_000, log: silentLog });
  const telemetry = await openInfluxTelemetry({
    settings: { version: 3, url: fake.url, name: 'meterwall', token: TOKEN },
    ...{ clock, log: silentLog, retentionDays: 30, zones: () => [], folder, spool },
    ...{ describe: () => undefined, descriptionsVersion: () => 1 },
  });
  telemetry.write(rows);
  await telemetry.flush();
  expect(fake.buckets.get('meterwall')?.retentionRules[0]?.everySeconds).toBe((30 * DAY_MS) / 1_000);
  expect(fake.buckets.get('meterwall_rollup')?.retentionRules).toEqual([]);
  expect(fake.writes).toEqual([
    { path: '/api/v2/write?bucket=meterwall&precision=ms', authorization: `Bearer ${TOKEN}` },
  ]);
  expect(linesOf(fake)).toHaveLength(rows.length);
  await telemetry.close();
});

describe('a busy InfluxDB', () => {
  test.for([
    { status: 429, headers: { 'retry-after': '40' } },
    { status: 503, headers: { 'retry-after': new Date(NOON + 41_000).toUTCString() } },
  ])('$status: nothing is sent before the time that it asks for; nothing is lost', async (refusal) => {
    const fake = await start();
    const telemetry = await open(fake);
    fake.refuseNext(refusal);
    telemetry.write(rows);
    await pass(1_000);
    await expect.poll(() => telemetry.figures().spool?.records, PATIENT).toBe(1);
    for (let second = 0; second < 38; second++) await pass(1_000);
    expect(fake.writes).toHaveLength(1);
    for (let second = 0; second < 4; second++) await pass(1_000);
    await expect.poll(() => linesOf(fake).length, PATIENT).toBe(rows.length);
    await expect.poll(() => telemetry.figures().spool?.records, PATIENT).toBe(0);
    expect(telemetry.figures()).toMatchObject({ written: rows.length, refused: 0, storeDownSinceMs: undefined });
    await telemetry.close();
  });

  test('one that fails is asked less and less often', async () => {
    const fake = await start();
    const telemetry = await open(fake);
    fake.refuseNext(...Array.from({ length: 100 }, () => ({ status: 500, body: { code: 'internal error' } })));
    telemetry.write(rows);
    for (const [failed, pauseS] of [0, 1, 2, 4, 8, 16, 30, 30].entries()) {
      await pass(Math.max(0, pauseS * 1_000 - 600));
      await nextTurn();
      expect(fake.writes, `within ${pauseS} s`).toHaveLength(failed);
      const failures = () => {
        clock.advance(500);
        return telemetry.figures().failures;
      };
      await expect.poll(failures, PATIENT).toBe(failed + 1);
    }
    await telemetry.close();
  });
});

describe('what InfluxDB 2 refuses', () => {
  test('part of a batch: those points are counted and do not come again', async () => {
    const fake = await start();
    const telemetry = await open(fake);
    fake.refuseNext({
      status: 422,
      body: { code: 'unprocessable entity', message: 'failure writing points: partial write: type conflict dropped=2' },
    });
    telemetry.write(rows);
    await telemetry.flush();
    expect(telemetry.figures()).toMatchObject({ written: 3, refused: 2, queued: 0, spool: { records: 0 } });
    await telemetry.close();
  });

  test('a batch because of one line: the others are kept', async () => {
    const fake = await start();
    const telemetry = await open(fake);
    const bad = String(NOON - 3 * MINUTE_MS);
    const pick = (lines: readonly string[]) =>
      lines.some((line) => line.endsWith(bad))
        ? { status: 400, body: { code: 'invalid', message: 'unable to parse line' } }
        : undefined;
    fake.refuseNext(...Array.from({ length: 20 }, () => pick));
    telemetry.write(rows);
    await telemetry.flush();
    expect(linesOf(fake)).toHaveLength(4);
    expect(telemetry.figures()).toMatchObject({ written: 4, refused: 1, queued: 0, spool: { records: 0 } });
    await telemetry.close();
  });

  test('a body that is too large: it comes in halves', async () => {
    const fake = await start();
    const telemetry = await open(fake);
    fake.refuseNext({ status: 413 });
    telemetry.write([...rows, point(2, NOON, { activePowerW: 1 })]);
    await telemetry.flush();
    expect(linesOf(fake)).toHaveLength(6);
    expect(fake.writes).toHaveLength(3);
    await telemetry.close();
  });
});

async function pass(ms: number): Promise<void> {
  await nextTurn();
  clock.advance(ms);
}
