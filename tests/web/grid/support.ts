import type { MeterTenants } from '#contract/grid.ts';
import type { WallLayout } from '#contract/metering.ts';
import { packFacts } from '#domain/meterState.ts';
import { gridTable } from '../../../web/features/grid/data/gridTable.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { createTileStore } from '../../../web/live/tileStore.ts';

const ROOMS_A_FLOOR = 20;
const FLOORS = 10;

/** A property of `count` meters in towers of ten floors; every seventh in arrears, every third with a balance below zero. */
export function gridOf(count: number, { heard = true } = {}) {
  const places: WallLayout['places'] = [
    { id: 1, kind: 'property', propertyId: 1, names: { en: 'Riverside' }, position: 1 },
  ];
  const placeId: number[] = [];
  let next = 2;
  for (let meter = 0, building = 0, floor = 0; meter < count; meter++) {
    const add = (kind: 'building' | 'floor' | 'room', parentId: number, en: string, position: number) => {
      places.push({ id: next, kind, propertyId: 1, parentId, names: { en }, position });
      return next++;
    };
    if (meter % (ROOMS_A_FLOOR * FLOORS) === 0) building = add('building', 1, `Tower ${places.length}`, meter);
    if (meter % ROOMS_A_FLOOR === 0) floor = add('floor', building, `${(meter / ROOMS_A_FLOOR) % FLOORS}F`, meter);
    placeId.push(add('room', floor, `R${meter}`, meter));
  }
  const column = <T>(of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index));
  const layout: WallLayout = {
    propertyId: 1,
    propertyNames: { en: 'Riverside' },
    timeZone: 'Asia/Shanghai',
    currency: 'CNY',
    places,
    meters: {
      id: column((index) => index + 1),
      placeId,
      lineId: column((index) => (index % 40) + 1),
      role: column(() => 'tenant' as const),
      modelId: column((index) => (index % 2 === 0 ? 'a' : 'b')),
      meterNumber: column((index) => `2309${index}`),
      names: column(() => null),
      peakW: column(() => 0),
    },
    lines: Array.from({ length: 40 }, (_, index) => ({
      id: index + 1,
      gatewayId: (index % 8) + 1,
      gatewayCode: `GW-${(index % 8) + 1}`,
      name: `${index}`,
    })),
  };
  const tenants: MeterTenants = {
    propertyId: 1,
    meterId: layout.meters.id,
    accountId: layout.meters.id,
    customer: column((index) => `Customer ${(index * 7919) % count}`),
    initials: column((index) => `c${index}`),
    tariff: column(() => 'retail'),
  };
  const store = createTileStore(layout.meters.id);
  if (!heard) return { layout, store, table: gridTable(layout, wallModel(layout), tenants, 'en') };
  store.applySnapshot({
    propertyId: 1,
    seq: 1,
    atMs: 1_000_000,
    changes: layout.meters.id.map((meterId, index) => ({
      meterId,
      packedFacts: packFacts(
        {
          money: index % 7 === 0 ? 'arrears' : 'normal',
          link: 'online',
          relay: index % 5 === 0 ? 'open' : 'closed',
          protection: index % 11 === 0 ? 'forcedClosed' : 'none',
        },
        0,
      ),
      loadW: (index * 37) % 4_000,
      balanceMinor: index % 3 === 0 ? BigInt(-index) : BigInt(index),
      heardAgoS: index % 60,
    })),
  });
  return { layout, store, table: gridTable(layout, wallModel(layout), tenants, 'en') };
}
