import sql from 'sql-template-tag';
import type { Tx } from '#server/platform/db/index.ts';

/** Rows of the manifest, flat, as `jsonb_to_recordset` takes them. Undefined fields arrive as null. */
export interface PlantPlaceRow {
  readonly key: string;
  readonly parentKey: string | undefined;
  readonly names: object;
  readonly position: number;
  readonly shape: string | undefined;
  readonly timeZone: string | undefined;
  readonly currency: string | undefined;
}
export interface PlantGatewayRow {
  readonly propertyKey: string;
  readonly placeKey: string | undefined;
  readonly code: string;
  readonly names: object | undefined;
}
export interface PlantLineRow {
  readonly propertyKey: string;
  readonly code: string;
  readonly name: string;
  readonly transport: object;
  readonly serial: object;
  readonly responseTimeoutMs: number;
  readonly turnaroundMs: number;
}
export interface PlantMeterRow {
  readonly propertyKey: string;
  readonly code: string;
  readonly lineName: string;
  readonly placeKey: string;
  readonly modelId: string;
  readonly unitAddress: number;
  readonly meterNumber: string;
  readonly role: string;
  readonly names: object | undefined;
  readonly ctRatio: number;
  readonly ptRatio: number;
  readonly circuit: string | undefined;
  readonly overloadLimitW: number | undefined;
  readonly energyCategory: string | undefined;
}

/** Adds properties that are not there; what people changed on those that are stays. */
export async function addPlantProperties(tx: Tx, rows: readonly PlantPlaceRow[]): Promise<void> {
  await tx.query(sql`
    with wanted as (
      select nextval(pg_get_serial_sequence('place', 'id'))::int as id, w.*
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as w (key text, names jsonb, position int, "timeZone" text, currency text)
      where not exists (select from place p where p.plant_key = w.key)
      order by w.position)
    insert into place (id, kind, property_id, names, position, time_zone, currency, plant_key)
    overriding system value
    select id, 'property', id, names, position, "timeZone", currency, key from wanted`);
}

/** Adds buildings, floors or rooms below places that are there already. */
export async function addPlantPlaces(
  tx: Tx,
  kind: 'building' | 'floor' | 'room',
  rows: readonly PlantPlaceRow[],
): Promise<void> {
  await tx.query(sql`
    insert into place (kind, parent_id, property_id, names, position, shape, plant_key)
    select ${kind}, parent.id, parent.property_id, w.names, w.position, w.shape, w.key
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as w (key text, "parentKey" text, names jsonb, position int, shape text)
    join place parent on parent.plant_key = w."parentKey"
    order by parent.id, w.position
    on conflict on constraint place_plant_key_key do nothing`);
}

/** Adds gateways; one of the same code that people made is left alone and gets no lines. */
export async function addPlantGateways(tx: Tx, rows: readonly PlantGatewayRow[]): Promise<void> {
  await tx.query(sql`
    insert into gateway (property_id, code, names, place_id, simulated)
    select property.id, w.code, w.names, stand.id, true
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as w ("propertyKey" text, "placeKey" text, code text, names jsonb)
    join place property on property.plant_key = w."propertyKey"
    left join place stand on stand.plant_key = w."placeKey"
    order by property.id, w.code
    on conflict on constraint gateway_code_key do nothing`);
}

/** Adds lines and gives the others the addresses of this start. */
export async function putPlantLines(tx: Tx, rows: readonly PlantLineRow[]): Promise<void> {
  await tx.query(sql`
    insert into line (gateway_id, name, transport, serial, response_timeout_ms, turnaround_ms)
    select g.id, w.name, w.transport, w.serial, w."responseTimeoutMs", w."turnaroundMs"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as w ("propertyKey" text, code text, name text, transport jsonb, serial jsonb, "responseTimeoutMs" int, "turnaroundMs" int)
    join place property on property.plant_key = w."propertyKey"
    join gateway g on g.property_id = property.id and g.code = w.code and g.simulated
    order by g.id, w.name
    on conflict on constraint line_name_key do update set transport = excluded.transport, serial = excluded.serial`);
}

