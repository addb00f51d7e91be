import type { Protection } from '#contract/commands.ts';
import type { EnergyToday, MeterTenants } from '#contract/grid.ts';
import type { WallLayout } from '#contract/metering.ts';
import type { Language } from '../../../i18n/index.ts';
import { nameIn } from '../../../ui/format.ts';
import type { WallProperty } from '../../wall/layout/wallModel.ts';

/** What stands still about the meters of a property, one entry a slot of the layout. */
export interface GridTable {
  readonly size: number;
  readonly meterId: readonly number[];
  /** Building, floor and room of each slot; 0 = none. */
  readonly building: Int32Array;
  readonly floor: Int32Array;
  readonly room: Int32Array;
  readonly buildingText: readonly string[];
  readonly floorText: readonly string[];
  readonly roomText: readonly string[];
  readonly customer: readonly string[];
  readonly number: readonly string[];
  readonly model: readonly string[];
  readonly gateway: Int32Array;
  readonly gatewayText: readonly string[];
  readonly tariff: readonly string[];
  /** Since the begin of the day there, Wh; NaN = not known. */
  readonly todayWh: Float64Array;
  /** Until when supply is not cut, ms; Infinity = until somebody ends it; NaN = not on the protective list. */
  readonly protectedUntilMs: Float64Array;
  readonly timeZone: string;
  /** Place in the estate as it stands: building by building, from the ground up. */
  readonly order: Float64Array;
  /** Everything that free text may find, lower case. */
  readonly search: readonly string[];
}

/** What is asked for beside the layout; undefined as long as it is not known. */
export interface GridExtras {
  readonly today?: EnergyToday | undefined;
  readonly protections?: readonly Protection[] | undefined;
}

/** The table of a layout in the language of the screen. `tenants`: undefined where nobody may see them. */
export function gridTable(
  layout: WallLayout,
  model: WallProperty,
  tenants: MeterTenants | undefined,
  language: Language,
  { today, protections = [] }: GridExtras = {},
): GridTable {
  const { meters, lines, timeZone } = layout;
  const todayAt = new Map(today?.meterId.map((meterId, index) => [meterId, today.energyWh[index]]));
  const untilAt = new Map(
    protections.map(({ meterId, until }) => [
      meterId,
      until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until),
    ]),
  );
  const size = meters.id.length;
  const places = placesOf(model, size, language);
  const tenantAt = new Map(tenants?.meterId.map((meterId, index) => [meterId, index]));
  const ofTenant = (column: readonly string[] | undefined) =>
    meters.id.map((meterId) => column?.[tenantAt.get(meterId) ?? -1] ?? '');
  const customer = ofTenant(tenants?.customer);
  const initials = ofTenant(tenants?.initials);
  const names = meters.names.map((name) => nameIn(name, language));
  const lineOf = new Map(lines.map((line) => [line.id, line]));
  const roomText = places.roomText.map((text, slot) => text || names[slot] || (meters.meterNumber[slot] ?? ''));
  return {
    size,
    meterId: meters.id,
    ...places,
    roomText,
    customer: customer.map((text, slot) => text || (names[slot] === roomText[slot] ? '' : (names[slot] ?? ''))),
    number: meters.meterNumber,
    model: meters.modelId,
    gateway: Int32Array.from(meters.lineId, (lineId) => lineOf.get(lineId)?.gatewayId ?? 0),
    gatewayText: meters.lineId.map((lineId) => lineText(lineOf.get(lineId))),
    tariff: ofTenant(tenants?.tariff),
    todayWh: Float64Array.from(meters.id, (meterId) => todayAt.get(meterId) ?? Number.NaN),
    protectedUntilMs: Float64Array.from(meters.id, (meterId) => untilAt.get(meterId) ?? Number.NaN),
    timeZone,
    search: meters.id.map((_, slot) =>
      [
        roomText[slot],
        places.buildingText[slot],
        customer[slot],
        initials[slot],
        meters.names[slot]?.zh,
        meters.names[slot]?.en,
        meters.meterNumber[slot],
      ]
        .join('\n')
        .toLowerCase(),
    ),
  };
}

/** "GW-M1 / 1": gateway and line. */
function lineText(line: WallLayout['lines'][number] | undefined): string {
  if (line === undefined) return '';
  return line.name === '' || line.name === line.gatewayCode ? line.gatewayCode : `${line.gatewayCode} / ${line.name}`;
}

/** Where each slot stands, read once from the tree. */
function placesOf(model: WallProperty, size: number, language: Language) {
  const building = new Int32Array(size);
  const floor = new Int32Array(size);
  const room = new Int32Array(size);
  const order = new Float64Array(size);
  const buildingText = new Array<string>(size).fill('');
  const floorText = new Array<string>(size).fill('');
  const roomText = new Array<string>(size).fill('');
  let next = 0;
  for (const one of model.buildings) {
    const buildingName = nameIn(one.names, language);
    const put = (slot: number) => {
      building[slot] = one.placeId;
      buildingText[slot] = buildingName;
      order[slot] = next++;
    };
    for (const storey of one.floors) {
      const floorName = nameIn(storey.names, language);
      for (const place of storey.rooms) {
        for (const slot of place.slots) {
          put(slot);
          floor[slot] = storey.placeId ?? 0;
          floorText[slot] = floorName;
          if (place.placeId !== storey.placeId && place.placeId !== one.placeId) room[slot] = place.placeId;
          roomText[slot] = nameIn(place.names, language);
        }
      }
    }
    for (const slot of one.feeders) put(slot);
  }
  return { building, floor, room, order, buildingText, floorText, roomText };
}
