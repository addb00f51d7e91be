import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type EstateGateway, stateKeyOf } from '#drivers/simulator/estate/estateTypes.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import type { SimulatedMeter } from '#drivers/simulator/meter/simulatedMeter.ts';
import type { Population } from '#drivers/simulator/population.ts';
import { StateFile } from '#drivers/simulator/state/stateFile.ts';
import { manualClock } from '../../support/manualClock.ts';
import { DAY_MS, HOUR_MS, meterThat, populationOn, START_MS } from './simulatorSupport.ts';

const KIND = { kind: 'count', meters: 320 } as const;

function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plant-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Everything a meter would show, and what it remembers. */
function factsOf(population: Population, atMs: number) {
  return [...population.meters].map((meter) => {
    meter.advance(atMs);
    return { energy: meter.energyAt(atMs), balance: meter.balanceMinorAt(atMs), path: meter.path };
  });
}

function sameMeter(population: Population, meter: SimulatedMeter): SimulatedMeter {
  const same = population.meter(meter.spec.meter.meterNumber);
  if (same === undefined) throw new Error('the meter is gone');
  return same;
}

describe('a plant that was stopped', () => {
  test('goes on where it was, as if it had never stopped', () => {
    const clock = manualClock(START_MS);
    const folder = stateFolder();
    const first = populationOn(clock, KIND, { stateFolder: folder });
    clock.advance(30 * HOUR_MS);
    factsOf(first, clock.nowMs());
    first.stop();
    clock.advance(40 * HOUR_MS);
    const second = populationOn(clock, KIND, { stateFolder: folder });
    expect(factsOf(second, clock.nowMs())).toEqual(factsOf(first, clock.nowMs()));
  });
});

describe('a plant that was killed', () => {
  test('has kept every purchase and every forced mode that its meters accepted', () => {
    const clock = manualClock(START_MS);
    const folder = stateFolder();
    const killed = populationOn(clock, KIND, { stateFolder: folder });
    const buyer = meterThat(killed, 'tripped');
    const forced = meterThat(killed, 'normal');
    clock.advance(12_345);
    expect(
      killed.write(buyer, { kind: 'buy', amountMinor: 5_000n, purchaseCount: buyer.path.purchaseCount + 1 }),
    ).toBeUndefined();
    clock.advance(3 * HOUR_MS);
    expect(killed.write(forced, { kind: 'force', mode: 'open' })).toBeUndefined();
    clock.advance(2 * HOUR_MS + 1);
    // No stop: the process is gone, what it had not written is lost.
    const next = populationOn(clock, KIND, { stateFolder: folder });
    expect(factsOf(next, clock.nowMs())).toEqual(factsOf(killed, clock.nowMs()));
    expect(sameMeter(next, forced).path.forced).toBe('open');
    expect(sameMeter(next, buyer).path.past.some(({ kind }) => kind === 'purchase')).toBe(true);
  });

  test('has kept everything that was written into a purse', () => {
    const clock = manualClock(START_MS);
    const folder = stateFolder();
    const killed = populationOn(clock, KIND, { stateFolder: folder });
    const meter = meterThat(killed, 'normal');
    const count = meter.path.purchaseCount;
    const written = [
      { kind: 'buy', amountMinor: 700n, purchaseCount: count + 1 },
      { kind: 'refund', amountMinor: 200n, purchaseCount: count + 2 },
      { kind: 'settings', settings: { alarm1Minor: 11n, overloadLimitW: 77 } },
      { kind: 'prices', prices: [4, 3, 2, 1], deepValley: 9 },
      { kind: 'backup', prices: [8, 7, 6, 5], deepValley: 4, switchAtMs: START_MS + DAY_MS },
      { kind: 'clock', offsetMs: -5_000 },
      { kind: 'set', balanceMinor: 900n, purchaseCount: 40 },
    ] as const;
    for (const write of written) expect(killed.write(meter, write)).toBeUndefined();
    const next = populationOn(clock, KIND, { stateFolder: folder });
    const same = next.meter(meter.spec.meter.meterNumber);
    expect(same?.purse).toEqual(meter.purse);
    expect(same?.path).toEqual(meter.path);
    // And once more from the snapshot that the second start has made of the journal.
    const third = populationOn(clock, KIND, { stateFolder: folder });
    expect(third.meter(meter.spec.meter.meterNumber)?.path).toEqual(meter.path);
  });

  test('believes the journal up to the line that the kill has torn', () => {
    const clock = manualClock(START_MS);
    const folder = stateFolder();
    const killed = populationOn(clock, KIND, { stateFolder: folder });
    const meter = meterThat(killed, 'normal');
    const { purchaseCount } = meter.path;
    for (const more of [1, 2])
      killed.write(meter, { kind: 'buy', amountMinor: 100n, purchaseCount: purchaseCount + more });
    const journal = join(folder, readdirSync(folder).find((name) => name.endsWith('.journal')) ?? 'none');
    writeFileSync(journal, readFileSync(journal, 'utf8').slice(0, -9));
    const next = populationOn(clock, KIND, { stateFolder: folder });
    expect(sameMeter(next, meter).path.purchaseCount).toBe(purchaseCount + 1);
  });

  test('while it drew up a snapshot starts from the one before', () => {
    const clock = manualClock(START_MS);
    const folder = stateFolder();
    const killed = populationOn(clock, KIND, { stateFolder: folder });
    const meter = meterThat(killed, 'normal');
    const count = meter.path.purchaseCount + 1;
    killed.write(meter, { kind: 'buy', amountMinor: 100n, purchaseCount: count });
    const snapshot = readdirSync(folder).find((name) => name.endsWith('.snapshot.json')) ?? 'none';
    writeFileSync(join(folder, `${snapshot}.draft`), '{"version":1,"generation":9,"plantMs":1,"pat');
    const next = populationOn(clock, KIND, { stateFolder: folder });
    expect(sameMeter(next, meter).path.purchaseCount).toBe(count);
  });
});