/**
 * Makes the meters of simulated gateways those of the manifest: one whose number, line, address or model is not in it
 * is removed (another size of plant hangs them elsewhere), then the missing ones are added.
 */
export async function putPlantMeters(tx: Tx, rows: readonly PlantMeterRow[]): Promise<void> {
  await tx.query(sql`
    create temporary table plant_meter on commit drop as
    select property.id as property_id, place.id as place_id, l.id as line_id, w."modelId" as model_id,
      w."unitAddress" as unit_address, w."meterNumber" as meter_number, w.role, w.names, w."ctRatio" as ct_ratio,
      w."ptRatio" as pt_ratio, w.circuit, w."overloadLimitW" as overload_limit_w, w."energyCategory" as energy_category
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as w ("propertyKey" text, code text, "lineName" text, "placeKey" text, "modelId" text, "unitAddress" int,
        "meterNumber" text, role text, names jsonb, "ctRatio" int, "ptRatio" int, circuit text, "overloadLimitW" int,
        "energyCategory" text)
    join place property on property.plant_key = w."propertyKey"
    join place on place.plant_key = w."placeKey"
    join gateway g on g.property_id = property.id and g.code = w.code and g.simulated
    join line l on l.gateway_id = g.id and l.name = w."lineName"`);
  await tx.query(sql`
    update meter m set removed_at = now(), version = version + 1
    where m.removed_at is null
      and m.line_id in (select l.id from line l join gateway g on g.id = l.gateway_id where g.simulated)
      and not exists (
        select from plant_meter w where w.property_id = m.property_id and w.meter_number = m.meter_number
          and w.line_id = m.line_id and w.unit_address = m.unit_address and w.model_id = m.model_id)`);
  await tx.query(sql`
    insert into meter (property_id, place_id, line_id, model_id, unit_address, meter_number, role, names, ct_ratio,
      pt_ratio, circuit, overload_limit_w, energy_category)
    select property_id, place_id, line_id, model_id, unit_address, meter_number, role, names, ct_ratio, pt_ratio,
      circuit, overload_limit_w, energy_category
    from plant_meter
    order by line_id, unit_address
    on conflict do nothing`);
}

/** Removes what another plant left: simulated lines and gateways without meters, then its empty places, leaves first. */
export async function removePlantRemains(
  tx: Tx,
  kept: {
    readonly gateways: readonly PlantGatewayRow[];
    readonly lines: readonly PlantLineRow[];
    readonly placeKeys: readonly string[];
  },
): Promise<void> {
  await tx.query(sql`
    delete from line l using gateway g, place property
    where g.id = l.gateway_id and g.simulated and property.id = g.property_id
      and not exists (select from meter m where m.line_id = l.id and m.removed_at is null)
      and not exists (
        select from jsonb_to_recordset(${JSON.stringify(kept.lines)}::jsonb) as w ("propertyKey" text, code text, name text)
        where w."propertyKey" = property.plant_key and w.code = g.code and w.name = l.name)`);
  await tx.query(sql`
    delete from gateway g using place property
    where g.simulated and property.id = g.property_id
      and not exists (select from line l where l.gateway_id = g.id)
      and not exists (
        select from jsonb_to_recordset(${JSON.stringify(kept.gateways)}::jsonb) as w ("propertyKey" text, code text)
        where w."propertyKey" = property.plant_key and w.code = g.code)`);
  for (const kind of ['room', 'floor', 'building', 'property']) {
    await tx.query(sql`
      delete from place p
      where p.kind = ${kind} and p.plant_key is not null and p.plant_key <> all (${kept.placeKeys}::text[])
        and not exists (select from place child where child.parent_id = p.id)
        and not exists (select from meter m where m.removed_at is null and p.id in (m.place_id, m.property_id))
        and not exists (select from gateway g where p.id in (g.place_id, g.property_id))`);
  }
}

/** Ids of the simulated gateways. */
export async function selectPlantGatewayIds(tx: Tx): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(sql`select id from gateway where simulated`);
  return rows.map(({ id }) => id);
}
