import sql, { type Sql } from 'sql-template-tag';
import type { MeterInput, Names, PlaceKind, Polling, Serial, Transport } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { GatewayRow, LineRow, MeterRow, PlaceRow } from './rows.ts';

const placeColumns = sql`id, kind, parent_id, property_id, names, position, shape, time_zone, currency, polling`;
const gatewayColumns = sql`id, property_id, code, names, place_id, polling, simulated, enabled, version, created_at`;
const lineColumns = sql`id, gateway_id, name, transport, serial, response_timeout_ms, turnaround_ms`;
const meterColumns = sql`m.id, m.property_id, m.place_id, m.line_id, l.gateway_id, m.model_id, m.unit_address,
  m.meter_number, m.role, m.names, m.ct_ratio, m.pt_ratio, m.circuit, m.overload_limit_w, m.energy_category, m.polling,
  m.version, m.created_at`;

export function selectPlaces(db: Queryable): Promise<PlaceRow[]> {
  return db.query<PlaceRow>(sql`select ${placeColumns} from place`);
}

export function selectGateways(db: Queryable): Promise<GatewayRow[]> {
  return db.query<GatewayRow>(sql`select ${gatewayColumns} from gateway`);
}

export function selectLines(db: Queryable): Promise<LineRow[]> {
  return db.query<LineRow>(sql`select ${lineColumns} from line`);
}

export function selectMeters(db: Queryable): Promise<MeterRow[]> {
  return db.query<MeterRow>(
    sql`select ${meterColumns} from meter m join line l on l.id = m.line_id where m.removed_at is null`,
  );
}

export interface PlaceFields {
  readonly names: Names;
  readonly position: number;
  readonly shape: string | undefined;
  readonly timeZone: string | undefined;
  readonly currency: string | undefined;
  readonly polling: Polling | undefined;
}

export interface NewPlace extends PlaceFields {
  readonly kind: PlaceKind;
  readonly parentId: number | undefined;
  /** Undefined for a property: it names itself. */
  readonly propertyId: number | undefined;
}

export async function insertPlace(tx: Tx, place: NewPlace): Promise<PlaceRow> {
  return one(
    await tx.query<PlaceRow>(sql`
      with next as (select nextval(pg_get_serial_sequence('place', 'id'))::int as id)
      insert into place (id, kind, parent_id, property_id, names, position, shape, time_zone, currency, polling)
      overriding system value
      select next.id, ${place.kind}, ${place.parentId}::int, coalesce(${place.propertyId}::int, next.id),
        ${json(place.names)}, ${place.position}::int, ${place.shape}, ${place.timeZone}, ${place.currency}, ${json(place.polling)}
      from next
      returning ${placeColumns}`),
  );
}

export async function updatePlaceRow(tx: Tx, placeId: number, place: PlaceFields): Promise<PlaceRow> {
  return one(
    await tx.query<PlaceRow>(sql`
      update place set names = ${json(place.names)}, position = ${place.position}::int, shape = ${place.shape},
        time_zone = ${place.timeZone}, currency = ${place.currency}, polling = ${json(place.polling)}
      where id = ${placeId} returning ${placeColumns}`),
  );
}

export async function deletePlaceRow(tx: Tx, placeId: number): Promise<void> {
  await tx.query(sql`delete from place where id = ${placeId}`);
}

export interface GatewayFields {
  readonly code: string;
  readonly names: Names | undefined;
  readonly placeId: number | undefined;
  readonly polling: Polling | undefined;
  readonly enabled: boolean;
}

export async function insertGateway(tx: Tx, propertyId: number, gateway: GatewayFields): Promise<GatewayRow> {
  return one(
    await tx.query<GatewayRow>(sql`
      insert into gateway (property_id, code, names, place_id, polling, enabled)
      values (${propertyId}, ${gateway.code}, ${json(gateway.names)}, ${gateway.placeId}, ${json(gateway.polling)}, ${gateway.enabled})
      returning ${gatewayColumns}`),
  );
}

/** Undefined when `version` is not the stored one any more. */
export async function updateGatewayRow(
  tx: Tx,
  gatewayId: number,
  version: number,
  gateway: GatewayFields,
): Promise<GatewayRow | undefined> {
  const rows = await tx.query<GatewayRow>(sql`
    update gateway set code = ${gateway.code}, names = ${json(gateway.names)}, place_id = ${gateway.placeId},
      polling = ${json(gateway.polling)}, enabled = ${gateway.enabled}, version = version + 1
    where id = ${gatewayId} and version = ${version} returning ${gatewayColumns}`);
  return rows[0];
}

