import sql, { raw } from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ALARM_RULES } from '#domain/alarm.ts';
import { Conditions } from '#server/modules/alarms/conditions.ts';
import { PlatformWatch } from '#server/modules/alarms/platformWatch.ts';
import type { AlarmTransition } from '#server/modules/alarms/types.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const EVERYTHING: Scope = { all: true, propertyIds: [], buildingIds: [] };

describe('a telemetry store that cannot be written', () => {
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

  /** Readings come in and time passes until it is so. */
  const passUntil = (check: () => void) =>
    vi.waitFor(
      () => {
        house.take(house.reading('a1'));
        house.pass(1);
        check();
      },
      { timeout: 20_000, interval: 5 },
    );
  const storeDownSince = () => house.telemetry.figures().storeDownSinceMs;
  async function platformAlarms() {
    await house.alarms.flush();
    return database.db.query<{ kind: string; open: boolean; property_id: number | null; path: unknown }>(sql`
      select kind, cleared_at is null as open, property_id, path from alarm where source_kind = 'platform'`);
  }

  test('is an alarm of the platform after a minute, for those who see the whole group, and ends when it is back', async () => {
    const told: (number | undefined)[] = [];
    house.alarms.onChange(({ alarm, propertyId }) => {
      if (alarm.source.kind === 'platform') told.push(propertyId);
    });
    await database.owner.query(raw('alter table telemetry_raw rename to away'));
    await passUntil(() => expect(storeDownSince()).toBeDefined());
    house.pass(59);
    expect(await platformAlarms()).toEqual([]);
    house.pass(3);
    const path = [{ zh: '平台', en: 'Meterwall' }];
    expect(await platformAlarms()).toEqual([{ kind: 'storeDown', open: true, property_id: null, path }]);
    const mall = house.propertyId('mall');
    const before = house.alarms.counts({ ...EVERYTHING, all: false, propertyIds: [mall] }, mall);
    expect(house.alarms.counts(EVERYTHING, mall)).toEqual({
      ...before,
      medium: before.medium + 1,
      unacknowledged: before.unacknowledged + 1,
      states: { ...before.states, unacknowledged: before.states.unacknowledged + 1 },
    });
    await database.owner.query(raw('alter table away rename to telemetry_raw'));
    await passUntil(() => expect(storeDownSince()).toBeUndefined());
    house.pass(15);
    expect(await platformAlarms()).toMatchObject([{ kind: 'storeDown', open: false }]);
    expect(told).toEqual([undefined, undefined]);
  });
});

describe('what waits on disk', () => {
  /** Looks of [second, bytes of 100, dropped so far], and what was decided when. */
  function decided(looks: readonly (readonly [number, number, number])[]): string[] {
    const told: string[] = [];
    const place = { propertyId: undefined, buildingId: undefined, gatewayId: undefined, lineId: undefined };
    const watch = new PlatformWatch(
      new Conditions({
        ruleOf: (kind) => ALARM_RULES[kind],
        suppressionOf: () => undefined,
        placeOf: () => ({ ...place, path: [], label: undefined, search: '' }),
        decide: (made: AlarmTransition) => {
          if ('atMs' in made) told.push(`${made.kind} ${made.action}@${made.atMs / 1_000}`);
        },
      }),
    );
    for (const [second, bytes, dropped] of looks) {
      const level = { bytes, maxBytes: 100, dropped };
      watch.look(
        { storeDown: false, spools: { one: level, quiet: { ...level, bytes: 0, dropped: 7 } } },
        second * 1_000,
      );
    }
    return told;
  }

  test('over nine tenths of its room is an alarm at once, and gone a minute after it is below eight', () => {
    const looks = [
      [0, 90, 0],
      [1, 91, 0],
      [2, 85, 0],
      [100, 85, 0],
      [101, 79, 0],
      [160, 79, 0],
      [161, 79, 0],
    ] as const;
    expect(decided(looks)).toEqual(['spoolFull raise@1', 'spoolFull clear@161']);
  });

  test('dropping is an alarm however much room there is', () => {
    const looks = [
      [0, 10, 3],
      [1, 10, 3],
      [2, 10, 4],
      [3, 10, 4],
      [62, 10, 4],
      [63, 10, 4],
    ] as const;
    expect(decided(looks)).toEqual(['spoolFull raise@2', 'spoolFull clear@63']);
  });
});
