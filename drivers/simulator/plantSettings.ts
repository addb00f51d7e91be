import type { PurseCapabilities } from '#drivers/core/index.ts';
import type { EstateKind } from './estate/makeEstate.ts';
import { METERS_LIMIT } from './estate/makeEstate.ts';
import type { WireMode } from './gateway/wire.ts';
import { capabilitiesOfWords } from './purseWords.ts';

/** What the plant's process is told from outside. */
export interface PlantSettings {
  readonly kind: EstateKind;
  readonly seed: number;
  /** Plant seconds per second. */
  readonly speed: number;
  readonly wire: WireMode;
  readonly stateFolder: string | undefined;
  readonly listenHost: string;
  readonly capabilities: PurseCapabilities;
}

/** Names of the settings in the environment of the plant's process. */
export const PLANT_VARIABLES = [
  'PLANT',
  'PLANT_SEED',
  'PLANT_SPEED',
  'PLANT_WIRE',
  'PLANT_STATE',
  'PLANT_HOST',
  'PLANT_PURSE',
] as const;

/**
 * Settings from an environment. Throws an Error whose sentence names the wrong variable.
 *
 * PLANT        demo (default) or a number of meters
 * PLANT_SEED   whole number (default 20261122)
 * PLANT_SPEED  plant seconds per second (default 1)
 * PLANT_WIRE   serial (default): replies take their time on the line; off
 * PLANT_STATE  folder for what must survive a restart (default: nowhere)
 * PLANT_HOST   address that the gateways listen on (default 127.0.0.1)
 * PLANT_PURSE  what its prepaid meters know to do with money: full (default), or what they lack, as noSeq,noRecord
 */
export function plantSettings(environment: Readonly<Record<string, string | undefined>>): PlantSettings {
  const wire = environment['PLANT_WIRE'] ?? 'serial';
  if (wire !== 'serial' && wire !== 'off') throw new Error(`PLANT_WIRE must be serial or off, not '${wire}'`);
  return {
    kind: kindOf(environment['PLANT'] ?? 'demo'),
    seed: numberOf(environment, 'PLANT_SEED', 20_261_122, 0, 0xffff_ffff, true),
    speed: numberOf(environment, 'PLANT_SPEED', 1, 0.001, 100_000, false),
    wire,
    stateFolder: environment['PLANT_STATE'] === '' ? undefined : environment['PLANT_STATE'],
    listenHost: environment['PLANT_HOST'] ?? '127.0.0.1',
    capabilities: capabilitiesOfWords(environment['PLANT_PURSE'] ?? 'full'),
  };
}

function kindOf(text: string): EstateKind {
  if (text === 'demo') return { kind: 'demo' };
  const meters = Number(text);
  if (/^\d+$/.test(text) && meters >= 1 && meters <= METERS_LIMIT) return { kind: 'count', meters };
  throw new Error(`PLANT must be demo or a number from 1 to ${METERS_LIMIT}, not '${text}'`);
}

function numberOf(
  environment: Readonly<Record<string, string | undefined>>,
  name: (typeof PLANT_VARIABLES)[number],
  otherwise: number,
  least: number,
  most: number,
  whole: boolean,
): number {
  const text = environment[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new Error(`${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, not '${text}'`);
}
