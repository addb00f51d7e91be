import type { SerialSettings } from '#drivers/core/index.ts';
import type { PlantBuilding } from '../manifest.ts';
import { between, feederRatedW, floorOf, type GatewayWish, type MeterWish, type PropertyPlan } from './demoPlan.ts';

const SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 1 };

const BLOCKS = 4;
const FLOORS = 6;
const ROOMS_PER_FLOOR = 10;

/** The dormitory: four blocks of single-phase rooms, corridors and hot water, two feeders on the property. */
export function dormitory(chance: () => number): PropertyPlan {
  const blocks = Array.from({ length: BLOCKS }, (_, index) => index + 1);
  const fed = blocks.map((number) => blockGateway(number, chance));
  return {
    property: {
      key: 'mingde',
      names: { zh: '明德学生公寓', en: 'Mingde Student Residence' },
      timeZone: 'Asia/Shanghai',
      currency: 'CNY',
      buildings: blocks.map(
        (number): PlantBuilding => ({
          key: keyOf(number),
          names: { zh: `${number} 号楼`, en: `Block ${number}` },
          position: number - 1,
          shape: 'tower',
          floors: Array.from({ length: FLOORS }, (_, floor) => floorOf(keyOf(number), floor + 1, ROOMS_PER_FLOOR)),
        }),
      ),
    },
    gateways: [...fed, feederGateway(fed)],
  };
}

function keyOf(block: number): string {
  return `dorm-${block}`;
}

function blockGateway(block: number, chance: () => number): GatewayWish {
  const key = keyOf(block);
  const rooms = Array.from({ length: FLOORS }, (_, floor) => floorOf(key, floor + 1, ROOMS_PER_FLOOR).rooms)
    .flat()
    .map(
      ({ key: placeKey }): MeterWish => ({
        placeKey,
        role: 'tenant',
        names: undefined,
        load: 'dormRoom',
        ratedW: between([700, 1_900], chance()),
      }),
    );
  const half = rooms.length / 2;
  const services: readonly MeterWish[] = [
    {
      placeKey: key,
      role: 'public',
      names: { zh: `${block} 号楼走廊`, en: `Block ${block} corridors` },
      load: 'publicLighting',
      ratedW: 4_500,
    },
    {
      placeKey: key,
      role: 'public',
      names: { zh: `${block} 号楼热水`, en: `Block ${block} hot water` },
      load: 'pump',
      ratedW: 36_000,
    },
  ];
  return {
    code: `GW-D${block}`,
    names: { zh: `公寓 ${block} 号楼`, en: `Residence block ${block}` },
    placeKey: key,
    framing: block % 2 === 0 ? 'modbus-tcp' : 'rtu-over-tcp',
    serial: SERIAL,
    lines: [rooms.slice(0, half), [...rooms.slice(half), ...services]],
  };
}

function feederGateway(fed: readonly GatewayWish[]): GatewayWish {
  const feeder = (zh: string, en: string, circuit: string, ratedW: number): MeterWish => ({
    placeKey: 'mingde',
    role: 'substation',
    names: { zh, en },
    load: 'dormFeeder',
    ratedW,
    circuit,
  });
  return {
    code: 'GW-D5',
    names: { zh: '公寓配电房', en: 'Residence switch room' },
    placeKey: 'mingde',
    framing: 'rtu-over-tcp',
    serial: SERIAL,
    lines: [
      [
        feeder('公寓总进线', 'Residence incomer', 'E01', feederRatedW(fed, ['dorm-'])),
        feeder('1–2 号楼馈线', 'Blocks 1–2 feeder', 'E02', feederRatedW(fed, ['dorm-1', 'dorm-2'])),
        feeder('3–4 号楼馈线', 'Blocks 3–4 feeder', 'E03', feederRatedW(fed, ['dorm-3', 'dorm-4'])),
        {
          placeKey: 'mingde',
          role: 'public',
          names: { zh: '食堂', en: 'Canteen' },
          load: 'restaurant',
          ratedW: 96_000,
          circuit: 'E04',
        },
      ],
    ],
  };
}
