import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MODELS } from '#drivers/models/index.ts';
import { imageOf, moneyOf } from '#drivers/simulator/meter/meterImage.ts';
import { ALL_CAPABILITIES } from '#drivers/simulator/meter/purseMemory.ts';
import type { SimulatedMeter } from '#drivers/simulator/meter/simulatedMeter.ts';
import { costParts, PRICES, partsToMinor } from '#drivers/simulator/meter/tariff.ts';
import { manualClock } from '../../support/manualClock.ts';
import { DAY_MS, HOUR_MS, meterThat, populationOn, SEED, START_MS, standingPopulation } from './simulatorSupport.ts';

const COUNTERS = ['energyWh', 'energySharpWh', 'energyPeakWh', 'energyFlatWh', 'energyValleyWh'] as const;
const MINUTE_MS = 60_000;

function modelOf(meter: SimulatedMeter) {
  const model = MODELS.find(({ id }) => id === meter.spec.meter.modelId);
  if (model === undefined) throw new Error('the estate names a model that is not there');
  return model;
}

describe('registers', () => {
  test('never fall, and the four rates make up the total, at whatever instants they are asked', () => {
    const meters = [...standingPopulation().population.meters];
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 * DAY_MS }), { minLength: 3, maxLength: 20 }),
        fc.nat(800),
        (steps, skip) => {
          const meter = meters[skip];
          if (meter === undefined) throw new Error('the demo estate has more than 800 meters');
          let atMs = meter.path.atMs;
          let before = imageOf(meter, modelOf(meter), atMs).values;
          for (const step of steps) {
            atMs += step;
            const now = imageOf(meter, modelOf(meter), atMs).values;
            for (const name of COUNTERS) expect(now[name]).toBeGreaterThanOrEqual(before[name] ?? Number.NaN);
            const rates = COUNTERS.slice(1).reduce((sum, name) => sum + (now[name] ?? Number.NaN), 0);
            expect(now.energyWh).toBe(rates);
            before = now;
          }
        },
      ),
      { numRuns: 40, seed: SEED },
    );
  });

  test('come out the same whether a meter is asked every minute or once after two weeks', () => {
    const often = standingPopulation({ kind: 'count', meters: 96 }).population;
    const once = standingPopulation({ kind: 'count', meters: 96 }).population;
    const endMs = START_MS + 14 * DAY_MS;
    for (const meter of often.meters) {
      for (let atMs = START_MS; atMs < endMs; atMs += 17 * MINUTE_MS + 333) meter.advance(atMs);
      meter.advance(endMs);
      const other = once.meter(meter.spec.meter.meterNumber);
      other?.advance(endMs);
      expect(other?.path).toEqual(meter.path);
      expect(other?.energyAt(endMs)).toEqual(meter.energyAt(endMs));
    }
  });

  test('follow the power that is shown: over a day the two agree within a few percent', () => {
    const { population } = standingPopulation();
    const meter = meterThat(population, 'guarded');
    let shownWh = 0;
    const startWh = imageOf(meter, modelOf(meter), START_MS).values.energyWh ?? Number.NaN;
    for (let atMs = START_MS; atMs < START_MS + DAY_MS; atMs += MINUTE_MS) {
      shownWh += (imageOf(meter, modelOf(meter), atMs).values.activePowerW ?? Number.NaN) / 60;
    }
    const countedWh = (imageOf(meter, modelOf(meter), START_MS + DAY_MS).values.energyWh ?? Number.NaN) - startWh;
    expect(shownWh / countedWh).toBeCloseTo(1, 1);
  });
});

