import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import { minorOfParts, PARTS_PER_MINOR } from '#domain/money/amount.ts';
import { shareOut } from '#domain/money/share.ts';
import { fitRates, rateAt, splitByTime, timeByRate } from '#domain/tariff/dayTable.ts';
import { rateConsumption, totalOf } from '#domain/tariff/rate.ts';
import { splitBySteps, startOfTierPeriod } from '#domain/tariff/steps.ts';
import { type ChargeLine, type DayTables, RATES, type Step, type TariffBody } from '#domain/tariff/types.ts';

const sum = (values: Iterable<bigint>) => [...values].reduce((total, value) => total + value, 0n);
const quantity = fc.bigInt({ min: 0n, max: 10n ** 12n });
const price = fc.bigInt({ min: 0n, max: 10n ** 10n });
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 9n }), { maxLength: 5 }),
    fc.array(price, { minLength: 6, maxLength: 6 }),
  )
  .map(([limits, prices]) => {
    const ascending: (bigint | undefined)[] = limits.toSorted((a, b) => (a < b ? -1 : 1));
    return [...ascending, undefined].map((upTo, index) => ({ upTo, price: prices[index] ?? 0n }));
  });
const table = fc.array(fc.constantFrom(...RATES), { minLength: 96, maxLength: 96 });
const days: fc.Arbitrary<DayTables> = fc.tuple(table, table, table).map((tables) => ({
  tables,
  rules: [{ table: 1, list: 'holiday' }, { table: 2, weekdays: [6, 7], months: [3, 4, 10, 11] }, { table: 0 }],
}));
const byRate = fc.record({ sharp: quantity, peak: quantity, flat: quantity, valley: quantity, deepValley: quantity });
const body: fc.Arbitrary<TariffBody> = fc.oneof(
  price.map((one) => ({ kind: 'single' as const, price: one })),
  steps.map((own) => ({ kind: 'stepped' as const, steps: { period: 'month' as const, steps: own } })),
  fc
    .record({
      days,
      steps,
      prices: fc.record({ sharp: price, peak: price, flat: price, valley: price, deepValley: price }),
    })
    .map(({ steps: own, ...rest }) => ({
      ...rest,
      kind: 'timeOfUse' as const,
      steps: { period: 'year' as const, steps: own },
    })),
);
/** Zones with a day of 23 and of 25 hours, half an hour of change, odd offsets, and none of it. */
const zone = fc.constantFrom(
  'Asia/Shanghai',
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Havana',
  'Africa/Cairo',
);
const LISTS = new Map([['holiday', new Set(['2026-03-08', '2026-03-29', '2026-10-01', '2026-11-01'])]]);
const YEAR_MS = Date.parse('2026-01-01T00:00:00Z');
const span = fc
  .tuple(fc.integer({ min: 0, max: 365 * 86_400 }), fc.integer({ min: 1, max: 5 * 86_400 }))
  .map(([start, length]) => ({ fromMs: YEAR_MS + start * 1_000, toMs: YEAR_MS + (start + length) * 1_000 }));

