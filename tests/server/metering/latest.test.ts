import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARKS } from '#domain/meterState.ts';
import { HOUSE_MANIFEST, HOUSE_START_MS, type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let house: House;

beforeEach(async () => {
  database = await createTestDatabase();
  house = await openHouse(database);
});
afterEach(async () => {
  await house.close();
  await database.drop();
});

test('a meter that was never heard has no values, no time and is not in good order', () => {
  const now = house.metering.meterNow(house.meterId('a1'));
  expect(now).toMatchObject({
    values: {},
    stale: false,
    facts: { money: 'notOpened', link: 'late', relay: 'unknown' },
  });
  expect(now).not.toHaveProperty('readAt');
  expect(now).not.toHaveProperty('balanceMinor');
});

describe('what a reading does not say', () => {
  test('keeps its last value, and the time is that of the reading', () => {
    house.take(house.reading('a1'));
    house.clock.advance(10_000);
    house.take(house.reading('a1', { values: { activePowerW: 7 }, balanceMinor: undefined, status: {} }));
    expect(house.metering.meterNow(house.meterId('a1'))).toMatchObject({
      readAt: new Date(HOUSE_START_MS + 10_000).toISOString(),
      values: { activePowerW: 7, energyWh: 123_456_780 },
      balanceMinor: '5000',
      facts: { relay: 'closed' },
    });
  });

  test('a value that was read and not believed is absent, with the reason', () => {
    house.take(house.reading('a1'));
    house.take(
      house.reading('a1', {
        values: { activePowerW: 7 },
        balanceMinor: undefined,
        rejected: [
          { quantity: 'energyWh', raw: 1, reason: 'counter-fell' },
          { quantity: 'balanceMinor', raw: -9e9, reason: 'range' },
        ],
      }),
    );
    const now = house.metering.meterNow(house.meterId('a1'));
    expect(now?.values).toMatchObject({ activePowerW: 7, voltageL1V: 230 });
    expect(now?.values).not.toHaveProperty('energyWh');
    expect(now).not.toHaveProperty('balanceMinor');
    expect(now?.rejected).toContainEqual({ quantity: 'energyWh', raw: 1, reason: 'counter-fell' });
  });
});

describe('after a restart', () => {
  test('the last values are there, marked stale and late, until the meter answers', async () => {
    house.take(
      house.reading('a1', { balanceMinor: -12_40n, status: { relay: 'open', forced: 'none', money: 'arrears' } }),
    );
    await house.close();
    house = await openHouse(database, HOUSE_START_MS + 600_000);
    const view = house.meter('a1');
    expect(view.stale).toBe(true);
    expect(view.state.marks & MARKS.stale).toBe(MARKS.stale);
    expect(house.metering.meterNow(house.meterId('a1'))).toMatchObject({
      stale: true,
      readAt: new Date(HOUSE_START_MS).toISOString(),
      balanceMinor: '-1240',
      values: { activePowerW: 1_000 },
      facts: { money: 'arrears', relay: 'open', link: 'late' },
    });

    house.take(house.reading('a1'));
    expect(house.metering.meterNow(house.meterId('a1'))).toMatchObject({
      stale: false,
      facts: { money: 'normal', link: 'online' },
    });
    expect(house.meter('a1').state.marks & MARKS.stale).toBe(0);
  });

  test('a fact that still holds keeps its time', async () => {
    house.take(house.reading('a1', { status: { relay: 'open', forced: 'none', money: 'arrears' } }));
    await house.close();
    house = await openHouse(database, HOUSE_START_MS + 600_000);
    house.take(house.reading('a1', { status: { relay: 'open', forced: 'none', money: 'arrears' } }));
    expect(house.meter('a1').state.since.money).toBe(HOUSE_START_MS);
  });

  test('a meter that was not heard before stays without values', async () => {
    await house.close();
    house = await openHouse(database);
    expect(house.meter('a1')).toMatchObject({ stale: false, last: undefined });
  });
});

describe('link by time', () => {
  test('a silent meter becomes late and then lost by the sweep alone', () => {
    house.take(house.reading('a1'), house.reading('a2'));
    house.pass(21);
    expect(house.meter('a1').state.facts.link).toBe('online');
    house.pass(1);
    expect(house.meter('a1').state.facts.link).toBe('late');
    house.take(house.reading('a2'));
    house.pass(38);
    expect(house.meter('a1').state.facts.link).toBe('lost');
    expect(house.meter('a2').state.facts.link).toBe('late');
  });

  test('a line that goes down takes its meters along and nobody else', () => {
    for (const number of ['a1', 'a2', 'b1', 'b2']) house.take(house.reading(number));
    house.line('GW-1', '1', 'up');
    house.line('GW-1', '1', 'down');
    house.pass(5);
    const links = ['a1', 'a2', 'b1', 'b2'].map((number) => house.meter(number).state.facts.link);
    expect(links).toEqual(['lost', 'lost', 'online', 'online']);
    expect(house.meter('a1').state.lostCause).toBe('path');
  });

  test('a slow line is judged by its own round, not by a poll that it cannot keep', () => {
    house.take(house.reading('a1'), house.reading('b1'));
    house.clock.advance(60_000);
    house.metering.pipeline.sweep(house.clock.nowMs(), new Map([[house.lineId('GW-1', '1'), 40_000]]));
    expect(house.meter('a1').state.facts.link).toBe('online');
    expect(house.meter('b1').state.facts.link).toBe('lost');
  });
});

test('a meter that leaves the estate leaves memory, one that comes has its full time to answer', async () => {
  house.take(house.reading('a1'));
  const meterId = house.meterId('a1');
  await house.estate.importPlant({ properties: [], gateways: [] });
  expect(house.metering.meter(meterId)).toBeUndefined();
  house.pass(3_600);
  await house.estate.importPlant(HOUSE_MANIFEST);
  expect(house.meter('a1').state.facts.link).toBe('late');
  house.pass(59);
  expect(house.meter('a1').state.facts.link).toBe('late');
  house.pass(1);
  expect(house.meter('a1').state.facts.link).toBe('lost');
});

test('what time changed while the estate was changed is told all the same', async () => {
  house.take(house.reading('a1'));
  const told: string[] = [];
  house.metering.listen({
    metersChanged(updates) {
      for (const { meter, events } of updates) {
        for (const { from, to } of events) told.push(`${meter.profile.meter.meterNumber} ${from} → ${to}`);
      }
    },
  });
  house.clock.advance(30_000);
  await house.estate.importPlant({ ...HOUSE_MANIFEST, gateways: HOUSE_MANIFEST.gateways.slice(0, 2) });
  house.news({});
  house.pass(1);
  expect(told).toContain('a1 online → late');
});