describe('the balance', () => {
  test('falls by price × energy × transformer ratio, exactly, rate by rate', () => {
    const { population } = standingPopulation();
    const atMs = START_MS + 14 * HOUR_MS;
    let compared = 0;
    let transformed = 0;
    for (const meter of population.meters) {
      const { purse } = meter.spec;
      if (purse === undefined || meter.path.openedAtMs !== undefined) continue;
      const before = { energy: meter.energyAt(START_MS), parts: meter.balancePartsAt(START_MS) };
      const bought = meter.path.purchaseCount;
      meter.advance(atMs);
      if (meter.path.purchaseCount !== bought || meter.path.openedAtMs !== undefined) continue;
      const costs = meter.energyAt(atMs).map((now, rate) => {
        return BigInt(now - (before.energy[rate] ?? 0)) * BigInt(PRICES[purse.tariff][rate] ?? 0);
      });
      const ratio = BigInt(meter.spec.meter.ctRatio);
      expect(before.parts - meter.balancePartsAt(atMs)).toBe(costs.reduce((sum, cost) => sum + cost, 0n) * ratio);
      compared += 1;
      if (ratio > 1n) transformed += 1;
    }
    expect(compared).toBeGreaterThan(500);
    expect(transformed).toBeGreaterThan(0);
  });

  test('costs a kilowatt-hour what the tariff says: 0.7357 at the flat rate', () => {
    expect(partsToMinor(costParts([0, 0, 1_000_000_000, 0], PRICES.retail, 1) * 100n)).toBe(7_357n);
  });

  test('is rounded down in debt as well: nothing left never shows as a cent', () => {
    expect(partsToMinor(-1n)).toBe(-1n);
    expect(partsToMinor(1n)).toBe(0n);
  });

  test('raises alarm 1 and 2 at their thresholds and arrears at the cut line', () => {
    const { purse } = meterThat(standingPopulation().population, 'normal').spec;
    if (purse === undefined) throw new Error('a normal tenant has a purse');
    expect(moneyOf(purse.alarm1Minor + 1n, purse)).toBe('normal');
    expect(moneyOf(purse.alarm1Minor, purse)).toBe('alarm1');
    expect(moneyOf(purse.alarm2Minor, purse)).toBe('alarm2');
    expect(moneyOf(purse.cutLineMinor + 1n, purse)).toBe('alarm2');
    expect(moneyOf(purse.cutLineMinor, purse)).toBe('arrears');
  });
});

describe('the relay', () => {
  test('opens in the first minute at the cut line, and then nothing is counted any more', () => {
    const { population } = standingPopulation({ kind: 'count', meters: 640 });
    let tripped = 0;
    for (const meter of population.meters) {
      if (meter.spec.purse?.start === 'tripped' || meter.spec.purse?.start === 'notOpened') continue;
      for (let atMs = START_MS; atMs < START_MS + 10 * DAY_MS; atMs += 6 * HOUR_MS) {
        meter.advance(atMs);
        const { openedAtMs, forced } = meter.path;
        if (openedAtMs === undefined || forced !== 'none') continue;
        tripped += 1;
        expect(meter.balanceMinorAt(openedAtMs)).toBeLessThanOrEqual(0n);
        const minuteBefore =
          meter.costOf(meter.demand.energyAt(openedAtMs)) - meter.costOf(meter.demand.energyAt(openedAtMs - MINUTE_MS));
        expect(meter.balancePartsAt(openedAtMs) + minuteBefore).toBeGreaterThan(0n);
        expect(meter.energyAt(atMs)).toEqual(meter.energyAt(openedAtMs));
        expect(imageOf(meter, modelOf(meter), atMs).values.activePowerW).toBe(0);
        break;
      }
    }
    expect(tripped).toBeGreaterThan(5);
  });

  test('of a meter forced closed never opens, however deep the debt', () => {
    const { population } = standingPopulation();
    const meter = meterThat(population, 'protected');
    const before = meter.balanceMinorAt(START_MS);
    for (let day = 1; day <= 120; day++) {
      meter.advance(START_MS + day * DAY_MS);
      expect(meter.path.openedAtMs).toBeUndefined();
    }
    expect(meter.balanceMinorAt(START_MS + 120 * DAY_MS)).toBeLessThan(before);
    meter.write({ kind: 'force', mode: 'none' }, START_MS + 121 * DAY_MS);
    expect(meter.path.openedAtMs).toBe(START_MS + 121 * DAY_MS);
  });

  test('of a tripped meter closes with a purchase; that of a meter forced open stays open', () => {
    const { population } = standingPopulation();
    const buy = (meter: SimulatedMeter) =>
      meter.write({ kind: 'buy', amountMinor: 20_000n, purchaseCount: meter.path.purchaseCount + 1 }, START_MS + 1);
    const tripped = meterThat(population, 'tripped');
    const forcedOpen = meterThat(population, 'forcedOpen');
    expect(tripped.path.openedAtMs).toBeDefined();
    expect(buy(tripped)).toBeUndefined();
    expect(tripped.path.openedAtMs).toBeUndefined();
    expect(buy(forcedOpen)).toBeUndefined();
    expect(forcedOpen.path.openedAtMs).toBeDefined();
  });
});

