// @vitest-environment node
import { expect, test } from 'vitest';
import type { TrendSample } from '../../../web/charts/trendSeries.ts';
import { clockDeviationS } from '../../../web/features/meter/meterClock.ts';
import { resolutionsFor, tabsFor } from '../../../web/features/meter/trendRanges.ts';
import { type FetchedTrend, tableText, trendView } from '../../../web/features/meter/trendView.ts';

const HOUR_MS = 3_600_000;
const T0 = Date.parse('2026-12-04T00:00:00Z');
const sample = (hour: number, value: number): TrendSample => ({
  atMs: T0 + hour * HOUR_MS,
  mean: value,
  min: value,
  max: value,
  last: value,
});
const options = { timeZone: 'Asia/Shanghai', unit: 'kWh', limitW: 12_000, limitLabel: 'limit', before: true };
const names = { quantity: (quantity: string) => quantity, before: (quantity: string) => `${quantity} before` };
const fetched = (change: Partial<FetchedTrend>): FetchedTrend => ({
  tab: 'energy',
  range: { fromMs: T0, toMs: T0 + 4 * HOUR_MS },
  series: [{ quantity: 'energyWh', resolution: '1h', samples: [] }],
  before: [],
  energy: undefined,
  energyBefore: undefined,
  bornMs: 0,
  ...change,
});

test('the counter before the range feeds its first bar and is no bar itself', () => {
  const samples = [-1, 0, 1, 2, 3].map((hour) => sample(hour, 10_000 + hour * 500));
  const view = trendView(fetched({ series: [{ quantity: 'energyWh', resolution: '1h', samples }] }), options, names);
  expect(view.rows).toEqual([0, 1, 2, 3].map((hour) => ({ atMs: T0 + hour * HOUR_MS, values: [0.5] })));
  expect(view.measured).toBe(4);
  expect(view.model.limit).toBeUndefined();
});

test('the period before lies under the present one', () => {
  const view = trendView(
    fetched({
      tab: 'power',
      series: [{ quantity: 'activePowerW', resolution: '1h', samples: [sample(0, 2_000), sample(1, 3_000)] }],
      before: [{ quantity: 'activePowerW', resolution: '1h', samples: [sample(-4, 1_000), sample(-3, 1_500)] }],
    }),
    { ...options, unit: 'kW' },
    names,
  );
  expect(view.model.lines.map(({ style, points }) => [style, points])).toEqual([
    [
      'main',
      [
        [T0, 2],
        [T0 + HOUR_MS, 3],
      ],
    ],
    [
      'previous',
      [
        [T0, 1],
        [T0 + HOUR_MS, 1.5],
      ],
    ],
  ]);
  expect(view.model.limit).toEqual({ value: 12, label: 'limit' });
  expect(view.rows).toEqual([
    { atMs: T0, values: [2, 1] },
    { atMs: T0 + HOUR_MS, values: [3, 1.5] },
  ]);
});

test('every phase has its period before, in the row of the same position; what stands beside nothing has its own row', () => {
  const one = (quantity: string, ...samples: readonly TrendSample[]) => ({ quantity, resolution: '1h', samples });
  const trend = fetched({
    tab: 'voltage',
    series: [one('voltageL1V', sample(0, 230), sample(1.1, 231)), one('voltageL2V', sample(0, 229))],
    before: [one('voltageL1V', sample(-4, 220), sample(-3, 221), sample(-1, 222)), one('voltageL2V', sample(-4, 219))],
  });
  const view = trendView(trend, options, names);
  expect(view.model.lines.map(({ name, style }) => [name, style])).toEqual([
    ['voltageL1V', 'main'],
    ['voltageL2V', 'second'],
    ['voltageL1V before', 'previous'],
    ['voltageL2V before', 'previousSecond'],
  ]);
  expect(view.rows).toEqual([
    { atMs: T0, values: [230, 229, 220, 219] },
    { atMs: T0 + 1.1 * HOUR_MS, values: [231, null, 221, null] },
    { atMs: T0 + 3 * HOUR_MS, values: [null, null, 222, null] },
  ]);
  expect(trendView(trend, { ...options, before: false }, names).rows[0]).toEqual({ atMs: T0, values: [230, 229] });
});

test('nothing is missing before the meter was there', () => {
  const samples = [sample(3, 1)];
  const bornMs = T0 + 3 * HOUR_MS;
  const young = trendView(
    fetched({ tab: 'voltage', bornMs, series: [{ quantity: 'voltageL1V', resolution: '1h', samples }] }),
    options,
    names,
  );
  expect(young.model.gaps).toEqual([]);
  expect([young.measured, young.expected]).toEqual([1, 1]);
  const old = trendView(
    fetched({ tab: 'voltage', series: [{ quantity: 'voltageL1V', resolution: '1h', samples }] }),
    options,
    names,
  );
  expect(old.model.gaps).toEqual([{ fromMs: T0, toMs: T0 + 3 * HOUR_MS }]);
  expect([old.measured, old.expected]).toEqual([1, 4]);
});

test('the energy of half a period before is not compared', () => {
  const energyBefore = [sample(-2, 0), sample(0, 900)];
  expect(trendView(fetched({ energyBefore }), options, names).energyBeforeWh).toBeNull();
});

test('a copied table leaves unknown cells empty', () => {
  const rows = [{ atMs: T0, values: [1.5, null] }];
  expect(tableText(['t', 'a', 'b'], rows, () => '00:00')).toBe('t\ta\tb\n00:00\t1.5\t');
  const withPlan = tableText(
    ['t', 'a', 'b', 'plan'],
    rows,
    () => '00:00',
    () => 'Peak 0.9',
  );
  expect(withPlan).toBe('t\ta\tb\tplan\n00:00\t1.5\t\tPeak 0.9');
});

test('a meter without a balance has no balance tab; energy starts at wider buckets than power', () => {
  expect(tabsFor(['activePowerW', 'energyWh', 'voltageL1V'], false)).toEqual(['power', 'energy', 'voltage']);
  expect(tabsFor(['activePowerW'], true)).toEqual(['power', 'balance']);
  expect(resolutionsFor('energy', 'day')[0]).toBe('1h');
  expect(resolutionsFor('power', 'day')[0]).toBe('15m');
});

test("the meter's clock is compared on the property's clock", () => {
  expect(clockDeviationS('2026-12-04T08:00:12Z', '2026-12-04T00:00:00Z', 'Asia/Shanghai')).toBe(12);
  expect(clockDeviationS('2026-12-04T07:59:00Z', '2026-12-04T00:00:00Z', 'Asia/Shanghai')).toBe(-60);
});
