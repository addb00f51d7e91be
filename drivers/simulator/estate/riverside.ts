import type { SerialSettings } from '#drivers/core/index.ts';
import type { PlantBuilding } from '../manifest.ts';
import type { LoadKind } from '../meter/loadShapes.ts';
import { TRADES, type Trade, tenantName } from './demoNames.ts';
import {
  between,
  code,
  feederRatedW,
  floorOf,
  type GatewayWish,
  type MeterWish,
  type PropertyPlan,
  twoDigits,
} from './demoPlan.ts';

const SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 1 };
const FAST: SerialSettings = { baud: 19_200, parity: 'none', stopBits: 1 };

const ROOMS_PER_FLOOR = 34;
const STALLS = 46;

/** What the floors of the mall sell, from the ground up. */
const FLOORS: readonly (readonly Trade[])[] = [
  TRADES.luxury,
  TRADES.fashion,
  TRADES.fashion,
  TRADES.family,
  TRADES.dining,
  TRADES.dining,
  TRADES.family,
];

/** Anchor tenants take the place of what the trades would have put there. */
const ANCHORS: Readonly<Record<string, Pick<MeterWish, 'names' | 'load' | 'ratedW' | 'start' | 'overloaded'>>> = {
  'mall-1F-08': {
    names: { zh: '鲜达冷库', en: 'Xianda Fresh, cold store' },
    load: 'coldStore',
    ratedW: 21_000,
    start: 'guarded',
  },
  'mall-1F-09': { names: { zh: '鲜达超市', en: 'Xianda Fresh' }, load: 'supermarket', ratedW: 64_000, start: 'normal' },
  'mall-2F-18': {
    names: { zh: '麦禾烘焙', en: 'Maihe Bakery' },
    load: 'cafe',
    ratedW: 11_800,
    start: 'alarm1',
  },
  'mall-3F-27': {
    names: { zh: '兰心茶铺', en: 'Lanxin Tea' },
    load: 'cafe',
    ratedW: 5_600,
    start: 'tripped',
  },
  'mall-4F-34': { names: { zh: '乐动健身', en: 'Ledong Gym' }, load: 'cinema', ratedW: 22_000, start: 'normal' },
  'mall-6F-17': {
    names: { zh: '渔歌海鲜冷库', en: 'Yuge Seafood, cold store' },
    load: 'coldStore',
    ratedW: 14_000,
    start: 'normal',
    overloaded: true,
  },
  'mall-7F-01': {
    names: { zh: '星幕影城', en: 'Star Screen Cinema' },
    load: 'cinema',
    ratedW: 88_000,
    start: 'normal',
  },
  'mall-7F-02': {
    names: { zh: '星幕影城放映机房', en: 'Star Screen, projection' },
    load: 'serverRoom',
    ratedW: 16_000,
    start: 'guarded',
  },
};

/** The shopping centre: a wide mall, a market street, and the substation that feeds both. */
export function riverside(chance: () => number): PropertyPlan {
  const mall: PlantBuilding = {
    key: 'mall',
    names: { zh: '购物中心', en: 'Mall' },
    position: 0,
    shape: 'tower',
    floors: FLOORS.map((_, index) => floorOf('mall', index + 1, ROOMS_PER_FLOOR)),
  };
  const street: PlantBuilding = {
    key: 'street',
    names: { zh: '步行街', en: 'Market Street' },
    position: 1,
    shape: 'row',
    floors: [floorOf('street', 1, STALLS)],
  };
  const substation: PlantBuilding = {
    key: 'riverside-substation',
    names: { zh: '变电所', en: 'Substation' },
    position: 2,
    shape: 'block',
    floors: [
      {
        key: 'riverside-lv',
        names: { zh: '低压室', en: 'LV room' },
        position: 0,
        rooms: CUBICLES.map((_, index) => ({
          key: `riverside-AA${twoDigits(index + 1)}`,
          names: code(`AA${twoDigits(index + 1)}`),
          position: index,
        })),
      },
    ],
  };
  const fed = [...mallGateways(chance), ...streetGateways(chance)];
  return {
    property: {
      key: 'riverside',
      names: { zh: '滨江广场', en: 'Riverside Plaza' },
      timeZone: 'Asia/Shanghai',
      currency: 'CNY',
      buildings: [mall, street, substation],
    },
    gateways: [...fed, substationGateway(fed)],
  };
}

function mallGateways(chance: () => number): readonly GatewayWish[] {
  return FLOORS.map((trades, index): GatewayWish => {
    const floor = index + 1;
    const rooms = floorOf('mall', floor, ROOMS_PER_FLOOR).rooms.map(({ key }, room): MeterWish => {
      const { names, trade } = tenantName(trades, index * ROOMS_PER_FLOOR + room);
      const wish: MeterWish = {
        placeKey: key,
        role: 'tenant',
        names,
        load: trade.load,
        ratedW: between(trade.ratedW, chance()),
      };
      return { ...wish, ...ANCHORS[key] };
    });
    const half = ROOMS_PER_FLOOR / 2;
    return {
      code: `GW-M${floor}`,
      names: { zh: `购物中心 ${floor}F`, en: `Mall ${floor}F` },
      placeKey: `mall-${floor}F`,
      framing: floor % 2 === 1 ? 'rtu-over-tcp' : 'modbus-tcp',
      serial: SERIAL,
      lines: [rooms.slice(0, half), [...rooms.slice(half), ...floorServices(floor)]],
    };
  });
}