describe('a purchase', () => {
  test('counts once: only with the meter’s own count + 1, unless the plant is told to be lax', () => {
    const { population } = standingPopulation();
    const meter = meterThat(population, 'normal');
    const { purchaseCount } = meter.path;
    const balance = meter.balanceMinorAt(START_MS);
    const buy = (count: number, seqChecked: boolean) =>
      meter.write({ kind: 'buy', amountMinor: 10_000n, purchaseCount: count }, START_MS, {
        ...ALL_CAPABILITIES,
        seqChecked,
      });
    expect(buy(purchaseCount, true)).toBe('duplicate');
    expect(buy(purchaseCount + 2, true)).toBe('count');
    expect(meter.balanceMinorAt(START_MS)).toBe(balance);
    expect(buy(purchaseCount + 1, true)).toBeUndefined();
    expect(meter.balanceMinorAt(START_MS)).toBe(balance + 10_000n);
    expect(buy(purchaseCount + 9, false)).toBeUndefined();
    expect(meter.path.purchaseCount).toBe(purchaseCount + 9);
  });

  test('is made by the tenants themselves: in a month nearly every one has bought, none of them at night', () => {
    const { population } = standingPopulation();
    let tenants = 0;
    let buyers = 0;
    for (const meter of population.meters) {
      if (meter.spec.purse?.start !== 'normal') continue;
      tenants += 1;
      meter.advance(START_MS + 40 * DAY_MS);
      const purchases = meter.path.past.filter(({ kind }) => kind === 'purchase');
      if (purchases.length > 0) buyers += 1;
      for (const { atMs } of purchases) expect(new Date(atMs + 8 * HOUR_MS).getUTCHours()).toBeGreaterThanOrEqual(7);
    }
    expect(buyers / tenants).toBeGreaterThan(0.9);
  });
});

test('the same seed gives the same meters with the same values; another seed other ones', () => {
  const clock = manualClock(START_MS);
  const said = (seed: number) =>
    [...populationOn(clock, { kind: 'demo' }, { seed }).meters].map((meter) => ({
      spec: meter.spec,
      image: imageOf(meter, modelOf(meter), START_MS + DAY_MS),
    }));
  expect(said(3)).toEqual(said(3));
  expect(said(3)).not.toEqual(said(4));
});

test('phases, powers and currents of one reading agree with each other', () => {
  const { population } = standingPopulation();
  for (const meter of population.meters) {
    const { values } = imageOf(meter, modelOf(meter), START_MS);
    const { activePowerL1W = 0, activePowerL2W = 0, activePowerL3W = 0 } = values;
    expect(values.activePowerW).toBe(activePowerL1W + activePowerL2W + activePowerL3W);
    const { voltageL1V = 0, currentL1A = 0, powerFactorL1 = 0 } = values;
    expect(voltageL1V).toBeGreaterThan(210);
    expect(voltageL1V).toBeLessThan(240);
    expect(Math.abs(voltageL1V * currentL1A * powerFactorL1 - activePowerL1W)).toBeLessThan(
      2 + activePowerL1W * 0.02 + meter.spec.meter.ctRatio * 3,
    );
  }
});
