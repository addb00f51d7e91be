import type { SerialSettings } from '#drivers/core/index.ts';
import type { PlantBuilding } from '../manifest.ts';
import { TRADES, tenantName } from './demoNames.ts';
import { between, feederRatedW, floorOf, type GatewayWish, type MeterWish, type PropertyPlan } from './demoPlan.ts';

const SERIAL: SerialSettings = { baud: 19_200, parity: 'none', stopBits: 1 };
const OLD_SERIAL: SerialSettings = { baud: 9_600, parity: 'even', stopBits: 1 };

interface Tower {
  readonly key: string;
  readonly letter: string;
  readonly zh: string;
  readonly floors: number;
  readonly roomsPerFloor: number;
  readonly floorsPerGateway: number;
  readonly framing: 'modbus-tcp' | 'rtu-over-tcp';
  readonly serial: SerialSettings;
}

const TOWERS: readonly Tower[] = [
  {
    key: 'tower-a',
    letter: 'A',
    zh: '甲座',
    floors: 18,
    roomsPerFloor: 6,
    floorsPerGateway: 4,
    framing: 'modbus-tcp',
    serial: SERIAL,
  },
  {
    key: 'tower-b',
    letter: 'B',
    zh: '乙座',
    floors: 14,
    roomsPerFloor: 6,
    floorsPerGateway: 4,
    framing: 'rtu-over-tcp',
    serial: SERIAL,
  },
  {
    key: 'tower-c',
    letter: 'C',
    zh: '丙座',
    floors: 10,
    roomsPerFloor: 5,
    floorsPerGateway: 5,
    framing: 'rtu-over-tcp',
    serial: OLD_SERIAL,
  },
];

/** The office park: three towers, their services, and feeders that hang on the property itself. */
export function officePark(chance: () => number): PropertyPlan {
  const buildings = TOWERS.map(
    (tower, position): PlantBuilding => ({
      key: tower.key,
      names: { zh: tower.zh, en: `Tower ${tower.letter}` },
      position,
      shape: 'tower',
      floors: Array.from({ length: tower.floors }, (_, index) => floorOf(tower.key, index + 1, tower.roomsPerFloor)),
    }),
  );
  let named = 0;
  const gateways = TOWERS.flatMap((tower) => towerGateways(tower, chance, () => named++));
  return {
    property: {
      key: 'daybreak',
      names: { zh: '启明科技园', en: 'Daybreak Office Park' },
      timeZone: 'Asia/Shanghai',
      currency: 'CNY',
      buildings,
    },
    gateways: [...gateways, feederGateway(gateways)],
  };
}

function towerGateways(tower: Tower, chance: () => number, nextName: () => number): readonly GatewayWish[] {
  const gateways: GatewayWish[] = [];
  for (let first = 1; first <= tower.floors; first += tower.floorsPerGateway) {
    const last = Math.min(tower.floors, first + tower.floorsPerGateway - 1);
    const wishes: MeterWish[] = [];
    for (let floor = first; floor <= last; floor++) {
      for (const { key } of floorOf(tower.key, floor, tower.roomsPerFloor).rooms) {
        const { names, trade } = tenantName(TRADES.office, nextName());
        wishes.push({
          placeKey: key,
          role: 'tenant',
          names,
          load: trade.load,
          ratedW: between(trade.ratedW, chance()),
        });
      }
    }
    const number = gateways.length + 1;
    gateways.push({
      code: `GW-${tower.letter}${number}`,
      names: { zh: `${tower.zh} ${first}–${last}F`, en: `Tower ${tower.letter} ${first}–${last}F` },
      placeKey: `${tower.key}-${first}F`,
      framing: tower.framing,
      serial: tower.serial,
      lines: [number === 1 ? [...wishes, ...towerServices(tower)] : wishes],
    });
  }
  return gateways;
}

function towerServices({ key, letter, zh }: Tower): readonly MeterWish[] {
  return [
    {
      placeKey: key,
      role: 'public',
      names: { zh: `${zh}客梯`, en: `Tower ${letter} lifts` },
      load: 'lift',
      ratedW: 32_000,
    },
    {
      placeKey: key,
      role: 'public',
      names: { zh: `${zh}公共照明`, en: `Tower ${letter} lighting` },
      load: 'publicLighting',
      ratedW: 14_000,
    },
    {
      placeKey: key,
      role: 'public',
      names: { zh: `${zh}生活水泵`, en: `Tower ${letter} pumps` },
      load: 'pump',
      ratedW: 12_000,
    },
  ];
}

function feederGateway(fed: readonly GatewayWish[]): GatewayWish {
  const feeder = (zh: string, en: string, circuit: string, load: MeterWish['load'], ratedW: number): MeterWish => ({
    placeKey: 'daybreak',
    role: load === 'officeFeeder' ? 'substation' : 'public',
    names: { zh, en },
    load,
    ratedW,
    circuit,
  });
  return {
    code: 'GW-O1',
    names: { zh: '园区配电房', en: 'Park switch room' },
    placeKey: 'daybreak',
    framing: 'modbus-tcp',
    serial: SERIAL,
    lines: [
      [
        feeder('总进线', 'Incomer', 'D01', 'officeFeeder', feederRatedW(fed, ['tower-'])),
        feeder('甲座馈线', 'Tower A feeder', 'D02', 'officeFeeder', feederRatedW(fed, ['tower-a'])),
        feeder('乙座馈线', 'Tower B feeder', 'D03', 'officeFeeder', feederRatedW(fed, ['tower-b'])),
        feeder('丙座馈线', 'Tower C feeder', 'D04', 'officeFeeder', feederRatedW(fed, ['tower-c'])),
        feeder('园区冷站', 'Park chillers', 'D05', 'chiller', 320_000),
        feeder('园区充电桩', 'Park chargers', 'D06', 'charger', 120_000),
        feeder('园区路灯', 'Park street lamps', 'D07', 'publicLighting', 16_000),
      ],
    ],
  };
}
