import { describe, expect, test } from 'vitest';
import { MODELS } from '#drivers/models/index.ts';
import { metersOf } from '#drivers/simulator/estate/estateTypes.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import type { PlantProperty } from '#drivers/simulator/manifest.ts';
import { imageOf } from '#drivers/simulator/meter/meterImage.ts';
import { DAY_MS, SEED, START_MS, standingPopulation } from './simulatorSupport.ts';

function keysOf({ key, buildings }: PlantProperty): readonly string[] {
  return [
    key,
    ...buildings.flatMap((building) => [
      building.key,
      ...building.floors.flatMap((floor) => [floor.key, ...floor.rooms.map((room) => room.key)]),
    ]),
  ];
}

/** How many meters stand in each state: money, relay and forced mode. */
function census(atMs: number): ReadonlyMap<string, number> {
  const { population } = standingPopulation();
  const counts = new Map<string, number>();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const meter of population.meters) {
    const model = MODELS.find(({ id }) => id === meter.spec.meter.modelId);
    if (model === undefined) throw new Error(`no model ${meter.spec.meter.modelId}`);
    const { status } = imageOf(meter, model, atMs);
    add(status.money ?? 'none');
    add(`forced ${status.forced ?? 'never'}`);
    if (status.relay === 'open') add(`open in ${status.money ?? 'none'}`);
    if (status.overLimit === true) add('overload');
  }
  return counts;
}

const EVERY_STATE = [
  'normal',
  'alarm1',
  'alarm2',
  'arrears',
  'notOpened',
  'forced closed',
  'forced open',
  'open in arrears',
];

describe('the demo estate', () => {
  const estate = makeEstate({ kind: 'demo' }, SEED);
  const meters = [...metersOf(estate)];

  test('has three properties, 600 to 900 meters on lines of at most 32, in both framings', () => {
    expect(estate.properties).toHaveLength(3);
    expect(meters.length).toBeGreaterThanOrEqual(600);
    expect(meters.length).toBeLessThanOrEqual(900);
    const lines = estate.gateways.flatMap((gateway) => gateway.lines);
    expect(estate.gateways.length).toBeGreaterThanOrEqual(25);
    for (const line of lines) {
      expect(line.meters.length).toBeLessThanOrEqual(32);
      expect(new Set(line.meters.map(({ meter }) => meter.unitAddress)).size).toBe(line.meters.length);
    }
    expect(new Set(lines.map(({ framing }) => framing)).size).toBe(2);
  });

  test('names every place once and puts every meter and gateway at a place that is there', () => {
    const keys = estate.properties.flatMap(keysOf);
    expect(new Set(keys).size).toBe(keys.length);
    const places = new Set(keys);
    for (const { meter } of meters) expect(places, `place of ${meter.meterNumber}`).toContain(meter.placeKey);
    for (const { placeKey } of estate.gateways) expect(places).toContain(placeKey);
    expect(new Set(meters.map(({ meter }) => meter.meterNumber)).size).toBe(meters.length);
  });

  test('gives shops and firms one name each, in both languages', () => {
    const names = meters.flatMap(({ meter }) => (meter.names === undefined ? [] : [meter.names]));
    for (const { zh, en } of names) expect([zh, en].every((name) => name !== undefined && name !== '')).toBe(true);
    const english = names.map(({ en }) => en);
    expect(new Set(english).size).toBe(english.length);
  });

  test('uses models that are there', () => {
    const known = new Set(MODELS.map(({ id }) => id));
    for (const { meter } of meters) expect(known).toContain(meter.modelId);
  });

  test.each([0, 3, 10, 30])('shows every state after %i days, and at least four in five are in order', (days) => {
    const counts = census(START_MS + days * DAY_MS);
    const missing = EVERY_STATE.filter((state) => !counts.has(state));
    expect(missing).toEqual([]);
    const inOrder = (counts.get('normal') ?? 0) + (counts.get('none') ?? 0);
    expect(inOrder / meters.length).toBeGreaterThan(0.8);
    expect(inOrder / meters.length).toBeLessThan(0.97);
  });

  test('keeps a few meters dead, and a gateway that goes down and comes back', () => {
    const kinds = estate.standingFaults.map(({ fault }) => fault.kind);
    expect(kinds.filter((kind) => kind === 'silent').length).toBeGreaterThan(2);
    expect(estate.standingFaults.find(({ fault }) => fault.kind === 'down')?.everySeconds).toBeDefined();
  });
});

test('a plant by number has that many meters, 32 a line, and refuses what it cannot be', () => {
  const estate = makeEstate({ kind: 'count', meters: 10_000 }, SEED);
  expect([...metersOf(estate)]).toHaveLength(10_000);
  expect(estate.gateways).toHaveLength(313);
  const numbers = new Set([...metersOf(estate)].map(({ meter }) => meter.meterNumber));
  expect(numbers.size).toBe(10_000);
  expect(() => makeEstate({ kind: 'count', meters: 0 }, SEED)).toThrow(RangeError);
  expect(() => makeEstate({ kind: 'count', meters: 50_001 }, SEED)).toThrow(RangeError);
});
