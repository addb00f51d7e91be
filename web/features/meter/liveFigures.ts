import type { Values } from '#drivers/core/quantity.ts';
import { formatNumber } from '../../ui/format.ts';
import { currentUnbalance, neutralCurrentA, type PhaseValues } from './phasor.ts';

/** A labelled figure with its unit; `key` is a catalogue key under `meter.figure`. */
export interface Figure {
  readonly key: string;
  readonly text: string;
  /** Said beside it, e.g. that a value is calculated. */
  readonly named?: Readonly<Record<string, string>>;
}

const PERCENT = 100;

/** W or var as kW or kvar with as many decimals as the size deserves. */
export function kiloText(value: number | undefined): string {
  if (value === undefined) return formatNumber(undefined);
  const size = Math.abs(value);
  return formatNumber(value / 1_000, size < 10_000 ? 3 : size < 100_000 ? 2 : 1);
}

/** The figures beside the phases: only those that were measured or follow from what was. */
export function otherFigures(
  values: Values,
  phases: readonly PhaseValues[],
  limitW: number | undefined,
): readonly Figure[] {
  const neutral = neutralCurrentA(phases);
  const unbalance = currentUnbalance(phases);
  const { frequencyHz, apparentPowerVa, activePowerW, purchaseCount, overloadTripCount } = values;
  return [
    ...(frequencyHz === undefined ? [] : [{ key: 'frequency', text: `${formatNumber(frequencyHz, 2)} Hz` }]),
    ...(apparentPowerVa === undefined ? [] : [{ key: 'apparent', text: `${kiloText(apparentPowerVa)} kVA` }]),
    ...(limitW === undefined || activePowerW === undefined
      ? []
      : [
          {
            key: 'ofLimit',
            text: `${formatNumber((activePowerW / limitW) * PERCENT)} %`,
            named: { limit: `${formatNumber(limitW / 1_000, 1)} kW` },
          },
        ]),
    ...(neutral === undefined ? [] : [{ key: 'neutral', text: `${formatNumber(neutral, 2)} A` }]),
    ...(unbalance === undefined ? [] : [{ key: 'unbalance', text: `${formatNumber(unbalance * PERCENT)} %` }]),
    ...(purchaseCount === undefined ? [] : [{ key: 'purchases', text: formatNumber(purchaseCount) }]),
    ...(overloadTripCount === undefined ? [] : [{ key: 'overloadTrips', text: formatNumber(overloadTripCount) }]),
  ];
}
