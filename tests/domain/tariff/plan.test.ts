import { expect, test } from 'vitest';
import type { TariffVersion } from '#contract/tariffs.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { PLAN_SPAN_MAX_MS, planOf, planWithin } from '#domain/tariff/plan.ts';

const QUARTERS = 96;
const peakFrom = (quarter: number) =>
  Array.from({ length: QUARTERS }, (_, index) => (index < quarter ? ('valley' as const) : ('peak' as const)));
const version = (
  effectiveFrom: string,
  quarter: number,
  state: TariffVersion['state'] = 'published',
): TariffVersion => ({
  ...{ id: 1, tariffId: 1, effectiveFrom, state, prices: [], fitsMeters: true, warnings: [] },
  ...{ createdBy: 'admin', createdAt: effectiveFrom },
  body: {
    kind: 'timeOfUse',
    prices: { sharp: '1', peak: '1', flat: '1', valley: '1', deepValley: '1' },
    days: { tables: [peakFrom(quarter)], rules: [{ table: 0 }] },
  },
});
const shanghai = zonedCalendar('Asia/Shanghai');
const at = (text: string) => Date.parse(`${text}+08:00`);
const shown = (versions: readonly TariffVersion[], from: string, to: string) =>
  planOf(versions, [], shanghai, { fromMs: at(from), toMs: at(to) }).map(
    ({ fromMs, toMs, rate }) => `${rate} ${(toMs - fromMs) / 3_600_000} h`,
  );

test('periods follow the clock of the property, from edge to edge of the chart', () => {
  const versions = [version('2026-01-01T00:00:00Z', 32)];
  expect(shown(versions, '2026-11-22T07:20:00', '2026-11-23T02:00:00')).toEqual([
    `valley ${2 / 3} h`,
    'peak 16 h',
    'valley 2 h',
  ]);
});

test('the version in force counts; drafts and the time before the first one have no plan', () => {
  const versions = [
    version('2026-11-22T16:00:00Z', 0),
    version('2026-11-22T15:00:00Z', 0, 'draft'),
    version('2026-11-21T16:00:00Z', QUARTERS),
  ];
  expect(shown(versions, '2026-11-21T12:00:00', '2026-11-23T12:00:00')).toEqual(['valley 24 h', 'peak 12 h']);
});

test('over more than a month each day stands for its dearest rate, so that the seasons show', () => {
  const versions = [version('2026-02-28T16:00:00Z', QUARTERS), version('2025-01-01T00:00:00Z', 32)];
  const range = { fromMs: at('2026-01-31T12:00:00'), toMs: at('2026-03-31T12:00:00') };
  expect(range.toMs - range.fromMs).toBeGreaterThan(PLAN_SPAN_MAX_MS);
  expect(planOf(versions, [], shanghai, range)).toEqual([
    { fromMs: range.fromMs, toMs: at('2026-03-01T00:00:00'), rate: 'peak', price: '1' },
    { fromMs: at('2026-03-01T00:00:00'), toMs: range.toMs, rate: 'valley', price: '1' },
  ]);
});

test('a bucket names each rate that holds within it once, with its price', () => {
  const versions = [version('2026-01-01T00:00:00Z', 32)];
  const spans = planOf(versions, [], shanghai, { fromMs: at('2026-11-22T00:00:00'), toMs: at('2026-11-24T00:00:00') });
  const within = (from: string, to: string) => planWithin(spans, at(from), at(to));
  expect(within('2026-11-22T08:00:00', '2026-11-22T09:00:00')).toEqual([{ rate: 'peak', price: '1' }]);
  expect(within('2026-11-22T00:00:00', '2026-11-24T00:00:00').map(({ rate }) => rate)).toEqual(['valley', 'peak']);
  expect(within('2026-11-25T00:00:00', '2026-11-26T00:00:00')).toEqual([]);
});
