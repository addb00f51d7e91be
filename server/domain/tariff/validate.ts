import { PRICE_DECIMALS, parseDecimal } from '#domain/money/amount.ts';
import { SLOTS_PER_DAY } from './dayTable.ts';
import type { Component, DayRule, DayTables, Step, TariffBody } from './types.ts';

/** What is wrong with one field, as advice that completes the sentence "<field> …". */
export interface Fault {
  readonly field: string;
  readonly message: string;
}

/** Dearest price that we take, in the currency; more is a slip of the hand. */
const PRICE_WHOLE_DIGITS = 6;
export const PRICE_ADVICE = `must be a price of 0 or more with at most ${PRICE_DECIMALS} decimals, like 0.715686`;

/** A published price as 10⁻⁸; undefined for anything that is not a price of 0 or more with up to eight decimals. */
export function parsePrice(text: string): bigint | undefined {
  const shape = new RegExp(`^\\d{1,${PRICE_WHOLE_DIGITS}}(\\.\\d{1,${PRICE_DECIMALS}})?$`);
  return shape.test(text) ? parseDecimal(text, PRICE_DECIMALS) : undefined;
}

/** What is wrong with a body; empty when it can be charged. `lists` are the names of the property's day lists. */
export function faultsOf(body: TariffBody, lists: ReadonlySet<string>): readonly Fault[] {
  switch (body.kind) {
    case 'single':
      return componentFaults(body.components ?? [], [body.price]);
    case 'stepped': {
      const { steps } = body.steps;
      return [
        ...stepFaults(steps),
        ...componentFaults(
          body.components ?? [],
          steps.map(({ price }) => price),
        ),
      ];
    }
    case 'timeOfUse':
      return [...dayFaults(body.days, lists), ...(body.steps === undefined ? [] : stepFaults(body.steps.steps))];
  }
}

function stepFaults(steps: readonly Step[]): Fault[] {
  if (steps.length === 0) return [{ field: 'steps.steps', message: 'must have at least one step' }];
  return steps.flatMap(({ upTo }, index) => {
    const field = `steps.steps.${index}.upTo`;
    const before = index === 0 ? 0n : (steps[index - 1]?.upTo ?? 0n);
    if (index === steps.length - 1)
      return upTo === undefined ? [] : [{ field, message: 'must be left out: the last step has no limit' }];
    if (upTo === undefined) return [{ field, message: 'is missing: only the last step has no limit' }];
    return upTo > before ? [] : [{ field, message: 'must be above the limit of the step before it' }];
  });
}

/** Parts are lines of the bill: they must be the price, not nearly. */
function componentFaults(components: readonly Component[], prices: readonly bigint[]): Fault[] {
  const [first] = components;
  if (first === undefined) return [];
  const names = components.map(({ name }) => name);
  return components.flatMap(({ name, prices: own }, index) => {
    const field = `components.${index}`;
    if (names.indexOf(name) !== index) return [{ field: `${field}.name`, message: 'is the name of another part' }];
    if (own.length !== prices.length)
      return [{ field: `${field}.prices`, message: `must have ${prices.length} prices, one for each step` }];
    if (index > 0) return [];
    const wrong = prices.findIndex((price, step) => price !== sumOfStep(components, step));
    if (wrong < 0) return [];
    const where = prices.length === 1 ? 'the price' : `the price of step ${wrong + 1}`;
    return [{ field: 'components', message: `must add up to ${where}` }];
  });
}

function sumOfStep(components: readonly Component[], step: number): bigint {
  return components.reduce((sum, { prices }) => sum + (prices[step] ?? 0n), 0n);
}

function dayFaults({ tables, rules }: DayTables, lists: ReadonlySet<string>): Fault[] {
  const last = rules.length - 1;
  const tableFaults = tables.flatMap((table, index) => {
    const field = `days.tables.${index}`;
    if (table.length !== SLOTS_PER_DAY) {
      const message = `must have ${SLOTS_PER_DAY} rates, one for each quarter hour; it has ${table.length}`;
      return [{ field, message }];
    }
    return rules.some((rule) => rule.table === index) ? [] : [{ field, message: 'is used by no rule' }];
  });
  const ruleFaults = rules.flatMap((rule, index) => {
    const field = `days.rules.${index}`;
    const faults: Fault[] = [];
    if (tables[rule.table] === undefined)
      faults.push({ field: `${field}.table`, message: `must be the number of a table, 0 to ${tables.length - 1}` });
    if (rule.list !== undefined && !lists.has(rule.list))
      faults.push({ field: `${field}.list`, message: 'is no day list of this property: add the list first' });
    if (index === last && !matchesEveryDay(rule))
      faults.push({
        field,
        message: 'must match every day, since it is the last: leave out months, weekdays and list',
      });
    if (index < last && matchesEveryDay(rule))
      faults.push({ field, message: 'matches every day, so that the rules after it would never hold' });
    return faults;
  });
  return rules.length === 0
    ? [{ field: 'days.rules', message: 'must have at least one rule' }]
    : [...tableFaults, ...ruleFaults];
}

function matchesEveryDay({ months, weekdays, list }: DayRule): boolean {
  return months === undefined && weekdays === undefined && list === undefined;
}
