import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LineHealth } from '#drivers/core/index.ts';
import { silentLog } from '#server/platform/log.ts';
import type { TelemetryRecord } from '#server/platform/telemetry/index.ts';
import { createPlatformRecords, type PlatformRecords, RECORDS_EVERY_MS } from '#server/platformRecords.ts';
import { HOUSE_START_MS, type House, openHouse } from '../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 15 * 60_000;

/** A store that has been away for a while. */
const STORE = {
  queued: 5,
  written: 900,
  dropped: 2,
  spool: { records: 3, items: 3, bytes: 4_096, maxBytes: 8_192, droppedRecords: 1, droppedItems: 6 },
};

let database: TestDatabase;
let house: House;
let records: PlatformRecords;
let rounds: (readonly TelemetryRecord[])[];
/** Lines that are run, with what they say of themselves. */
let lines: Map<number, LineHealth>;

beforeEach(async () => {
  database = await createTestDatabase();
  house = await openHouse(database);
  rounds = [];
  lines = new Map();
  records = recordsFor(true);
  records.start();
});
afterEach(async () => {
  await records.stop();
  await house.close();
  await database.drop();
});

function recordsFor(keepsRecords: boolean): PlatformRecords {
  const { estate, metering, alarms, telemetry, clock } = house;
  return createPlatformRecords({
    estate,
    metering,
    alarms,
    telemetry: {
      keepsRecords,
      load: (query) => telemetry.load(query),
      figures: () => ({ ...telemetry.figures(), ...STORE }),
      note: (round) => rounds.push(round),
    },
    acquisition: { queued: () => 7, health: (lineId) => lines.get(lineId) },
    live: { figures: () => ({ sockets: 3 }) },
    clock,
    log: silentLog,
  });
}

/** The next round of figures. The timer's work is a promise: it has run when the stack is empty. */
async function nextRound(): Promise<readonly TelemetryRecord[]> {
  const before = rounds.length;
  house.pass(RECORDS_EVERY_MS / 1_000);
  await new Promise(setImmediate);
  expect(rounds.length).toBe(before + 1);
  return rounds.at(-1) ?? [];
}
const estateOf = (round: readonly TelemetryRecord[], property: string) =>
  round.find(({ measurement, tags }) => measurement === 'estate' && tags['property'] === property);

test('an estate is counted by its display states, as the wall counts it', async () => {
  house.take(
    house.reading('a1', { values: { activePowerW: 1_500 } }),
    house.reading('a2', { status: { relay: 'closed', forced: 'none', money: 'alarm2', overLimit: false } }),
    house.reading('b1', { status: { relay: 'open', forced: 'none', money: 'arrears', overLimit: false } }),
    house.reading('feeder', { values: { activePowerW: 90_000 } }),
  );
  // Alarms count once they are stored.
  await house.settle();
  const mall = estateOf(await nextRound(), 'mall');
  expect(mall).toEqual({
    measurement: 'estate',
    atMs: HOUSE_START_MS + RECORDS_EVERY_MS,
    tags: { property_id: String(house.propertyId('mall')), property: 'mall' },
    fields: {
      lost: 0,
      not_opened: 1,
      arrears: 1,
      alarm2: 1,
      alarm1: 0,
      opened: 2,
      online: 4,
      late: 1,
      // a1 and the 1,000 W of a2 and b1; the feeder above them would count the same watts twice.
      load_w: 3_500,
      alarms_open: 2,
      alarms_unacknowledged: 2,
      gateways_down: 0,
      readings_per_s: 0.4,
    },
  });
});

test('what was read is told as a rate, and as nothing when nothing comes', async () => {
  house.take(house.reading('a1'), house.reading('a2'));
  house.take(house.reading('o1'));
  const first = await nextRound();
  expect(estateOf(first, 'mall')?.fields['readings_per_s']).toBe(0.2);
  expect(estateOf(first, 'office')?.fields['readings_per_s']).toBe(0.1);
  expect(estateOf(await nextRound(), 'mall')?.fields['readings_per_s']).toBe(0);
});

test('a gateway with two dead lines is one gateway down, in its own property', async () => {
  for (const [code, line] of [['GW-1', '1'] as const, ['GW-1', '2'] as const]) house.line(code, line, 'down');
  house.line('GW-2', '1', 'up');
  const round = await nextRound();
  expect(estateOf(round, 'mall')?.fields['gateways_down']).toBe(1);
  expect(estateOf(round, 'office')?.fields['gateways_down']).toBe(0);
});

