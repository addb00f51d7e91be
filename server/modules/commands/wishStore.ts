import sql, { raw, type Sql } from 'sql-template-tag';
import type { RelayMode } from '#drivers/core/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { StoredOrder } from './orders.ts';
import type { ProtectionRow, RoadRow } from './rows.ts';
import { ROAD_COLUMNS, within } from './store.ts';

const PROTECTION = raw(
  'id, meter_id, property_id, building_id, reason, from_at, until_at, given_by, given_name, ended_at, ended_name',
);
/** Most rows of the protective list. */
const PROTECTIONS_MAX = 10_000;

/** What is wanted of a relay: what was verified last. */
export interface WishRow {
  readonly meter_id: number;
  readonly mode: RelayMode;
  readonly version: bigint;
  readonly repairs: number;
  /** The order that it came from, and the rule that gave it. */
  readonly command_order: StoredOrder;
  readonly rule: string | null;
}

export function selectWishes(db: Queryable): Promise<WishRow[]> {
  return db.query<WishRow>(sql`
    select w.meter_id, w.mode, w.version, w.repairs, c.command_order, c.rule
    from relay_wish w join command c on c.id = w.command_id`);
}

/**
 * Verified relay commands become what is wanted, and end older ones of their meters that were in doubt: whatever those may
 * still do, it is not wanted any more. Returns the ones that ended so.
 */
export async function wish(tx: Tx, verified: readonly RoadRow[], at: Date): Promise<readonly RoadRow[]> {
  const rows = verified.flatMap(({ id, meter_id, number, relay_mode }) =>
    relay_mode === null ? [] : [{ id, meter_id, version: String(number), mode: relay_mode }],
  );
  if (rows.length === 0) return [];
  const recordset = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
    as n(id uuid, meter_id int, version int8, mode text)`;
  await tx.query(sql`
    insert into relay_wish as w (meter_id, mode, version, command_id, repairs, wished_at)
    select distinct on (meter_id) meter_id, mode, version, id, 0, ${at}::timestamptz from ${recordset}
    order by meter_id, version desc
    on conflict (meter_id) do update set mode = excluded.mode, version = excluded.version,
      command_id = excluded.command_id, wished_at = excluded.wished_at,
      repairs = case when exists (select from command where id = excluded.command_id and rule = 'repair')
        then w.repairs + 1 else 0 end
    where w.version < excluded.version`);
  return tx.query<RoadRow>(sql`
    update command c set state = 'rejected', why = '{superseded}', finished_at = ${at}
    from ${recordset}
    where c.meter_id = n.meter_id and c.number < n.version and c.state = 'inDoubt'
      and c.kind in ('trip', 'close', 'protect', 'restorePrepaid')
    returning ${ROAD_COLUMNS}`);
}

/**
 * Meters that are to be without supply, by the newest order for their relay that counts (on its way, or verified), and who
 * wanted it: a person who tripped them, or a rule. What a repair says was wanted before it and is not asked; orders of
 * `apartFrom` are not there.
 */
export async function selectOpenBy(
  tx: Tx,
  meterIds: readonly number[],
  apartFrom: readonly string[] = [],
): Promise<ReadonlyMap<number, 'person' | 'rule'>> {
  if (meterIds.length === 0) return new Map();
  const rows = await tx.query<{ meter_id: number; by_person: boolean }>(sql`
    select last.meter_id, last.kind = 'trip' and last.rule is null as by_person
    from unnest(${[...meterIds]}::int[]) as m(id) cross join lateral (
      select c.meter_id, c.kind, c.rule, c.relay_mode from command c
      where c.meter_id = m.id and c.kind in ('trip', 'close', 'protect', 'restorePrepaid')
        and c.state in ('queued', 'sent', 'confirming', 'inDoubt', 'verified')
        and c.rule is distinct from 'repair' and c.id <> all(${[...apartFrom]}::uuid[])
      order by c.number desc limit 1) last
    where last.kind = 'trip' or last.relay_mode = 'forcedOpen'`);
  return new Map(rows.map(({ meter_id, by_person }) => [meter_id, by_person ? 'person' : 'rule']));
}

/** Another device, or nobody's business any more. */
export async function forgetWishes(tx: Tx, meterIds: readonly number[]): Promise<void> {
  await tx.query(sql`delete from relay_wish where meter_id = any(${meterIds}::int[])`);
}

export interface NewProtection {
  readonly id: string;
  readonly meterId: number;
  readonly propertyId: number;
  readonly buildingId: number | undefined;
  readonly reason: string;
  readonly at: Date;
  readonly until: Date | undefined;
  readonly givenBy: number | undefined;
  readonly givenName: string;
}

/** Begins protection; what holds already is ended and gives place, but that a rule never ends what a person wanted. */
export async function beginProtections(tx: Tx, protections: readonly NewProtection[]): Promise<void> {
  const [first] = protections;
  if (first === undefined) return;
  const { at, until, reason, givenBy, givenName } = first;
  await endProtections(
    tx,
    protections.map(({ meterId }) => meterId),
    { at, by: givenBy, name: givenName },
    givenBy === undefined ? OF_RULES : EVERY,
  );
  const rows = protections.map(({ id, meterId, propertyId, buildingId }) => ({
    ...{ id, meter_id: meterId, property_id: propertyId, building_id: buildingId },
  }));
  await tx.query(sql`
    insert into protection (id, meter_id, property_id, building_id, reason, from_at, until_at, given_by, given_name)
    select id, meter_id, property_id, building_id, ${reason}, ${at}, ${until ?? null}::timestamptz, ${givenBy ?? null}::int,
      ${givenName}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as n(id uuid, meter_id int, property_id int, building_id int)
    on conflict do nothing`);
}

const EVERY = sql`true`;
const OF_RULES = sql`given_by is null`;
/** Those whose time is over. */
export const overAt = (at: Date): Sql => sql`until_at <= ${at}`;

/** Ends what holds of these meters, or of it what is meant. Returns the meters. */
export async function endProtections(
  tx: Tx,
  meterIds: readonly number[],
  end: { readonly at: Date; readonly by: number | undefined; readonly name: string },
  meant: Sql = EVERY,
): Promise<readonly number[]> {
  const rows = await tx.query<{ meter_id: number }>(sql`
    update protection set ended_at = ${end.at}, ended_by = ${end.by ?? null}::int, ended_name = ${end.name}
    where meter_id = any(${meterIds}::int[]) and ended_at is null and ${meant} returning meter_id`);
  return rows.map(({ meter_id }) => meter_id);
}

/** What holds, also where its time is over and nobody ended it yet. */
export function selectProtections(db: Queryable, meterIds?: readonly number[]): Promise<ProtectionRow[]> {
  const those = meterIds === undefined ? sql`true` : sql`meter_id = any(${meterIds}::int[])`;
  return db.query<ProtectionRow>(sql`select ${PROTECTION} from protection where ended_at is null and ${those}`);
}

/** The protective list of the part of the estate that one may see. */
export function listProtectionRows(db: Queryable, scope: Scope, propertyId?: number): Promise<ProtectionRow[]> {
  const there = propertyId === undefined ? sql`true` : sql`property_id = ${propertyId}`;
  return db.query<ProtectionRow>(sql`
    select ${PROTECTION} from protection where ended_at is null and ${within(scope)} and ${there}
    order by from_at desc limit ${PROTECTIONS_MAX}`);
}
