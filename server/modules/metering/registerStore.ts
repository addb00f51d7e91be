import sql, { join, raw } from 'sql-template-tag';
import { COUNTERS, type Quantity, type ReadingSource } from '#drivers/core/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';

export type RegisterQuality = 'measured' | 'late' | 'estimated';

/** Counters of one meter at one billing instant. Exact: Wh as bigint. */
export interface RegisterRow {
  readonly meterId: number;
  readonly instantMs: number;
  readonly readAtMs: number;
  readonly quality: RegisterQuality;
  readonly source: ReadingSource;
  readonly registers: Readonly<Partial<Record<Quantity, bigint>>>;
  readonly balanceMinor: bigint | undefined;
  readonly purchaseCount: number | undefined;
  /** What a person said instead of the total energy that the meter said; `energyWh` undefined: it counts for nothing. */
  readonly edited?: { readonly energyWh: bigint | undefined };
}

/** `energyDeepValleyWh` → `energy_deep_valley_wh`. */
const columnOf = (counter: Quantity): string => counter.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const COUNTER_COLUMNS = COUNTERS.map((counter) => ({ counter, column: columnOf(counter) }));
const COLUMN_LIST = raw(COUNTER_COLUMNS.map(({ column }) => column).join(', '));

/** Stores rows; one that is already there stays as it is. Returns how many were new. */
export async function insertRegisters(db: Queryable, rows: readonly RegisterRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const counters = COUNTER_COLUMNS.map(
    ({ counter }) => sql`${rows.map(({ registers }) => registers[counter]?.toString() ?? null)}::int8[]`,
  );
  const inserted = await db.query<{ meter_id: number }>(sql`
    insert into register_reading
      (meter_id, instant, read_at, quality, source, balance_minor, purchase_count, ${COLUMN_LIST})
    select * from unnest(
      ${rows.map(({ meterId }) => meterId)}::int[],
      ${rows.map(({ instantMs }) => new Date(instantMs))}::timestamptz[],
      ${rows.map(({ readAtMs }) => new Date(readAtMs))}::timestamptz[],
      ${rows.map(({ quality }) => quality)}::text[],
      ${rows.map(({ source }) => source)}::text[],
      ${rows.map(({ balanceMinor }) => balanceMinor?.toString() ?? null)}::int8[],
      ${rows.map(({ purchaseCount }) => purchaseCount ?? null)}::int[],
      ${join(counters)})
    on conflict (meter_id, instant) do nothing returning meter_id`);
  return inserted.length;
}

interface StoredRegister extends Readonly<Record<string, unknown>> {
  readonly meter_id: number;
  readonly instant: Date;
  readonly read_at: Date;
  readonly quality: RegisterQuality;
  readonly source: ReadingSource;
  readonly balance_minor: bigint | null;
  readonly purchase_count: number | null;
  readonly edited_wh: bigint | null;
  readonly voided: boolean;
}

export interface RegisterQuery {
  readonly meterId: number;
  readonly fromMs: number | undefined;
  /** Exclusive. */
  readonly toMs: number | undefined;
  readonly order: 'newest-first' | 'oldest-first';
  readonly limit: number;
}

export async function selectRegisters(db: Queryable, query: RegisterQuery): Promise<readonly RegisterRow[]> {
  const from = query.fromMs === undefined ? null : new Date(query.fromMs);
  const to = query.toMs === undefined ? null : new Date(query.toMs);
  const rows = await db.query<StoredRegister>(sql`
    select meter_id, instant, read_at, quality, source, balance_minor, purchase_count, edited_wh, voided, ${COLUMN_LIST}
    from register_reading
    where meter_id = ${query.meterId} and instant >= coalesce(${from}, '-infinity'::timestamptz)
      and instant < coalesce(${to}, 'infinity'::timestamptz)
    order by instant ${raw(query.order === 'newest-first' ? 'desc' : 'asc')} limit ${query.limit}`);
  return rows.map(fromStored);
}

/** What is held of many meters at these instants, by meter and time. Instants without a row are left out. */
export async function selectRegistersAt(
  db: Queryable,
  meterIds: readonly number[],
  instants: readonly number[],
): Promise<readonly RegisterRow[]> {
  const rows = await db.query<StoredRegister>(sql`
    select meter_id, instant, read_at, quality, source, balance_minor, purchase_count, edited_wh, voided, ${COLUMN_LIST}
    from register_reading
    where meter_id = any(${meterIds}::int[]) and instant = any(${instants.map((atMs) => new Date(atMs))}::timestamptz[])
    order by meter_id, instant`);
  return rows.map(fromStored);
}

function fromStored(row: StoredRegister): RegisterRow {
  return {
    meterId: row.meter_id,
    instantMs: row.instant.getTime(),
    readAtMs: row.read_at.getTime(),
    quality: row.quality,
    source: row.source,
    registers: registersOf(row),
    balanceMinor: row.balance_minor ?? undefined,
    purchaseCount: row.purchase_count ?? undefined,
    ...(row.voided || row.edited_wh !== null
      ? { edited: { energyWh: row.voided ? undefined : (row.edited_wh ?? undefined) } }
      : {}),
  };
}

/** The newest row of a meter that has both, as it counts; undefined when there is none. */
export async function selectLastPair(
  db: Queryable,
  meterId: number,
): Promise<{ readonly readAtMs: number; readonly energyWh: bigint; readonly balanceMinor: bigint } | undefined> {
  const [row] = await db.query<{ read_at: Date; energy_wh: bigint; balance_minor: bigint }>(sql`
    select read_at, coalesce(edited_wh, energy_wh) as energy_wh, balance_minor from register_reading
    where meter_id = ${meterId} and energy_wh is not null and balance_minor is not null and not voided
    order by instant desc limit 1`);
  if (row === undefined) return undefined;
  return { readAtMs: row.read_at.getTime(), energyWh: row.energy_wh, balanceMinor: row.balance_minor };
}

function registersOf(row: StoredRegister): RegisterRow['registers'] {
  const registers: Partial<Record<Quantity, bigint>> = {};
  for (const { counter, column } of COUNTER_COLUMNS) {
    const value = row[column];
    if (typeof value === 'bigint') registers[counter] = value;
  }
  return registers;
}

/** Total energy of these meters at one instant as it counts, Wh; meters without a register there are left out. */
export async function selectEnergyAt(
  db: Queryable,
  meterIds: readonly number[],
  instantMs: number,
): Promise<ReadonlyMap<number, bigint>> {
  const rows = await db.query<{ meter_id: number; energy_wh: bigint }>(sql`
    select meter_id, coalesce(edited_wh, energy_wh) as energy_wh from register_reading
    where meter_id = any(${meterIds}::int[]) and instant = ${new Date(instantMs)} and energy_wh is not null and not voided`);
  return new Map(rows.map((row) => [row.meter_id, row.energy_wh]));
}
