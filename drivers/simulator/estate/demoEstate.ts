import type { FaultRequest } from '../faults/fault.ts';
import { seededChance } from '../seededChance.ts';
import type { GatewayWish, MeterWish } from './demoPlan.ts';
import { dormitory } from './dormitory.ts';
import type { Estate, EstateGateway, EstateMeter, PurseStart } from './estateTypes.ts';
import { meterNumberOf, plainMeter, prepaidMeter } from './meterMaking.ts';
import { officePark } from './officePark.ts';
import { riverside } from './riverside.ts';

/** How many tenants start in each state that is not in order: an eighth of the estate, the empty rooms included. */
const STARTS: readonly (readonly [PurseStart, number])[] = [
  ['alarm1', 26],
  ['alarm2', 12],
  ['tripped', 7],
  ['protected', 5],
  ['forcedOpen', 3],
  ['guarded', 4],
  ['notOpened', 34],
];

/** Rooms whose meter has died. */
const SILENT_METERS = 6;
/** Tenants who draw more than their limit most of the day. */
const OVERLOADED_TENANTS = 3;

/** The estate to show: a shopping centre, an office park, a dormitory. */
export function demoEstate(seed: number): Estate {
  const chance = seededChance(seed);
  const plans = [riverside(chance), officePark(chance), dormitory(chance)];
  const wishes = plans.flatMap(({ gateways }) => gateways.flatMap(({ lines }) => lines.flat()));
  const ordinary = wishes.filter(({ role, start }) => role === 'tenant' && start === undefined);
  const drawn = shuffled(ordinary, chance);
  const starts = new Map<MeterWish, PurseStart>();
  for (const [start, count] of STARTS) for (const wish of drawn.splice(0, count)) starts.set(wish, start);
  const overloaded = new Set(drawn.filter(({ load }) => load !== 'dormRoom').slice(0, OVERLOADED_TENANTS));
  const silent = new Set(drawn.slice(-SILENT_METERS));
  const silentNumbers: string[] = [];

  let ordinal = 0;
  const makeMeter = (wish: MeterWish, unitAddress: number): EstateMeter => {
    const meterNumber = meterNumberOf(ordinal, 22 + (ordinal % 4), seed);
    const { placeKey, load, ratedW, circuit, role } = wish;
    const start = wish.start ?? starts.get(wish) ?? 'normal';
    // An empty room has nobody's name on the door.
    const names = start === 'notOpened' ? undefined : wish.names;
    const plan = {
      unitAddress,
      meterNumber,
      placeKey,
      names,
      load,
      ratedW,
      seed,
      ordinal,
      ...(circuit === undefined ? {} : { circuit }),
    };
    ordinal += 1;
    if (silent.has(wish)) silentNumbers.push(meterNumber);
    const tooMuch = wish.overloaded === true || overloaded.has(wish);
    if (role !== 'tenant') return plainMeter({ ...plan, role, overloaded: tooMuch });
    return prepaidMeter({ ...plan, start, overloaded: tooMuch });
  };
  const gateways = plans.flatMap(({ property, gateways: own }) =>
    own.map((gateway) => makeGateway(gateway, property.key, makeMeter)),
  );
  return {
    key: `demo-${seed}`,
    seed,
    properties: plans.map(({ property }) => property),
    gateways,
    standingFaults: standingFaults(silentNumbers),
  };
}

function makeGateway(
  wish: GatewayWish,
  propertyKey: string,
  makeMeter: (wish: MeterWish, unitAddress: number) => EstateMeter,
): EstateGateway {
  const { code, names, placeKey, framing, serial } = wish;
  return {
    code,
    names,
    propertyKey,
    placeKey,
    lines: wish.lines.map((meters, index) => ({
      name: String(index + 1),
      framing,
      serial,
      meters: meters.map((meter, position) => makeMeter(meter, position + 1)),
    })),
  };
}

/** What is never quite right in a real plant: dead meters, a gateway with a bad supply, a noisy line, a slow link. */
function standingFaults(silentNumbers: readonly string[]): readonly FaultRequest[] {
  return [
    ...silentNumbers.map(
      (meterNumber): FaultRequest => ({ target: { kind: 'meter', meterNumber }, fault: { kind: 'silent' } }),
    ),
    {
      target: { kind: 'gateway', gatewayCode: 'GW-B3' },
      fault: { kind: 'down' },
      afterSeconds: 90,
      durationSeconds: 240,
      everySeconds: 2_700,
    },
    { target: { kind: 'line', gatewayCode: 'GW-M5', lineName: '2' }, fault: { kind: 'corrupted' }, probability: 0.01 },
    {
      target: { kind: 'gateway', gatewayCode: 'GW-C2' },
      fault: { kind: 'split', pieceBytes: 24, gapMs: 8 },
      probability: 0.2,
    },
  ];
}

/** Fisher and Yates' shuffle by the estate's own chance. */
function shuffled<T>(items: readonly T[], chance: () => number): T[] {
  const deck = [...items];
  for (let last = deck.length - 1; last > 0; last--) {
    const other = Math.floor(chance() * (last + 1));
    const [a, b] = [deck[last], deck[other]];
    if (a === undefined || b === undefined) continue;
    deck[last] = b;
    deck[other] = a;
  }
  return deck;
}