describe('a bill', () => {
  test('is the sum of its lines, and each line is off by half a minor unit at most', () => {
    fc.assert(
      fc.property(body, byRate, quantity, (own, rates, before) => {
        const lines = rateConsumption(own, { total: sum(Object.values(rates)), byRate: rates }, before);
        expect(totalOf(lines)).toBe(sum(lines.map(({ amountMinor }) => amountMinor)));
        for (const { quantity: used, price: each, parts, amountMinor } of lines) {
          expect(parts).toBe(used * each);
          const off = amountMinor * PARTS_PER_MINOR - parts;
          expect((off < 0n ? -off : off) * 2n <= PARTS_PER_MINOR).toBe(true);
        }
      }),
    );
  });

  test('charges all of the quantity once: by step, by rate or at a single price', () => {
    fc.assert(
      fc.property(body, byRate, quantity, (own, rates, before) => {
        const total = sum(Object.values(rates));
        const lines = rateConsumption(own, { total, byRate: rates }, before);
        const isAdded = ({ label }: ChargeLine) => own.kind === 'timeOfUse' && label.startsWith('step');
        expect(sum(lines.filter((line) => !isAdded(line)).map(({ quantity: used }) => used))).toBe(total);
      }),
    );
  });

  test('of parts charges the same as the price that they add up to', () => {
    fc.assert(
      fc.property(steps, fc.bigInt({ min: 0n, max: 100n }), quantity, quantity, (own, percent, total, before) => {
        const whole = rateConsumption(
          { kind: 'stepped', steps: { period: 'month', steps: own } },
          { total, byRate: undefined },
          before,
        );
        const first = own.map((step) => (step.price * percent) / 100n);
        const rest = own.map((step, index) => step.price - (first[index] ?? 0n));
        const components = [
          { name: 'water', prices: first },
          { name: 'sewage', prices: rest },
        ];
        const parts = rateConsumption(
          { kind: 'stepped', steps: { period: 'month', steps: own }, components },
          { total, byRate: undefined },
          before,
        );
        expect(sum(parts.map((line) => line.parts))).toBe(sum(whole.map((line) => line.parts)));
      }),
    );
  });

  test('charged piece by piece never strays: the rounding does not add up', () => {
    fc.assert(
      fc.property(price, fc.array(fc.bigInt({ min: 0n, max: 50_000n }), { maxLength: 200 }), (each, pieces) => {
        let exact = 0n;
        let charged = 0n;
        for (const piece of pieces) {
          const [line] = rateConsumption({ kind: 'single', price: each }, { total: piece, byRate: undefined });
          exact += line?.parts ?? 0n;
          charged += minorOfParts(exact) - charged;
          const off = charged * PARTS_PER_MINOR - exact;
          expect((off < 0n ? -off : off) * 2n <= PARTS_PER_MINOR).toBe(true);
        }
      }),
    );
  });
});

describe('steps', () => {
  test('share the quantity out without rest, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(
        steps,
        quantity,
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { maxLength: 8 }),
        (own, before, pieces) => {
          const whole = new Map(own.map((_, step) => [step, 0n]));
          for (const part of splitBySteps(own, before, sum(pieces))) whole.set(part.step, part.quantity);
          const piecewise = new Map(own.map((_, step) => [step, 0n]));
          let used = before;
          for (const piece of pieces) {
            const parts = splitBySteps(own, used, piece);
            expect(sum(parts.map((part) => part.quantity))).toBe(piece);
            for (const part of parts) piecewise.set(part.step, (piecewise.get(part.step) ?? 0n) + part.quantity);
            used += piece;
          }
          expect(piecewise).toEqual(whole);
        },
      ),
    );
  });

  test('count from zero at the property’s own first of the month and of January', () => {
    const kathmandu = zonedCalendar('Asia/Kathmandu');
    const start = (period: 'month' | 'year') =>
      new Date(startOfTierPeriod(kathmandu, period, Date.parse('2026-11-22T00:00:00Z'))).toISOString();
    expect(start('month')).toBe('2026-10-31T18:15:00.000Z');
    expect(start('year')).toBe('2025-12-31T18:15:00.000Z');
  });
});

describe('shares', () => {
  test('add up to what is shared, each within one unit of its exact part; the mirror of a negative amount', () => {
    const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 6n }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(amount, weights, (pool, own) => {
        fc.pre(sum(own) > 0n);
        const shares = shareOut(pool, own);
        expect(sum(shares)).toBe(pool);
        for (const [index, share] of shares.entries()) {
          const off = share * sum(own) - pool * (own[index] ?? 0n);
          expect((off < 0n ? -off : off) < sum(own)).toBe(true);
        }
        expect(shareOut(-pool, own)).toEqual(shares.map((share) => -share));
      }),
    );
  });

  test('need somebody to share, and no negative weights', () => {
    expect(() => shareOut(1n, [0n, 0n])).toThrow(RangeError);
    expect(() => shareOut(1n, [-1n, 2n])).toThrow(RangeError);
    expect(shareOut(0n, [0n, 0n])).toEqual([0n, 0n]);
  });
});

