import { expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import { type Correcting, correctSegments, type HeldSegment } from '#domain/settlement/correction.ts';
import type { PriceSpan } from '#domain/settlement/pricing.ts';
import { modulusOf, type RegisterPoint } from '#domain/settlement/register.ts';
import type { TariffBody } from '#domain/tariff/types.ts';

const calendar = zonedCalendar('UTC');
const at = (text: string) => Date.parse(`2025-${text}:00Z`);
const read = (text: string, value: bigint): RegisterPoint => ({ atMs: at(text), value, estimated: false });
const JUNE = at('06-01T00:00');
const JULY = at('07-01T00:00');

/** What has been used in the only tier period that there is. */
function counted(used: bigint) {
  const count = { used };
  return {
    count,
    tiers: {
      used: () => count.used,
      add(_tariff: number, _period: string, _start: number, more: bigint) {
        count.used += more;
      },
    },
  };
}
const span = (body: TariffBody): PriceSpan => ({
  fromMs: JUNE,
  toMs: at('08-01T00:00'),
  tariffId: 1,
  versionId: 7,
  body,
});
const held = (from: string, monthMs: number, delta: bigint, lines: HeldSegment['lines'] = []): HeldSegment => ({
  ...{ fromMs: at(from), monthMs, versionId: 7, delta, lines },
});
const base = {
  ...{ calendar, dayLists: new Map(), slackMs: 0, saidAtMs: undefined, reads: [] },
  limits: { modulus: modulusOf(6, 1n), maxPower: 55_200n, marginPpt: 1_200n },
};
const linesOf = (correcting: Correcting) => {
  const found = correctSegments(correcting);
  if (found.kind !== 'corrected') return found.kind;
  return found.lines.map(({ monthMs, label, quantity, parts }) => ({
    month: monthMs === JUNE ? 6 : 7,
    label,
    quantity,
    parts,
  }));
};
const STEPS = {
  period: 'year',
  steps: [
    { upTo: 10_000n, price: 1n },
    { upTo: undefined, price: 3n },
  ],
} as const;

test('what a year only moves from one month to the next costs the same in both', () => {
  const { count, tiers } = counted(40_000n);
  const correcting = {
    ...{ ...base, tiers, spans: [span({ kind: 'stepped', steps: STEPS })] },
    ...{ from: read('06-30T23:00', 0n), to: read('07-01T01:00', 4_000n), toValueBefore: 4_000n, cutsMs: [JULY] },
    before: [held('06-30T23:00', JUNE, 2_000n), held('07-01T00:00', JULY, 2_000n)],
    reads: [read('07-01T00:00', 3_500n)],
  };
  expect(linesOf(correcting)).toEqual([
    { month: 7, label: 'step2', quantity: -1_500n, parts: -4_500n },
    { month: 6, label: 'step2', quantity: 1_500n, parts: 4_500n },
  ]);
  expect(count.used).toBe(40_000n);
});

test('less than was counted gives back the highest steps, over their limit', () => {
  const { count, tiers } = counted(11_000n);
  const correcting = {
    ...{ ...base, tiers, spans: [span({ kind: 'stepped', steps: STEPS })], cutsMs: [] },
    ...{ from: read('06-10T00:00', 0n), to: read('06-10T01:00', 3_000n), toValueBefore: 6_000n },
    before: [held('06-10T00:00', JUNE, 6_000n)],
  };
  expect(linesOf(correcting)).toEqual([
    { month: 6, label: 'step1', quantity: -2_000n, parts: -2_000n },
    { month: 6, label: 'step2', quantity: -1_000n, parts: -3_000n },
  ]);
  expect(count.used).toBe(8_000n);
});

test('prices by the hour move by the reads, what steps add by the sum', () => {
  const { count, tiers } = counted(9_000n);
  const table = Array.from({ length: 96 }, (_, slot) => (slot < 32 ? ('valley' as const) : ('peak' as const)));
  const body: TariffBody = {
    ...{ kind: 'timeOfUse', prices: { sharp: 9n, peak: 2n, flat: 9n, valley: 1n, deepValley: 9n } },
    ...{ days: { tables: [table], rules: [{ table: 0 }] }, steps: STEPS },
  };
  const line = (label: string, price: bigint, quantity: bigint) => ({
    ...{ label, component: '', price, quantity, parts: price * quantity },
  });
  const correcting = {
    ...{ ...base, tiers, spans: [span(body)], cutsMs: [] },
    ...{ from: read('06-10T07:00', 0n), to: read('06-10T09:00', 6_000n), toValueBefore: 4_000n },
    before: [
      held('06-10T07:00', JUNE, 4_000n, [
        line('valley', 1n, 2_000n),
        line('peak', 2n, 2_000n),
        line('step1', 1n, 4_000n),
      ]),
    ],
    reads: [read('06-10T08:00', 1_000n)],
  };
  expect(linesOf(correcting)).toEqual([
    { month: 6, label: 'valley', quantity: -1_000n, parts: -1_000n },
    { month: 6, label: 'peak', quantity: 3_000n, parts: 6_000n },
    { month: 6, label: 'step1', quantity: 1_000n, parts: 1_000n },
    { month: 6, label: 'step2', quantity: 1_000n, parts: 3_000n },
  ]);
  expect(count.used).toBe(11_000n);
});

test('with the same reads there is nothing to correct', () => {
  const { tiers } = counted(4_000n);
  const correcting = {
    ...{ ...base, tiers, spans: [span({ kind: 'single', price: 2n })], cutsMs: [] },
    ...{ from: read('06-10T00:00', 0n), to: read('06-10T02:00', 4_000n), toValueBefore: 4_000n },
    before: [
      held('06-10T00:00', JUNE, 4_000n, [
        { label: 'energy', component: '', price: 2n, quantity: 4_000n, parts: 8_000n },
      ]),
    ],
    reads: [read('06-10T01:00', 3_000n)],
  };
  expect(linesOf(correcting)).toBe('unchanged');
  expect(linesOf({ ...correcting, spans: [] })).toBe('unpriced');
});
