import type { Gateway, Line, Meter, Names, Place, PlaceKind, Polling, Serial, Transport } from '#contract/index.ts';

/** A gateway without its lines, as the cache keeps it. */
export type GatewayFacts = Omit<Gateway, 'lines'>;
/** A line without what others know of it. */
export type LineFacts = Omit<Line, 'meterCount' | 'link'>;

export interface PlaceRow {
  readonly id: number;
  readonly kind: PlaceKind;
  readonly parent_id: number | null;
  readonly property_id: number;
  readonly names: Names;
  readonly position: number;
  readonly shape: 'tower' | 'row' | 'block' | null;
  readonly time_zone: string | null;
  readonly currency: string | null;
  readonly polling: Polling | null;
}

export interface GatewayRow {
  readonly id: number;
  readonly property_id: number;
  readonly code: string;
  readonly names: Names | null;
  readonly place_id: number | null;
  readonly polling: Polling | null;
  readonly simulated: boolean;
  readonly enabled: boolean;
  readonly version: number;
  readonly created_at: Date;
}

export interface LineRow {
  readonly id: number;
  readonly gateway_id: number;
  readonly name: string;
  readonly transport: Transport;
  readonly serial: Serial;
  readonly response_timeout_ms: number;
  readonly turnaround_ms: number;
}

export interface MeterRow {
  readonly id: number;
  readonly property_id: number;
  readonly place_id: number;
  readonly line_id: number;
  readonly gateway_id: number;
  readonly model_id: string;
  readonly unit_address: number;
  readonly meter_number: string;
  readonly role: 'tenant' | 'public' | 'substation';
  readonly names: Names | null;
  readonly ct_ratio: number;
  readonly pt_ratio: number;
  readonly circuit: string | null;
  readonly overload_limit_w: number | null;
  readonly energy_category: string | null;
  readonly polling: Polling | null;
  readonly version: number;
  readonly created_at: Date;
}

/** Leaves out what is null: absent in the contract, null in the database. */
function present<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: Exclude<T[K], null> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== null);
  // The filter is what this type says; Object.fromEntries cannot carry it.
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], null> };
}

export function toPlace(row: PlaceRow): Place {
  return {
    id: row.id,
    kind: row.kind,
    propertyId: row.property_id,
    names: row.names,
    position: row.position,
    ...present({
      parentId: row.parent_id,
      shape: row.shape,
      timeZone: row.time_zone,
      currency: row.currency,
      polling: row.polling,
    }),
  };
}

export function toGatewayFacts(row: GatewayRow): GatewayFacts {
  return {
    id: row.id,
    propertyId: row.property_id,
    code: row.code,
    simulated: row.simulated,
    enabled: row.enabled,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    ...present({ names: row.names, placeId: row.place_id, polling: row.polling }),
  };
}

export function toLineFacts(row: LineRow): LineFacts {
  return {
    id: row.id,
    gatewayId: row.gateway_id,
    name: row.name,
    transport: row.transport,
    serial: row.serial,
    responseTimeoutMs: row.response_timeout_ms,
    turnaroundMs: row.turnaround_ms,
  };
}

export function toMeter(row: MeterRow): Meter {
  return {
    id: row.id,
    propertyId: row.property_id,
    placeId: row.place_id,
    lineId: row.line_id,
    gatewayId: row.gateway_id,
    modelId: row.model_id,
    unitAddress: row.unit_address,
    meterNumber: row.meter_number,
    role: row.role,
    ctRatio: row.ct_ratio,
    ptRatio: row.pt_ratio,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    ...present({
      names: row.names,
      circuit: row.circuit,
      overloadLimitW: row.overload_limit_w,
      energyCategory: row.energy_category,
      polling: row.polling,
    }),
  };
}
