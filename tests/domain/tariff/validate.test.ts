import { describe, expect, test } from 'vitest';
import type { DayTables, Rate, TariffBody } from '#domain/tariff/types.ts';
import { faultsOf, parsePrice } from '#domain/tariff/validate.ts';

const FLAT_DAY: Rate[] = Array.from({ length: 96 }, () => 'flat');
const prices = { sharp: 1n, peak: 1n, flat: 1n, valley: 1n, deepValley: 1n };
const timeOfUse = (days: DayTables): TariffBody => ({ kind: 'timeOfUse', prices, days });
const stepped = (...upTo: (bigint | undefined)[]): TariffBody => ({
  kind: 'stepped',
  steps: { period: 'month', steps: upTo.map((limit) => ({ upTo: limit, price: 1n })) },
});
const parts = (...own: readonly (readonly bigint[])[]) =>
  own.map((each, index) => ({ name: `part${index}`, prices: each }));
const told = (body: TariffBody) =>
  faultsOf(body, new Set(['holiday'])).map(({ field, message }) => `${field} ${message}`);

test('bodies in good order have no fault', () => {
  expect(told({ kind: 'single', price: 0n })).toEqual([]);
  expect(told({ kind: 'single', price: 5n, components: parts([2n], [3n]) })).toEqual([]);
  expect(told(stepped(260n, 600n, undefined))).toEqual([]);
  expect(told({ ...timeOfUse({ tables: [FLAT_DAY], rules: [{ table: 0, list: 'holiday' }, { table: 0 }] }) })).toEqual(
    [],
  );
});

describe('daily tables', () => {
  test.each([
    [
      '95 slots',
      { tables: [FLAT_DAY.slice(1)], rules: [{ table: 0 }] },
      'days.tables.0 must have 96 rates, one for each quarter hour; it has 95',
    ],
    [
      '97 slots',
      { tables: [[...FLAT_DAY, 'peak']], rules: [{ table: 0 }] },
      'days.tables.0 must have 96 rates, one for each quarter hour; it has 97',
    ],
    ['no rule', { tables: [FLAT_DAY], rules: [] }, 'days.rules must have at least one rule'],
    [
      'a last rule for some days',
      { tables: [FLAT_DAY], rules: [{ table: 0, months: [1] }] },
      'days.rules.0 must match every day, since it is the last: leave out months, weekdays and list',
    ],
    [
      'a rule behind one for all',
      { tables: [FLAT_DAY], rules: [{ table: 0 }, { table: 0 }] },
      'days.rules.0 matches every day, so that the rules after it would never hold',
    ],
    [
      'a table that is not there',
      { tables: [FLAT_DAY], rules: [{ table: 0, months: [2] }, { table: 1 }] },
      'days.rules.1.table must be the number of a table, 0 to 0',
    ],
    [
      'a table for nothing',
      { tables: [FLAT_DAY, FLAT_DAY], rules: [{ table: 0 }] },
      'days.tables.1 is used by no rule',
    ],
    [
      'an unknown list',
      { tables: [FLAT_DAY], rules: [{ table: 0, list: 'hot' }, { table: 0 }] },
      'days.rules.0.list is no day list of this property: add the list first',
    ],
  ] satisfies [string, DayTables, string][])('%s', (_what, days, sentence) => {
    expect(told(timeOfUse(days))).toEqual([sentence]);
  });
});

describe('steps', () => {
  test.each([
    ['none', stepped(), 'steps.steps must have at least one step'],
    ['a limit on the last', stepped(5n, 6n), 'steps.steps.1.upTo must be left out: the last step has no limit'],
    [
      'a limit left out',
      stepped(undefined, undefined),
      'steps.steps.0.upTo is missing: only the last step has no limit',
    ],
    ['equal limits', stepped(5n, 5n, undefined), 'steps.steps.1.upTo must be above the limit of the step before it'],
    ['falling limits', stepped(5n, 4n, undefined), 'steps.steps.1.upTo must be above the limit of the step before it'],
    [
      'a first limit of nothing',
      stepped(0n, undefined),
      'steps.steps.0.upTo must be above the limit of the step before it',
    ],
  ])('%s', (_what, body, sentence) => {
    expect(told(body)).toEqual([sentence]);
  });

  test('on top of time-of-use prices are checked as well', () => {
    const days = { tables: [FLAT_DAY], rules: [{ table: 0 }] };
    const { steps } = stepped(5n, 5n, undefined) as Extract<TariffBody, { kind: 'stepped' }>;
    expect(told({ kind: 'timeOfUse', prices, days, steps })).toHaveLength(1);
  });
});

describe('parts of a price', () => {
  test.each([
    [
      'a wrong sum',
      { kind: 'single', price: 6n, components: parts([2n], [3n]) },
      'components must add up to the price',
    ],
    [
      'too many prices',
      { kind: 'single', price: 5n, components: parts([2n, 1n], [3n]) },
      'components.0.prices must have 1 prices, one for each step',
    ],
    [
      'a wrong sum of a step',
      { ...stepped(5n, undefined), components: parts([1n, 1n], [0n, 1n]) } as TariffBody,
      'components must add up to the price of step 2',
    ],
    [
      'the same name twice',
      {
        kind: 'single',
        price: 2n,
        components: [
          { name: 'a', prices: [1n] },
          { name: 'a', prices: [1n] },
        ],
      },
      'components.1.name is the name of another part',
    ],
  ] satisfies [string, TariffBody, string][])('%s', (_what, body, sentence) => {
    expect(told(body)).toEqual([sentence]);
  });
});

test.each([
  ['0', 0n],
  ['0.715686', 71_568_600n],
  ['0.58886875', 58_886_875n],
  ['999999.99999999', 99_999_999_999_999n],
])('%s is a price', (text, value) => {
  expect(parsePrice(text)).toBe(value);
});

test.each(['-1', '', ' 1', '1.', '.5', '1,5', '1e3', 'NaN', 'Infinity', '0.123456789', '1000000', '0x10', '１', '+1'])(
  '%s is none',
  (text) => {
    expect(parsePrice(text)).toBeUndefined();
  },
);