/** What a floor of the mall uses by itself. */
function floorServices(floor: number): readonly MeterWish[] {
  const at = `mall-${floor}F`;
  const lighting = publicWish(at, `${floor}F 公共照明`, `${floor}F public lighting`, 'publicLighting', 9_000);
  const escalators = publicWish(at, `${floor}F 扶梯`, `${floor}F escalators`, 'lift', 13_000);
  const air = publicWish(at, `${floor}F 新风`, `${floor}F air handling`, 'chiller', 18_000);
  return floor < FLOORS.length ? [lighting, escalators, air] : [lighting, air];
}

function streetGateways(chance: () => number): readonly GatewayWish[] {
  const stalls = floorOf('street', 1, STALLS).rooms.map(({ key }, index): MeterWish => {
    const { names, trade } = tenantName(TRADES.street, index + 3);
    return { placeKey: key, role: 'tenant', names, load: trade.load, ratedW: between(trade.ratedW, chance()) };
  });
  const lamps = publicWish('street', '街灯', 'Street lamps', 'publicLighting', 6_000);
  return [stalls.slice(0, STALLS / 2), [...stalls.slice(STALLS / 2), lamps]].map(
    (line, index): GatewayWish => ({
      code: `GW-S${index + 1}`,
      names: { zh: `步行街${index === 0 ? '东' : '西'}`, en: `Market Street ${index === 0 ? 'east' : 'west'}` },
      placeKey: 'street',
      framing: 'rtu-over-tcp',
      serial: SERIAL,
      lines: [line],
    }),
  );
}

/** A cubicle of the low-voltage room: a machine with its own load, or a feeder of the places whose keys begin so. */
interface Cubicle {
  readonly zh: string;
  readonly en: string;
  readonly load: LoadKind;
  readonly ratedW?: number;
  readonly feeds?: readonly string[];
}

const CUBICLES: readonly Cubicle[] = [
  { zh: '1# 进线', en: 'Incomer 1', load: 'mallFeeder', feeds: ['mall-1', 'mall-2', 'mall-3', 'mall-4', 'street'] },
  { zh: '2# 进线', en: 'Incomer 2', load: 'mallFeeder', feeds: ['mall-5', 'mall-6', 'mall-7'] },
  { zh: '购物中心 1–2F', en: 'Mall 1–2F', load: 'mallFeeder', feeds: ['mall-1', 'mall-2'] },
  { zh: '购物中心 3–4F', en: 'Mall 3–4F', load: 'mallFeeder', feeds: ['mall-3', 'mall-4'] },
  { zh: '购物中心 5–7F', en: 'Mall 5–7F', load: 'mallFeeder', feeds: ['mall-5', 'mall-6', 'mall-7'] },
  { zh: '步行街', en: 'Market Street', load: 'mallFeeder', feeds: ['street'] },
  { zh: '1# 冷机', en: 'Chiller 1', load: 'chiller', ratedW: 260_000 },
  { zh: '2# 冷机', en: 'Chiller 2', load: 'chiller', ratedW: 240_000 },
  { zh: '冷冻水泵', en: 'Chilled water pumps', load: 'pump', ratedW: 74_000 },
  { zh: '客梯', en: 'Passenger lifts', load: 'lift', ratedW: 58_000 },
  { zh: '消防泵', en: 'Fire pumps', load: 'pump', ratedW: 22_000 },
  { zh: '地库照明', en: 'Garage lighting', load: 'publicLighting', ratedW: 26_000 },
  { zh: '充电桩 1', en: 'Chargers 1', load: 'charger', ratedW: 90_000 },
  { zh: '充电桩 2', en: 'Chargers 2', load: 'charger', ratedW: 84_000 },
];

/** The cubicle whose load has outgrown its limit. */
const OVERLOADED_CUBICLE = 'AA13';

function substationGateway(fed: readonly GatewayWish[]): GatewayWish {
  const wishes = CUBICLES.map(({ zh, en, load, ratedW, feeds }, index): MeterWish => {
    const circuit = `AA${twoDigits(index + 1)}`;
    return {
      placeKey: `riverside-${circuit}`,
      role: feeds === undefined ? 'public' : 'substation',
      names: { zh, en },
      load,
      ratedW: ratedW ?? feederRatedW(fed, feeds ?? []),
      circuit,
      overloaded: circuit === OVERLOADED_CUBICLE,
    };
  });
  return {
    code: 'GW-P1',
    names: { zh: '变电所', en: 'Substation' },
    placeKey: 'riverside-substation',
    framing: 'modbus-tcp',
    serial: FAST,
    lines: [wishes],
  };
}

function publicWish(placeKey: string, zh: string, en: string, load: LoadKind, ratedW: number): MeterWish {
  return { placeKey, role: 'public', names: { zh, en }, load, ratedW };
}