test('the load of earlier days stands beside that of now', async () => {
  const quarterMs = Math.floor(HOUSE_START_MS / QUARTER_MS) * QUARTER_MS;
  const point = (meterNumber: string, atMs: number, activePowerW: number) => ({
    meterId: house.meterId(meterNumber),
    atMs,
    values: { activePowerW },
    balanceMinor: undefined,
  });
  house.telemetry.write([
    point('a1', quarterMs - DAY_MS, 4_000),
    point('b1', quarterMs - DAY_MS, 500),
    point('feeder', quarterMs - DAY_MS, 60_000),
    // What keeps half hours has nothing in every other quarter.
    point('a1', quarterMs - QUARTER_MS - 7 * DAY_MS, 2_500),
  ]);
  await house.telemetry.settle();
  expect(estateOf(await nextRound(), 'mall')?.fields).not.toHaveProperty('load_yesterday_w');
  await records.settled();
  const known = await nextRound();
  expect(estateOf(known, 'mall')?.fields).toMatchObject({ load_yesterday_w: 4_500, load_week_ago_w: 2_500 });
  expect(estateOf(known, 'office')?.fields).not.toHaveProperty('load_yesterday_w');
});

test('a past that is filled in later is asked for again, a minute later', async () => {
  await nextRound();
  await records.settled();
  const point = { meterId: house.meterId('a1'), atMs: HOUSE_START_MS - DAY_MS, values: { activePowerW: 700 } };
  house.telemetry.write([{ ...point, balanceMinor: undefined }]);
  await house.telemetry.settle();
  await nextRound();
  await records.settled();
  expect(estateOf(await nextRound(), 'mall')?.fields).not.toHaveProperty('load_yesterday_w');
  for (let round = 0; round < 6; round++) await nextRound();
  await records.settled();
  expect(estateOf(await nextRound(), 'mall')?.fields).toMatchObject({ load_yesterday_w: 700 });
});

test('for a store that keeps no figures none are taken', async () => {
  await records.stop();
  records = recordsFor(false);
  records.start();
  house.pass(60);
  await new Promise(setImmediate);
  expect(rounds).toEqual([]);
});

test('a line tells its cycle and its counters; a line that is not run tells nothing', async () => {
  const lineId = house.lineId('GW-1', '2');
  lines.set(lineId, healthOf(lineId, house.gatewayId('GW-1')));
  house.line('GW-1', '2', 'up');
  const told = (await nextRound()).filter(({ measurement }) => measurement === 'line');
  expect(told).toEqual([
    {
      measurement: 'line',
      atMs: HOUSE_START_MS + RECORDS_EVERY_MS,
      tags: { line: String(lineId), gateway: 'GW-1', property_id: String(house.propertyId('mall')), property: 'mall' },
      fields: {
        cycle_ms: 2_100,
        cycle_limit_ms: 1_900,
        requests: 50,
        replies: 47,
        timeouts: 2,
        crc_errors: 1,
        lost_to_silence_ms: 1_200,
        overruns: 4,
        quarantined: 1,
        up: 1,
      },
    },
  ]);
});

test('the platform tells what it costs and what waits', async () => {
  house.take(house.reading('a1'));
  const platform = (await nextRound()).filter(({ measurement }) => measurement === 'platform');
  expect(platform).toHaveLength(1);
  expect(platform[0]?.tags).toEqual({});
  const { fields = {} } = platform[0] ?? {};
  expect(fields).toMatchObject({
    ingest_queue: 7,
    telemetry_queued: 5,
    telemetry_written: 900,
    telemetry_dropped: 2,
    spool_bytes: 4_096,
    spool_dropped: 6,
    sockets: 3,
  });
  for (const name of ['rss_bytes', 'heap_bytes', 'cpu_share', 'event_loop_p99_ms']) {
    expect.soft(fields[name], name).toBeGreaterThanOrEqual(0);
  }
  expect(fields['rss_bytes']).toBeGreaterThan(fields['heap_bytes'] ?? Number.NaN);
});

test('a store that cannot tell the past takes nothing from the present', async () => {
  await database.drop();
  house.take(house.reading('a1'));
  expect(estateOf(await nextRound(), 'mall')?.fields['load_w']).toBe(1_000);
  await records.settled();
  expect(estateOf(await nextRound(), 'mall')?.fields).not.toHaveProperty('load_yesterday_w');
  database = await createTestDatabase();
});

function healthOf(lineId: number, gatewayId: number): LineHealth {
  return {
    lineId,
    gatewayId,
    startedMs: HOUSE_START_MS,
    serial: { baud: 9600, parity: 'none', stopBits: 1 },
    responseTimeoutMs: 500,
    turnaroundMs: 20,
    link: 'up',
    linkSinceMs: HOUSE_START_MS,
    linkReason: 'test',
    cycleMs: 2_100,
    cycleLimitMs: 1_900,
    requests: 50,
    replies: 47,
    timeouts: 2,
    crcErrors: 1,
    frameErrors: 0,
    exceptions: 0,
    lateReplies: 0,
    reconnects: 0,
    overruns: 4,
    queueDepth: 0,
    busyMs: 9_000,
    lostToSilenceMs: 1_200,
    quarantined: 1,
    meters: [],
  };
}