describe('a span of time', () => {
  test('is split into rates without rest, in every zone and over changes of the clock', () => {
    fc.assert(
      fc.property(days, zone, span, quantity, (own, name, { fromMs, toMs }, total) => {
        const calendar = zonedCalendar(name);
        const held = timeByRate(own, LISTS, calendar, fromMs, toMs);
        expect(RATES.reduce((all, rate) => all + held[rate], 0)).toBe(toMs - fromMs);
        const split = splitByTime(own, LISTS, calendar, { fromMs, toMs }, total);
        expect(sum(Object.values(split))).toBe(total);
        for (const rate of RATES) if (held[rate] === 0) expect(split[rate]).toBe(0n);
      }),
    );
  });

  test('is the same whether it is split at once or in two', () => {
    fc.assert(
      fc.property(days, zone, span, fc.double({ min: 0, max: 1, noNaN: true }), (own, name, { fromMs, toMs }, part) => {
        const calendar = zonedCalendar(name);
        const middleMs = fromMs + Math.floor((toMs - fromMs) * part);
        const whole = timeByRate(own, LISTS, calendar, fromMs, toMs);
        const first = timeByRate(own, LISTS, calendar, fromMs, middleMs);
        const second = timeByRate(own, LISTS, calendar, middleMs, toMs);
        for (const rate of RATES) expect(first[rate] + second[rate]).toBe(whole[rate]);
      }),
    );
  });

  test('has at each instant the rate that the local clock shows', () => {
    fc.assert(
      fc.property(days, zone, span, (own, name, { fromMs }) => {
        const calendar = zonedCalendar(name);
        const held = timeByRate(own, LISTS, calendar, fromMs, fromMs + 1);
        expect(held[rateAt(own, LISTS, calendar, fromMs)]).toBe(1);
      }),
    );
  });

  test('an empty span with something in it cannot be split', () => {
    const own: DayTables = { tables: [Array.from({ length: 96 }, () => 'flat' as const)], rules: [{ table: 0 }] };
    expect(() => splitByTime(own, LISTS, zonedCalendar('UTC'), { fromMs: 5, toMs: 5 }, 1n)).toThrow(RangeError);
  });
});

test('rates of a meter are fitted to its total, whatever the last digits say', () => {
  fc.assert(
    fc.property(byRate, quantity, (rates, total) => {
      fc.pre(sum(Object.values(rates)) > 0n);
      expect(sum(Object.values(fitRates(total, rates)))).toBe(total);
    }),
  );
  const rates = { sharp: 10n, peak: 20n, flat: 30n, valley: 40n, deepValley: 0n };
  expect(fitRates(100n, rates)).toEqual(rates);
});

describe('what is never billed by itself', () => {
  const flat = { kind: 'single', price: 1n } as const;
  const timeOfUse: TariffBody = {
    kind: 'timeOfUse',
    prices: { sharp: 1n, peak: 1n, flat: 1n, valley: 1n, deepValley: 1n },
    days: { tables: [[]], rules: [{ table: 0 }] },
  };
  test.each([
    ['a negative total', flat, { total: -1n, byRate: undefined }],
    ['a total without rates at a time-of-use price', timeOfUse, { total: 5n, byRate: undefined }],
    ['rates that do not add up', timeOfUse, { total: 5n, byRate: { flat: 4n } }],
    ['a negative rate', timeOfUse, { total: 0n, byRate: { flat: -1n, peak: 1n } }],
  ] as const)('%s', (_what, own, consumption) => {
    expect(() => rateConsumption(own, consumption)).toThrow(RangeError);
  });
});