test('time and registers never fall over a restart, though the machine’s clock was set back', () => {
  const clock = manualClock(START_MS);
  const folder = stateFolder();
  const first = populationOn(clock, KIND, { stateFolder: folder });
  clock.advance(HOUR_MS + 7_321);
  const before = first.time.nowMs();
  first.stop();
  clock.setNow(START_MS - 48 * HOUR_MS);
  const second = populationOn(clock, KIND, { stateFolder: folder });
  expect(second.time.nowMs()).toBeGreaterThanOrEqual(before);
});

test('a plant that ran faster than the wall and was killed does not fall behind what it had said', () => {
  const clock = manualClock(START_MS);
  const folder = stateFolder();
  const first = populationOn(clock, KIND, { stateFolder: folder, speed: 60 });
  clock.advance(29_900);
  const said = first.time.nowMs();
  expect(said - START_MS).toBe(29_900 * 60);
  const second = populationOn(clock, KIND, { stateFolder: folder, speed: 60 });
  expect(second.time.nowMs()).toBeGreaterThanOrEqual(said);
});

test('the journal is folded into a snapshot every hour, and the old one is gone', () => {
  const clock = manualClock(START_MS);
  const folder = stateFolder();
  populationOn(clock, KIND, { stateFolder: folder });
  const journals = () => readdirSync(folder).filter((name) => name.endsWith('.journal'));
  clock.advance(59 * 60_000);
  const [early] = journals();
  clock.advance(2 * 60_000);
  expect(journals()).toHaveLength(1);
  expect(journals()[0]).not.toBe(early);
});

test('a standing snapshot is replaced as a whole, never written into', () => {
  const folder = stateFolder();
  const state = new StateFile(folder, 'x');
  state.save(1, []);
  // The second name keeps hold of the file that stands now.
  linkSync(join(folder, 'x.snapshot.json'), join(folder, 'held'));
  const before = readFileSync(join(folder, 'held'), 'utf8');
  state.save(2, []);
  expect(readFileSync(join(folder, 'held'), 'utf8')).toBe(before);
  expect(new StateFile(folder, 'x').load()?.plantMs).toBe(2);
});

test('a snapshot that cannot be read is put aside, and the plant begins anew', () => {
  const folder = stateFolder();
  writeFileSync(join(folder, 'x.snapshot.json'), 'no json');
  expect(new StateFile(folder, 'x').load()).toBeUndefined();
  expect(readdirSync(folder)).toContain('x.snapshot.json.unreadable');
});

test('another seed or another size does not take up this one’s state', () => {
  const clock = manualClock(START_MS);
  const folder = stateFolder();
  const first = populationOn(clock, KIND, { stateFolder: folder });
  const meter = meterThat(first, 'normal');
  first.write(meter, { kind: 'force', mode: 'open' });
  const larger = populationOn(clock, { kind: 'count', meters: 640 }, { stateFolder: folder });
  expect(sameMeter(larger, meter).path.forced).toBe('none');
  const otherSeed = populationOn(clock, KIND, { stateFolder: folder, seed: 8 });
  expect(otherSeed.meter(meter.spec.meter.meterNumber)).toBeUndefined();
});

describe('the name of the state', () => {
  test('is the same for the same estate and another for one whose meters behave otherwise', () => {
    const estate = makeEstate(KIND, 7);
    expect(stateKeyOf(makeEstate(KIND, 7))).toBe(stateKeyOf(estate));
    const heavier = { ...estate, gateways: estate.gateways.map(heavierGateway) };
    expect(stateKeyOf(heavier)).not.toBe(stateKeyOf(estate));
  });
});

function heavierGateway(gateway: EstateGateway): EstateGateway {
  const lines = gateway.lines.map((line) => ({
    ...line,
    meters: line.meters.map((meter) => ({ ...meter, ratedW: meter.ratedW + 1 })),
  }));
  return { ...gateway, lines };
}
