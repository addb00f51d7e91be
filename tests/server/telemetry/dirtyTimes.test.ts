import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { DirtyTimes } from '#server/platform/telemetry/influx/dirtyTimes.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, NOON, shanghai } from './laws.ts';

const QUARTER_MS = 15 * MINUTE_MS;
const zones = [{ calendar: shanghai, meterIds: [1] }];

let folder: string;
let path: string;
const open = (nowMs = NOON) => DirtyTimes.open(path, nowMs, silentLog);
/** As on a machine where all was rolled up. */
const openClean = async () => {
  writeFileSync(path, '{"quarters":[],"days":[]}');
  return open();
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterwall-dirty-'));
  path = join(folder, 'influx-rollups.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a quarter hour that was marked is dirty after a kill, whatever became of its readings', async () => {
  const dirty = await openClean();
  await dirty.mark([NOON - HOUR_MS]);
  expect((await open()).firstQuarterMs(NOON)).toBe(NOON - HOUR_MS);
});

test('a quarter hour that is written into while it is computed stays dirty', async () => {
  const dirty = await openClean();
  await dirty.mark([NOON - HOUR_MS, NOON - 2 * HOUR_MS]);
  const run = dirty.nextRun(NOON, 8);
  if (run === undefined) throw new Error('nothing to do');
  await dirty.mark([NOON - HOUR_MS]);
  await dirty.quartersDone(run, zones);
  expect(dirty.firstQuarterMs(NOON)).toBe(NOON - HOUR_MS);
  expect((await open()).firstQuarterMs(NOON)).toBe(NOON - HOUR_MS);
});

test('a run is of neighbours that are over', async () => {
  const dirty = await openClean();
  await dirty.mark([NOON - 3 * DAY_MS, NOON - HOUR_MS, NOON - HOUR_MS + QUARTER_MS, NOON - QUARTER_MS]);
  const [first, second] = [dirty.nextRun(NOON, 8), dirty.nextRun(NOON + MINUTE_MS, 8)];
  expect(first).toMatchObject({ fromMs: NOON - 3 * DAY_MS, toMs: NOON - 3 * DAY_MS + QUARTER_MS });
  if (second !== undefined) await dirty.quartersDone(second, zones);
  const last = dirty.nextRun(NOON, 8);
  expect(last).toMatchObject({ fromMs: NOON - HOUR_MS, toMs: NOON - HOUR_MS + 2 * QUARTER_MS });
});

test('the day of a computed quarter hour is dirty, until it is over and done', async () => {
  const dirty = await openClean();
  const day = shanghai.startOfDay(NOON - DAY_MS);
  await dirty.mark([day, NOON - HOUR_MS]);
  for (let run = dirty.nextRun(NOON, 8); run !== undefined; run = dirty.nextRun(NOON, 8)) {
    await dirty.quartersDone(run, zones);
  }
  const again = await open();
  expect(again.firstDayMs('Asia/Shanghai')).toBe(day);
  const [zone] = zones;
  if (zone === undefined) throw new Error('no zone');
  expect(again.daysOver(zone, NOON)).toEqual([{ timeZone: 'Asia/Shanghai', atMs: day }]);
  await again.dayDone({ timeZone: 'Asia/Shanghai', atMs: day });
  expect((await open()).firstDayMs('Asia/Shanghai')).toBe(shanghai.startOfDay(NOON));
});

describe('without a file that can be read', () => {
  test.for(['', 'half a fi', '{"quarters":["x"],"days":[]}', '{}'])('(%j) the last day is dirty', async (text) => {
    writeFileSync(path, text);
    expect((await open()).firstQuarterMs(NOON)).toBe(NOON - DAY_MS);
  });
});

test('a disk that fails costs no reading', async () => {
  const dirty = await openClean();
  rmSync(folder, { recursive: true });
  await dirty.mark([NOON]);
  expect(dirty.nextRun(NOON + HOUR_MS, 8)).toBeDefined();
});
