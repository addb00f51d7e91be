import { createHash } from 'node:crypto';
import type { SerialSettings } from '#drivers/core/index.ts';
import type { FaultRequest } from '../faults/fault.ts';
import type { PlantMeter, PlantNames, PlantProperty } from '../manifest.ts';
import type { LoadKind } from '../meter/loadShapes.ts';
import type { TariffName } from '../meter/tariff.ts';

/** Where a prepaid meter's money stands when the plant is born. Later it goes its own way. */
export type PurseStart =
  | 'notOpened'
  | 'normal'
  | 'alarm1'
  | 'alarm2'
  /** Nothing left, tripped by itself. */
  | 'tripped'
  /** In debt, kept on by force. */
  | 'protected'
  /** Forced closed with money in it: a supply that may never fail. */
  | 'guarded'
  /** Forced open by the landlord. */
  | 'forcedOpen';

/** When the tenant buys again: some hours after the balance fell to the line. `undefined` amount: never. */
export interface TopUpHabit {
  readonly lineMinor: bigint;
  readonly amountMinor: bigint | undefined;
  readonly afterHours: readonly [least: number, most: number];
}

/** The prepaid side of a meter. All money in minor units. */
export interface Purse {
  readonly tariff: TariffName;
  readonly alarm1Minor: bigint;
  readonly alarm2Minor: bigint;
  /** At or below this the meter trips by itself, unless forced closed. */
  readonly cutLineMinor: bigint;
  readonly habit: TopUpHabit;
  readonly start: PurseStart;
}

/** One meter of the estate: what the manifest says of it, and how it behaves. */
export interface EstateMeter {
  readonly meter: PlantMeter;
  readonly load: LoadKind;
  /** Rated load on the meter's secondary side, W. */
  readonly ratedW: number;
  /** Register at the plant's first day, Wh on the secondary side. */
  readonly baseWh: number;
  readonly purse: Purse | undefined;
}

/** A serial bus as the gateway offers it: one listening socket, one framing. */
export interface EstateLine {
  readonly name: string;
  readonly framing: 'modbus-tcp' | 'rtu-over-tcp';
  readonly serial: SerialSettings;
  readonly meters: readonly EstateMeter[];
}

export interface EstateGateway {
  readonly code: string;
  readonly names: PlantNames | undefined;
  readonly propertyKey: string;
  readonly placeKey: string | undefined;
  readonly lines: readonly EstateLine[];
}

/** Everything that is built once from a seed, before any socket is open. */
export interface Estate {
  /** Tells kinds of estate and seeds apart. */
  readonly key: string;
  readonly seed: number;
  readonly properties: readonly PlantProperty[];
  readonly gateways: readonly EstateGateway[];
  /** Faults that belong to the estate and stand from the start. */
  readonly standingFaults: readonly FaultRequest[];
}

/**
 * The estate's key with a mark of how its meters behave. What a meter did follows from that, so another release whose
 * meters behave otherwise must not take up this one's state: the money would not fit the energy.
 */
export function stateKeyOf(estate: Estate): string {
  const mark = createHash('sha256');
  for (const { meter, ...behaviour } of metersOf(estate))
    mark.update(JSON.stringify([meter.meterNumber, behaviour], (_key, value: unknown) => textOfBigint(value)));
  return `${estate.key}-${mark.digest('hex').slice(0, 8)}`;
}

function textOfBigint(value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** All meters in the order of gateways and lines. */
export function* metersOf(estate: Estate): Generator<EstateMeter> {
  for (const gateway of estate.gateways) for (const line of gateway.lines) yield* line.meters;
}
