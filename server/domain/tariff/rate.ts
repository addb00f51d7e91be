import { minorOfParts } from '#domain/money/amount.ts';
import { splitBySteps } from './steps.ts';
import { type ChargeLine, type Component, type Consumption, RATES, type Steps, type TariffBody } from './types.ts';

/** A single price is a staircase of one step. */
const ONE_STEP = 0;

interface Part {
  readonly label: ChargeLine['label'];
  /** Which step's price holds. */
  readonly step: number;
  readonly quantity: bigint;
  readonly price: bigint;
}

/**
 * What consumption costs: one line for each price that applies, exact in parts and rounded once, so that the bill is the
 * sum of its lines. `usedBefore` is what was used since the start of the tier period. Lines of nothing are left out.
 *
 * Throws RangeError for what must never be billed by itself: negative quantities, a time-of-use price without quantities
 * by rate, or with rates that do not add up to the total (see `fitRates`).
 */
export function rateConsumption(
  body: TariffBody,
  consumption: Consumption,
  usedBefore: bigint = 0n,
): readonly ChargeLine[] {
  if (consumption.total < 0n || usedBefore < 0n) throw new RangeError('negative consumption is not billed');
  switch (body.kind) {
    case 'single':
      return linesOf(
        [{ label: 'energy', step: ONE_STEP, quantity: consumption.total, price: body.price }],
        body.components,
      );
    case 'stepped':
      return linesOf(stepParts(body.steps, usedBefore, consumption.total), body.components);
    case 'timeOfUse': {
      const byRate = demandRates(consumption);
      const parts = RATES.map((rate) => ({
        label: rate,
        step: ONE_STEP,
        quantity: byRate[rate] ?? 0n,
        price: body.prices[rate],
      }));
      const added = body.steps === undefined ? [] : stepParts(body.steps, usedBefore, consumption.total);
      // A step that adds nothing is no line.
      return linesOf([...parts, ...added.filter(({ price }) => price !== 0n)], undefined);
    }
  }
}

/** Sum of the printed lines. */
export function totalOf(lines: readonly ChargeLine[]): bigint {
  return lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

function stepParts(steps: Steps, usedBefore: bigint, quantity: bigint): Part[] {
  return splitBySteps(steps.steps, usedBefore, quantity).map((part) => ({
    label: `step${part.step + 1}` as const,
    ...part,
  }));
}

function linesOf(parts: readonly Part[], components: readonly Component[] | undefined): ChargeLine[] {
  const used = parts.filter(({ quantity }) => quantity !== 0n);
  if (components === undefined) return used.map(({ label, quantity, price }) => line(label, quantity, price));
  return components.flatMap((component) => componentLines(used, component));
}

/** One line for each price of the component: what costs the same in every step stays one line. */
function componentLines(parts: readonly Part[], { name, prices }: Component): ChargeLine[] {
  const byPrice = Map.groupBy(parts, ({ step }) => prices[step] ?? 0n);
  return [...byPrice].map(([price, same]) => {
    const [first] = same;
    const quantity = same.reduce((sum, part) => sum + part.quantity, 0n);
    const label = same.length === 1 && first !== undefined ? first.label : 'energy';
    return { ...line(label, quantity, price), component: name };
  });
}

function line(label: ChargeLine['label'], quantity: bigint, price: bigint): ChargeLine {
  const parts = quantity * price;
  return { label, quantity, price, parts, amountMinor: minorOfParts(parts) };
}

function demandRates({ total, byRate }: Consumption): NonNullable<Consumption['byRate']> {
  if (byRate === undefined) throw new RangeError('a time-of-use price needs quantities by rate');
  const quantities = RATES.map((rate) => byRate[rate] ?? 0n);
  if (quantities.some((quantity) => quantity < 0n)) throw new RangeError('negative consumption is not billed');
  if (quantities.reduce((sum, quantity) => sum + quantity, 0n) !== total)
    throw new RangeError('the rates do not add up to the total');
  return byRate;
}
