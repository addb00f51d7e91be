import { describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import { divideHalfUp, formatDecimal, minorOfParts, parseDecimal } from '#domain/money/amount.ts';
import { shareOut } from '#domain/money/share.ts';
import { registerDelta } from '#domain/settlement/register.ts';
import {
  type Composition,
  checkComposition,
  computedPrice,
  exactPrice,
  impliedRatio,
} from '#domain/tariff/composition.ts';
import { driftOf, meterAmountOf, meterPriceOf } from '#domain/tariff/meterPrice.ts';
import { rateConsumption, totalOf } from '#domain/tariff/rate.ts';
import { checkResale } from '#domain/tariff/resale.ts';
import type { ChargeLine, DayTables, TariffBody } from '#domain/tariff/types.ts';
import { splitPaid } from '#domain/vend/fee.ts';

/** Worked by hand and by a second program; published tables where a source is named. */
const price = (text: string) => parseDecimal(text, 8);
const kwh = (text: string) => parseDecimal(text, 3);
const minor = (text: string) => parseDecimal(text, 2);
const yuan = (amount: bigint) => formatDecimal(amount, 2);
const priced = (amount: bigint) => formatDecimal(amount, 8);
const exact = (parts: bigint) => formatDecimal(parts, 11);
/** What rounding the total alone would make of it. */
const roundedOnce = (lines: readonly ChargeLine[]) =>
  yuan(minorOfParts(lines.reduce((sum, { parts }) => sum + parts, 0n)));
const amounts = (lines: readonly ChargeLine[]) => lines.map(({ amountMinor }) => yuan(amountMinor));

const ALL_FLAT: DayTables = { tables: [Array.from({ length: 96 }, () => 'flat' as const)], rules: [{ table: 0 }] };
const single = (text: string): TariffBody => ({ kind: 'single', price: price(text) });
const total = (text: string) => ({ total: kwh(text), byRate: undefined });

test('a time-of-use bill at the agency’s prices (Hubei, January 2026, single-part 1–10 kV)', () => {
  const body: TariffBody = {
    kind: 'timeOfUse',
    days: ALL_FLAT,
    prices: {
      sharp: price('1.113999'),
      peak: price('0.910961'),
      flat: price('0.715686'),
      valley: price('0.496924'),
      deepValley: 0n,
    },
  };
  const byRate = { sharp: kwh('120.50'), peak: kwh('1830.25'), flat: kwh('2410.00'), valley: kwh('1999.75') };
  const lines = rateConsumption(body, { total: kwh('6360.50'), byRate });
  expect(lines.map(({ label }) => label)).toEqual(['sharp', 'peak', 'flat', 'valley']);
  expect(lines.map(({ parts }) => exact(parts))).toEqual([
    '134.23687950000',
    '1667.28637025000',
    '1724.80326000000',
    '993.72376900000',
  ]);
  expect(amounts(lines)).toEqual(['134.24', '1667.29', '1724.80', '993.72']);
  expect([yuan(totalOf(lines)), roundedOnce(lines)]).toEqual(['4520.05', '4520.05']);
});

describe('an agency price and its parts', () => {
  const hubei: Composition = {
    components: [
      { name: 'agency', price: price('0.384470'), floats: true },
      { name: 'lineLoss', price: price('0.013643'), floats: true },
      { name: 'transmission', price: price('0.1263'), floats: false },
      { name: 'systemOperation', price: price('0.082273'), floats: false },
      { name: 'funds', price: price('0.0452'), floats: false },
    ],
    ratios: { sharp: 20_000n, valley: 4_500n },
  };

  test('flat, sharp and valley follow from them, the published peak from no clean ratio', () => {
    expect(priced(computedPrice(hubei, 'flat') ?? 0n)).toBe('0.65188600');
    expect(priced(computedPrice(hubei, 'sharp') ?? 0n)).toBe('1.04999900');
    expect(priced(computedPrice(hubei, 'valley') ?? 0n)).toBe('0.43292400');
    expect(formatDecimal(exactPrice(hubei, 'valley') ?? 0n, 12)).toBe('0.432923850000');
    expect(computedPrice(hubei, 'peak')).toBeUndefined();
    expect(impliedRatio(hubei, price('0.848961'))).toBe(14_950n);
  });

  test('published prices that follow are no warning, and the peak is taken as it was published', () => {
    const prices = { sharp: price('1.049999'), peak: price('0.848961'), flat: price('0.651886') };
    const body: TariffBody = {
      kind: 'timeOfUse',
      days: ALL_FLAT,
      prices: { ...prices, valley: price('0.432924'), deepValley: 0n },
    };
    expect(checkComposition(body, hubei)).toEqual([]);
    const lines = rateConsumption(body, { total: kwh('1000'), byRate: { peak: kwh('1000') } });
    expect(amounts(lines)).toEqual(['848.96']);
  });

  test('a sum that differs is a warning; the published price is charged', () => {
    const parts = ['0.384470', '0.013643', '0.1903', '0.082273', '0.0452'];
    const components = parts.map((text, index) => ({ name: `part${index}`, price: price(text), floats: false }));
    const body = single('0.715686');
    expect(checkComposition(body, { components, ratios: {} })).toEqual([
      {
        code: 'COMPONENT_SUM_MISMATCH',
        rate: 'flat',
        published: price('0.715686'),
        computed: price('0.715886'),
      },
    ]);
    expect(amounts(rateConsumption(body, total('1000')))).toEqual(['715.69']);
  });
});

test('a price change within the reading period is two segments, each at its own price', () => {
  const before = rateConsumption(single('0.6820'), total('443.43'));
  const after = rateConsumption(single('0.7130'), total('710.90'));
  expect([...before, ...after].map(({ parts }) => exact(parts))).toEqual(['302.41926000000', '506.87170000000']);
  expect(amounts([...before, ...after])).toEqual(['302.42', '506.87']);
  expect(yuan(totalOf([...before, ...after]))).toBe('809.29');
  expect(amounts(rateConsumption(single('0.7130'), total('1154.33')))).toEqual(['823.04']);
  expect(amounts(rateConsumption(single('0.6820'), total('1154.33')))).toEqual(['787.25']);
});

test('residential steps (Guangzhou, July, 650 kWh): a limit belongs to its own step', () => {
  const body: TariffBody = {
    kind: 'stepped',
    steps: {
      period: 'month',
      steps: [
        { upTo: kwh('260'), price: price('0.58886875') },
        { upTo: kwh('600'), price: price('0.63886875') },
        { upTo: undefined, price: price('0.88886875') },
      ],
    },
  };
  const lines = rateConsumption(body, total('650'));
  expect(lines.map(({ quantity }) => quantity)).toEqual([kwh('260'), kwh('340'), kwh('50')]);
  expect(lines.map(({ parts }) => exact(parts))).toEqual(['153.10587500000', '217.21537500000', '44.44343750000']);
  expect(amounts(lines)).toEqual(['153.11', '217.22', '44.44']);
  expect([yuan(totalOf(lines)), roundedOnce(lines)]).toEqual(['414.77', '414.76']);
  expect(rateConsumption(body, total('260')).map(({ label }) => label)).toEqual(['step1']);
});

test('steps on top of time-of-use prices add to the month’s total; one that adds nothing is no line', () => {
  const prices = {
    sharp: 0n,
    peak: price('0.99500875'),
    flat: price('0.58886875'),
    valley: price('0.22914475'),
    deepValley: 0n,
  };
  const steps = [
    { upTo: kwh('260'), price: 0n },
    { upTo: kwh('600'), price: price('0.05') },
    { upTo: undefined, price: price('0.30') },
  ];
  const body: TariffBody = { kind: 'timeOfUse', days: ALL_FLAT, prices, steps: { period: 'month', steps } };
  const byRate = { peak: kwh('200'), flat: kwh('250'), valley: kwh('200') };
  const lines = rateConsumption(body, { total: kwh('650'), byRate });
  expect(lines.map(({ label }) => label)).toEqual(['peak', 'flat', 'valley', 'step2', 'step3']);
  expect(amounts(lines)).toEqual(['199.00', '147.22', '45.83', '17.00', '15.00']);
});

test('yearly steps of water with parts that have their own lines (Beijing)', () => {
  const steps = ['5.00', '7.00', '9.00'].map((text, index) => ({
    upTo: [kwh('180'), kwh('260'), undefined][index],
    price: price(text),
  }));
  const body: TariffBody = {
    kind: 'stepped',
    steps: { period: 'year', steps },
    components: [
      { name: 'water', prices: [price('2.07'), price('4.07'), price('6.07')] },
      { name: 'waterResource', prices: [price('1.57'), price('1.57'), price('1.57')] },
      { name: 'sewage', prices: [price('1.36'), price('1.36'), price('1.36')] },
    ],
  };
  const lines = rateConsumption(body, total('25'), kwh('170'));
  const byComponent = Map.groupBy(lines, ({ component }) => component);
  expect([...byComponent].map(([name, own]) => [name, yuan(totalOf(own))])).toEqual([
    ['water', '81.75'],
    ['waterResource', '39.25'],
    ['sewage', '34.00'],
  ]);
  expect(byComponent.get('water')?.map(({ label, quantity }) => [label, quantity])).toEqual([
    ['step1', kwh('10')],
    ['step2', kwh('15')],
  ]);
  expect(yuan(totalOf(lines))).toBe('155.00');
});

test.each([
  ['100.00', 30_000, '3.00', '97.00', '3.00'],
  ['50.01', 30_000, '1.50', '48.51', '1.50'],
  ['16.50', 30_000, '0.49', '16.01', '0.50'],
  ['33.35', 15_000, '0.50', '32.85', '0.50'],
  ['0.30', 30_000, '0.00', '0.30', '0.01'],
  ['100.00', 0, '0.00', '100.00', '0.00'],
])('of %s paid at %d ppm the fee is %s and %s goes to the meter; half up it were %s', (paid, ppm, fee, net, halfUp) => {
  const split = splitPaid(minor(paid), ppm);
  expect([yuan(split.feeMinor), yuan(split.netMinor)]).toEqual([fee, net]);
  expect(split.feeMinor + split.netMinor).toBe(minor(paid));
  expect(yuan(divideHalfUp(minor(paid) * BigInt(ppm), 1_000_000n))).toBe(halfUp);
});

test.each([
  ['three equal shares', '1000.00', ['1', '1', '1'], ['333.34', '333.33', '333.33']],
  [
    'by area',
    '4567.89',
    ['127.5', '88.25', '64', '41.75', '19.5'],
    ['1707.94', '1182.16', '857.32', '559.26', '261.21'],
  ],
  [
    'ratios below 100 %, the rest is the landlord’s',
    '333.33',
    ['40', '35', '20', '5'],
    ['133.33', '116.66', '66.67', '16.67'],
  ],
])('largest remainder: %s', (_what, amount, weights, expected) => {
  const shares = shareOut(
    minor(amount),
    weights.map((text) => parseDecimal(text, 2)),
  );
  expect(shares.map(yuan)).toEqual(expected);
});

test('each share rounded by itself would give out a cent too much', () => {
  const weights = [12_750n, 8_825n, 6_400n, 4_175n, 1_950n];
  const all = weights.reduce((sum, weight) => sum + weight, 0n);
  const exactly = weights.map((weight) => formatDecimal(divideHalfUp(456_789n * weight * 10_000n, all), 6));
  expect(exactly).toEqual(['1707.935411', '1182.159216', '857.316598', '559.265125', '261.213651']);
  const naive = weights.reduce((sum, weight) => sum + divideHalfUp(456_789n * weight, all), 0n);
  expect(yuan(naive)).toBe('4567.90');
  expect(yuan(shareOut(456_789n, weights).reduce((sum, share) => sum + share, 0n))).toBe('4567.89');
});

test('CT 200/5 and PT 10000/100: the multiplier is on the difference', () => {
  const multiplier = 40n * 100n;
  const limits = { modulus: 10n ** 9n * multiplier, maxPower: 10n ** 9n, marginPpt: 1_000n };
  const found = registerDelta(kwh('100.00') * multiplier, kwh('101.23') * multiplier, limits, 86_400_000);
  expect(found).toEqual({ kind: 'forward', delta: kwh('4920') });
});

test('what a meter with four decimals deducts beside what was published', () => {
  const lines = rateConsumption(single('0.715686'), total('2000'));
  expect(meterPriceOf(price('0.715686'))).toBe(7_157n);
  expect(priced(driftOf(price('0.715686')))).toBe('0.00001400');
  expect(amounts(lines)).toEqual(['1431.37']);
  expect(yuan(meterAmountOf(lines))).toBe('1431.40');
  expect(yuan(meterAmountOf(lines) - totalOf(lines))).toBe('0.03');
});

test('resale: more was taken than paid, and above the float', () => {
  const check = checkResale({
    gridBillMinor: minor('45678.90'),
    gridQuantity: kwh('63800'),
    tenantMinor: minor('47000.00'),
    tenantPrice: price('0.80'),
    floatPpm: 100_000,
  });
  expect(priced(check.averagePrice)).toBe('0.71597000');
  expect(check.noMarkup).toEqual({ ok: false, overMinor: minor('1321.10') });
  expect(check.float).toEqual({ ok: false, capPrice: price('0.787567'), overPrice: price('0.012433') });
});

test('the price cap of resale is never rounded up', () => {
  const bill = { gridBillMinor: minor('100.00'), gridQuantity: kwh('3000') };
  const check = checkResale({ ...bill, tenantMinor: 0n, tenantPrice: price('0.036666'), floatPpm: 100_000 });
  expect(priced(check.averagePrice)).toBe('0.03333300');
  expect(check.float).toEqual({ ok: true, capPrice: price('0.036666'), overPrice: 0n });
  expect(() => checkResale({ ...bill, gridQuantity: 0n, tenantMinor: 0n, tenantPrice: 0n, floatPpm: 0 })).toThrow(
    RangeError,
  );
});

test('a month is cut at the property’s midnight: half-open', () => {
  const shanghai = zonedCalendar('Asia/Shanghai');
  const monthOf = (instant: string) => new Date(shanghai.startOfMonth(Date.parse(instant))).toISOString();
  expect(monthOf('2025-06-30T15:59:59Z')).toBe('2025-05-31T16:00:00.000Z');
  expect(monthOf('2025-06-30T16:00:00Z')).toBe('2025-06-30T16:00:00.000Z');
});
