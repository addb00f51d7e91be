import { afterAll, beforeAll, expect, test } from 'vitest';
import { getTrend, getTrends, type Trend, type Trends } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

const MINUTE_MS = 60_000;
const NUMBERS = ['a1', 'a2', 'b1'];
const fromMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 200 * MINUTE_MS;
const DAY_MS = 1_440 * MINUTE_MS;
const ZONE_MS = 8 * 60 * MINUTE_MS;
/** From a midnight of the property on: where a range begins within a day, a trend of days leaves that day out. */
const midnightMs = Math.floor((fromMs + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS;
const range = { from: new Date(midnightMs).toISOString(), to: new Date(fromMs + 199 * MINUTE_MS).toISOString() };

let house: HouseServer;
beforeAll(async () => {
  house = await startHouseServer();
  // Not a1 alone, and b1 only in part of the time: there are gaps.
  for (let minute = 0; minute < 198; minute += 7) {
    const atMs = fromMs + minute * MINUTE_MS;
    const reading = (number: string, activePowerW: number) =>
      house.reading(number, { atMs, receivedMs: atMs, values: { activePowerW } });
    house.take(reading('a1', 100 + minute), reading('a2', 5_000 - minute * minute));
    if (minute < 60) house.take(reading('b1', minute));
  }
  await house.server.app.measuring.telemetry.settle();
});
afterAll(() => house.stop());

const ask = (client: Client, meterIds: readonly number[] | string, query: Record<string, string> = {}) => {
  const asked = { meterIds: String(meterIds), quantity: 'activePowerW', ...range, ...query };
  return client.request('GET', `${getTrends.path}?${new URLSearchParams(asked).toString()}`);
};

test.for(['15m', '30m', '1h', '1d'])('in steps of %s each meter has what its own trend has', async (resolution) => {
  const ids = NUMBERS.map((number) => house.meterId(number));
  const { status, body } = await ask(house.boss, ids, { resolution });
  expect(status).toBe(200);
  const { meters, at } = body as Trends;
  expect(meters.map(({ meterId }) => meterId)).toEqual(ids);
  for (const { meterId, mean, min, max, last } of meters) {
    const path = getTrend.path.replace(':meterId', String(meterId));
    const query = new URLSearchParams({ quantity: 'activePowerW', ...range, resolution });
    const own = (await house.boss.request('GET', `${path}?${query.toString()}`)).body as Trend;
    const points = at.map((start, index) => ({
      at: start,
      ...{ mean: mean[index], min: min[index], max: max[index], last: last[index] },
    }));
    expect(points.filter((point) => point.mean !== null)).toEqual(own.points);
    expect(own.points.length).toBeGreaterThan(0);
  }
});

test('a meter out of reach is not there, whoever stands beside it', async () => {
  const guest = await house.userWith('operator', 'building', 'B');
  const [a1, , b1] = NUMBERS.map((number) => house.meterId(number));
  expect((await ask(guest, [b1 ?? 0])).status).toBe(200);
  expect((await ask(guest, [b1 ?? 0, a1 ?? 0])).status).toBe(404);
  expect((await ask(house.boss, [b1 ?? 0, 999_999])).status).toBe(404);
});

test.for<[what: string, meterIds: string, query: Record<string, string>, field: string]>([
  ['no id', 'one', {}, 'meterIds'],
  ['too many ids', Array.from({ length: 501 }, (_, index) => index + 1).join(), {}, 'meterIds'],
  ['no such quantity', '', { quantity: 'warmth' }, 'quantity'],
  ['a range that runs backwards', '', { to: range.from }, 'to'],
  ['more than the store gives', '', { from: '2020-01-01T00:00:00Z' }, 'meterIds'],
  ['minutes', '', { resolution: '1m' }, 'resolution'],
])('%s is told', async ([, meterIds, query, field]) => {
  const { status, body } = await ask(house.boss, meterIds === '' ? [house.meterId('a1')] : meterIds, query);
  expect(status).toBe(400);
  expect(body).toMatchObject({ code: 'request.invalid', details: [{ field }] });
});