/** With its lines; its meters must be removed before. */
export async function deleteGatewayRow(tx: Tx, gatewayId: number): Promise<void> {
  await tx.query(sql`delete from gateway where id = ${gatewayId}`);
}

export interface LineFields {
  readonly name: string;
  readonly transport: Transport;
  readonly serial: Serial;
  readonly responseTimeoutMs: number;
  readonly turnaroundMs: number;
}

export async function insertLine(tx: Tx, gatewayId: number, line: LineFields): Promise<LineRow> {
  return one(
    await tx.query<LineRow>(sql`
      insert into line (gateway_id, name, transport, serial, response_timeout_ms, turnaround_ms)
      values (${gatewayId}, ${line.name}, ${json(line.transport)}, ${json(line.serial)}, ${line.responseTimeoutMs}, ${line.turnaroundMs})
      returning ${lineColumns}`),
  );
}

export async function updateLineRow(tx: Tx, lineId: number, line: LineFields): Promise<LineRow> {
  return one(
    await tx.query<LineRow>(sql`
      update line set name = ${line.name}, transport = ${json(line.transport)}, serial = ${json(line.serial)},
        response_timeout_ms = ${line.responseTimeoutMs}, turnaround_ms = ${line.turnaroundMs}
      where id = ${lineId} returning ${lineColumns}`),
  );
}

export async function deleteLineRow(tx: Tx, lineId: number): Promise<void> {
  await tx.query(sql`delete from line where id = ${lineId}`);
}

/** Column values of a meter, all given. */
export interface MeterFields extends Omit<MeterInput, 'overloadLimitW'> {
  readonly propertyId: number;
  readonly lineId: number;
  readonly overloadLimitW: number | undefined;
}

export async function insertMeter(tx: Tx, meter: MeterFields): Promise<MeterRow> {
  return one(
    await tx.query<MeterRow>(sql`
      with m as (
        insert into meter (property_id, place_id, line_id, model_id, unit_address, meter_number, role, names, ct_ratio,
          pt_ratio, circuit, overload_limit_w, energy_category, polling)
        values (${meter.propertyId}, ${meter.placeId}, ${meter.lineId}, ${meter.modelId}, ${meter.unitAddress},
          ${meter.meterNumber}, ${meter.role}, ${json(meter.names)}, ${meter.ctRatio ?? 1}, ${meter.ptRatio ?? 1},
          ${meter.circuit}, ${meter.overloadLimitW}, ${meter.energyCategory}, ${json(meter.polling)})
        returning *)
      select ${meterColumns} from m join line l on l.id = m.line_id`),
  );
}

/** Undefined when `version` is not the stored one any more, or the meter is gone. */
export async function updateMeterRow(
  tx: Tx,
  meterId: number,
  version: number,
  meter: MeterFields,
): Promise<MeterRow | undefined> {
  const rows = await tx.query<MeterRow>(sql`
    with m as (
      update meter set property_id = ${meter.propertyId}, place_id = ${meter.placeId}, line_id = ${meter.lineId},
        model_id = ${meter.modelId}, unit_address = ${meter.unitAddress}, meter_number = ${meter.meterNumber},
        role = ${meter.role}, names = ${json(meter.names)}, ct_ratio = ${meter.ctRatio ?? 1}, pt_ratio = ${meter.ptRatio ?? 1},
        circuit = ${meter.circuit}, overload_limit_w = ${meter.overloadLimitW}, energy_category = ${meter.energyCategory},
        polling = ${json(meter.polling)}, version = version + 1
      where id = ${meterId} and version = ${version} and removed_at is null
      returning *)
    select ${meterColumns} from m join line l on l.id = m.line_id`);
  return rows[0];
}

/** Those of the meters that are there, locked against change and removal. */
export async function lockMeterRows(tx: Tx, meterIds: readonly number[]): Promise<readonly number[]> {
  const rows = await tx.query<{ id: number }>(
    sql`select id from meter where id = any (${meterIds}::int[]) and removed_at is null order by id for share`,
  );
  return rows.map(({ id }) => id);
}

/** The row stays, since readings and money point to it; its number and address are free again. */
export async function removeMeters(tx: Tx, meterIds: readonly number[]): Promise<void> {
  await tx.query(sql`update meter set removed_at = now(), version = version + 1 where id = any (${meterIds}::int[])`);
}

function json(value: unknown): Sql {
  return sql`${value === undefined ? null : JSON.stringify(value)}::jsonb`;
}

function one<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that returns one row returned none');
  return row;
}
