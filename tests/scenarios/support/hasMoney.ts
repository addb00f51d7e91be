import type { Plant } from '#drivers/simulator/plant.ts';

/** 100.00 in the parts in which a simulated meter counts. */
const LASTING_PARTS = 10n ** 15n;

/** Whether a meter's own money lasts for longer than any test, so that it does not cut itself off. */
export function hasMoney(plant: Plant, meterNumber: string): boolean {
  const meter = plant.meter(meterNumber);
  return meter !== undefined && (meter.purse === undefined || meter.balanceParts > LASTING_PARTS);
}
