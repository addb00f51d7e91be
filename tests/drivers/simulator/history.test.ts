import { expect, test } from 'vitest';
import { MODELS } from '#drivers/models/index.ts';
import { historyOf, rangeFault } from '#drivers/simulator/meter/history.ts';
import { imageOf } from '#drivers/simulator/meter/meterImage.ts';
import type { SimulatedMeter } from '#drivers/simulator/meter/simulatedMeter.ts';
import type { Population } from '#drivers/simulator/population.ts';
import { DAY_MS, HOUR_MS, meterThat, START_MS, standingPopulation } from './simulatorSupport.ts';

const STEP_MS = HOUR_MS / 2;

function modelOf(meter: SimulatedMeter) {
  const model = MODELS.find(({ id }) => id === meter.spec.meter.modelId);
  if (model === undefined) throw new Error('the estate names a model that is not there');
  return model;
}

function rowsOf(meters: Iterable<SimulatedMeter>, nowMs: number, days: number) {
  return [...historyOf(meters, modelOf, { fromMs: nowMs - days * DAY_MS, toMs: nowMs, stepMs: STEP_MS }, nowMs)];
}

/** Every seventh meter: all kinds of consumer and all states are among them. */
function someOf(population: Population): readonly SimulatedMeter[] {
  return [...population.meters].filter((_, index) => index % 7 === 0);
}

/** What in the told past breaks a law: registers that fall or end above the live ones, rates that are not the total. */
function breachesOf(population: Population, nowMs: number): readonly string[] {
  return someOf(population).flatMap((meter) => {
    const rows = rowsOf([meter], nowMs, 3);
    const live = imageOf(meter, modelOf(meter), nowMs).values.energyWh ?? Number.NaN;
    const totals = rows.map(({ values }) => values['energyWh'] ?? Number.NaN);
    const rising = [...totals, live].every((total, index, all) => total >= (all[index - 1] ?? 0));
    const whole = rows.every(({ values }) => !('energySharpWh' in values) || ratesOf(values) === values['energyWh']);
    const purse = rows.every(({ balanceMinor }) => (balanceMinor === undefined) === (meter.spec.purse === undefined));
    const fault =
      rows.length !== 3 * 48 ? 'rows missing' : !rising ? 'falls' : !whole ? 'rates' : !purse ? 'purse' : '';
    return fault === '' ? [] : [`${meter.spec.meter.meterNumber}: ${fault}`];
  });
}

function ratesOf(values: Readonly<Record<string, number>>): number {
  const rates = ['energySharpWh', 'energyPeakWh', 'energyFlatWh', 'energyValleyWh'];
  return rates.reduce((sum, name) => sum + (values[name] ?? Number.NaN), 0);
}

test('the past of a new plant rises to what its meters say now', () => {
  expect(breachesOf(standingPopulation().population, START_MS)).toEqual([]);
});

test('the past of a plant that has lived is the past it lived: registers and balance as they were said then', () => {
  const { population } = standingPopulation();
  const said = new Map<string, { readonly energyWh: number | undefined; readonly balance: string | undefined }[]>();
  const endMs = START_MS + 2 * DAY_MS;
  for (const meter of someOf(population)) {
    const answers = [];
    for (let atMs = START_MS; atMs < endMs; atMs += STEP_MS) {
      const { values, balanceMinor } = imageOf(meter, modelOf(meter), atMs);
      answers.push({ energyWh: values.energyWh, balance: balanceMinor?.toString() });
    }
    said.set(meter.spec.meter.meterNumber, answers);
  }
  for (const meter of someOf(population)) {
    meter.advance(endMs);
    const told = rowsOf([meter], endMs, 2).map(({ values, balanceMinor }) => ({
      energyWh: values['energyWh'],
      balance: balanceMinor,
    }));
    expect(told).toEqual(said.get(meter.spec.meter.meterNumber));
  }
  expect(breachesOf(population, endMs)).toEqual([]);
});

test('an empty room has used nothing; a tripped tenant nothing since he tripped', () => {
  const { population } = standingPopulation();
  const [first, ...rest] = rowsOf([meterThat(population, 'notOpened')], START_MS, 2);
  for (const { values, balanceMinor } of rest) {
    expect(values).toEqual(first?.values);
    expect(balanceMinor).toBe('0');
  }
  const tripped = meterThat(population, 'tripped');
  const rows = rowsOf([tripped], START_MS, 2);
  const { openedAtMs = Number.NaN } = tripped.path;
  for (const { atMs, values } of rows) expect((values['activePowerW'] ?? Number.NaN) === 0).toBe(atMs >= openedAtMs);
});

test('a range that makes no sense is named, not run', () => {
  expect(rangeFault({ fromMs: 0, toMs: DAY_MS, stepMs: 0 })).toContain('stepMs');
  expect(rangeFault({ fromMs: Number.NaN, toMs: DAY_MS, stepMs: STEP_MS })).toContain('whole');
  expect(rangeFault({ fromMs: 0, toMs: 1_000 * DAY_MS, stepMs: 60_000 })).toContain('steps');
  expect(rangeFault({ fromMs: 0, toMs: DAY_MS, stepMs: STEP_MS })).toBeUndefined();
});
