import type { SerialSettings } from '#drivers/core/index.ts';
import type { PlantFloor, PlantNames, PlantProperty, PlantRoom } from '../manifest.ts';
import type { LoadKind } from '../meter/loadShapes.ts';
import type { PurseStart } from './estateTypes.ts';

/** A meter as a property's plan wishes for it; model, number, unit address and money follow later. */
export interface MeterWish {
  readonly placeKey: string;
  readonly role: 'tenant' | 'public' | 'substation';
  readonly names: PlantNames | undefined;
  readonly load: LoadKind;
  /** Rated load on the primary side, W. */
  readonly ratedW: number;
  readonly circuit?: string;
  /** Where the money must stand at the start, if the plan insists. */
  readonly start?: PurseStart;
  readonly overloaded?: boolean;
}

export interface GatewayWish {
  readonly code: string;
  readonly names: PlantNames;
  readonly placeKey: string;
  readonly framing: 'modbus-tcp' | 'rtu-over-tcp';
  readonly serial: SerialSettings;
  readonly lines: readonly (readonly MeterWish[])[];
}

export interface PropertyPlan {
  readonly property: PlantProperty;
  readonly gateways: readonly GatewayWish[];
}

/** The same name in both languages, for what is a code. */
export function code(text: string): PlantNames {
  return { zh: text, en: text };
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** Floor `number` (1-based) of a building with its rooms: keys `mall-3F-27`, names `3F-27`. */
export function floorOf(buildingKey: string, number: number, rooms: number): PlantFloor {
  const name = `${number}F`;
  return {
    key: `${buildingKey}-${name}`,
    names: code(name),
    position: number - 1,
    rooms: Array.from({ length: rooms }, (_, index): PlantRoom => {
      const roomName = `${name}-${twoDigits(index + 1)}`;
      return { key: `${buildingKey}-${roomName}`, names: code(roomName), position: index };
    }),
  };
}

/** A power between the bounds, by a number in [0, 1), to the next 100 W. */
export function between([least, most]: readonly [number, number], chance: number): number {
  return Math.round((least + (most - least) * chance) / 100) * 100;
}

/** Feeders see their consumers' peaks at different minutes of the day. */
const COINCIDENCE = 0.86;

/** Rated load of a feeder: all that is fed in the places whose keys begin so, W to the next kW. */
export function feederRatedW(gateways: readonly GatewayWish[], fed: readonly string[]): number {
  const wishes = gateways.flatMap(({ lines }) => lines.flat());
  const under = wishes.filter(({ placeKey }) => fed.some((prefix) => placeKey.startsWith(prefix)));
  return Math.round((under.reduce((sum, { ratedW }) => sum + ratedW, 0) * COINCIDENCE) / 1_000) * 1_000;
}
