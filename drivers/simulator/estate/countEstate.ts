import type { PlantBuilding, PlantFloor } from '../manifest.ts';
import type { LoadKind } from '../meter/loadShapes.ts';
import { chanceOf, wholeBetween } from '../seededChance.ts';
import type { Estate, EstateGateway, EstateMeter, PurseStart } from './estateTypes.ts';
import { meterNumberOf, ordinaryStart, prepaidMeter } from './meterMaking.ts';

const METERS_PER_LINE = 32;
const ROOMS_PER_FLOOR = 32;
const FLOORS_PER_BUILDING = 32;

const KINDS: readonly (readonly [LoadKind, number])[] = [
  ['shop', 4_200],
  ['restaurant', 9_500],
  ['office', 5_000],
  ['dormRoom', 900],
  ['cafe', 3_800],
];

/**
 * An estate of `meters` tenants in towers of 32 × 32, one gateway a floor: for load, not for looking at.
 * Every second gateway speaks Modbus TCP.
 */
export function countEstate(meters: number, seed: number): Estate {
  const floors = Math.ceil(meters / METERS_PER_LINE);
  const buildings: PlantBuilding[] = [];
  for (let first = 0; first < floors; first += FLOORS_PER_BUILDING) {
    buildings.push(building(buildings.length, first, Math.min(floors, first + FLOORS_PER_BUILDING), meters));
  }
  return {
    key: `count-${meters}-${seed}`,
    seed,
    properties: [
      {
        key: 'test-field',
        names: { zh: '试验场', en: 'Test Field' },
        timeZone: 'Asia/Shanghai',
        currency: 'CNY',
        buildings,
      },
    ],
    gateways: Array.from({ length: floors }, (_, floor) => gateway(floor, meters, seed)),
    standingFaults: [],
  };
}

function building(index: number, firstFloor: number, endFloor: number, meters: number): PlantBuilding {
  const name = `T${index + 1}`;
  return {
    key: `field-${name}`,
    names: { zh: `${index + 1} 号楼`, en: `Tower ${index + 1}` },
    position: index,
    shape: 'tower',
    floors: Array.from({ length: endFloor - firstFloor }, (_, offset) =>
      floorOf(name, firstFloor + offset, offset, meters),
    ),
  };
}

function floorOf(towerName: string, floor: number, position: number, meters: number): PlantFloor {
  const rooms = Math.min(ROOMS_PER_FLOOR, meters - floor * ROOMS_PER_FLOOR);
  const name = { zh: `${position + 1}F`, en: `${position + 1}F` };
  return {
    key: `field-${towerName}-${position + 1}F`,
    names: name,
    position,
    rooms: Array.from({ length: rooms }, (_, room) => ({
      key: roomKey(floor, room),
      names: { zh: roomName(floor, room), en: roomName(floor, room) },
      position: room,
    })),
  };
}

function roomKey(floor: number, room: number): string {
  return `field-${Math.floor(floor / FLOORS_PER_BUILDING) + 1}-${roomName(floor, room)}`;
}

function roomName(floor: number, room: number): string {
  return `${(floor % FLOORS_PER_BUILDING) + 1}F-${String(room + 1).padStart(2, '0')}`;
}

function gateway(floor: number, meters: number, seed: number): EstateGateway {
  const count = Math.min(METERS_PER_LINE, meters - floor * METERS_PER_LINE);
  const code = `GW-${String(floor + 1).padStart(4, '0')}`;
  return {
    code,
    names: undefined,
    propertyKey: 'test-field',
    placeKey: `field-T${Math.floor(floor / FLOORS_PER_BUILDING) + 1}`,
    lines: [
      {
        name: '1',
        framing: floor % 2 === 0 ? 'rtu-over-tcp' : 'modbus-tcp',
        serial: { baud: 9_600, parity: 'none', stopBits: 1 },
        meters: Array.from({ length: count }, (_, room) => tenant(floor, room, seed)),
      },
    ],
  };
}

function tenant(floor: number, room: number, seed: number): EstateMeter {
  const ordinal = floor * METERS_PER_LINE + room;
  const [load, ratedW] = KINDS[wholeBetween(0, KINDS.length - 1, seed, ordinal, 1)] ?? ['shop', 4_200];
  const start: PurseStart = ordinaryStart(chanceOf(seed, ordinal, 2));
  return prepaidMeter({
    unitAddress: room + 1,
    meterNumber: meterNumberOf(ordinal, 24, seed),
    placeKey: roomKey(floor, room),
    names: undefined,
    load,
    ratedW: Math.round(ratedW * (0.6 + 0.8 * chanceOf(seed, ordinal, 3))),
    start,
    seed,
    ordinal,
  });
}
