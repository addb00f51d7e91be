import sql from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { ArrearsLevel } from './types.ts';

/** What the arrears rule found last. */
export interface ArrearsState {
  readonly accountId: number;
  readonly propertyId: number;
  readonly level: ArrearsLevel;
  readonly balanceMinor: bigint;
  readonly sinceMs: number;
  /** Why supply stays on all the same, when it is cut, or why it stays off; undefined where nothing is to be said. */
  readonly decision: string | undefined;
  /** What this rule wants of the relays since it first cut. */
  readonly wanted: 'open' | 'closed' | undefined;
  readonly wantedAtMs: number | undefined;
}

interface StoredState {
  readonly account_id: number;
  readonly property_id: number;
  readonly level: ArrearsLevel;
  readonly balance_minor: bigint;
  readonly since: Date;
  readonly decision: string | null;
  readonly wanted: 'open' | 'closed' | null;
  readonly wanted_at: Date | null;
}

const toState = (row: StoredState): ArrearsState => ({
  accountId: row.account_id,
  propertyId: row.property_id,
  level: row.level,
  balanceMinor: row.balance_minor,
  sinceMs: row.since.getTime(),
  decision: row.decision ?? undefined,
  wanted: row.wanted ?? undefined,
  wantedAtMs: row.wanted_at?.getTime(),
});

export async function lockArrears(tx: Tx, accountIds: readonly number[]): Promise<ReadonlyMap<number, ArrearsState>> {
  const rows = await tx.query<StoredState>(sql`
    select account_id, property_id, level, balance_minor, since, decision, wanted, wanted_at from arrears_state
    where account_id = any(${[...accountIds]}::int[]) order by account_id for update`);
  return new Map(rows.map((row) => [row.account_id, toState(row)]));
}

export async function upsertArrears(tx: Tx, states: readonly ArrearsState[], nowMs: number): Promise<void> {
  if (states.length === 0) return;
  await tx.query(sql`
    insert into arrears_state as a (account_id, property_id, level, balance_minor, since, decision, wanted, wanted_at,
      evaluated_at)
    select n.*, ${new Date(nowMs)}::timestamptz from unnest(
      ${states.map(({ accountId }) => accountId)}::int[], ${states.map(({ propertyId }) => propertyId)}::int[],
      ${states.map(({ level }) => level)}::text[], ${states.map(({ balanceMinor }) => String(balanceMinor))}::int8[],
      ${states.map(({ sinceMs }) => new Date(sinceMs))}::timestamptz[],
      ${states.map(({ decision }) => decision ?? null)}::text[], ${states.map(({ wanted }) => wanted ?? null)}::text[],
      ${states.map(({ wantedAtMs }) => (wantedAtMs === undefined ? null : new Date(wantedAtMs)))}::timestamptz[]) as n
    on conflict (account_id) do update set level = excluded.level, balance_minor = excluded.balance_minor,
      since = excluded.since, decision = excluded.decision, wanted = excluded.wanted, wanted_at = excluded.wanted_at,
      evaluated_at = excluded.evaluated_at`);
}

/** Accounts that somebody must keep an eye on: not in good order, or cut by this rule. */
export async function selectWatched(db: Queryable): Promise<readonly number[]> {
  const rows = await db.query<{ account_id: number }>(
    sql`select account_id from arrears_state where level <> 'normal' or wanted = 'open' order by account_id`,
  );
  return rows.map(({ account_id }) => account_id);
}

export interface NewNotice {
  readonly propertyId: number;
  readonly accountId: number;
  readonly level: Exclude<ArrearsLevel, 'normal'>;
  readonly balanceMinor: bigint;
  readonly lineMinor: bigint;
}

/** Stores notices; one that is open already stays as it is. */
export async function insertNotices(tx: Tx, notices: readonly NewNotice[], nowMs: number): Promise<void> {
  if (notices.length === 0) return;
  await tx.query(sql`
    insert into notice (property_id, account_id, level, balance_minor, line_minor, raised_at)
    select n.*, ${new Date(nowMs)}::timestamptz from unnest(
      ${notices.map(({ propertyId }) => propertyId)}::int[], ${notices.map(({ accountId }) => accountId)}::int[],
      ${notices.map(({ level }) => level)}::text[], ${notices.map(({ balanceMinor }) => String(balanceMinor))}::int8[],
      ${notices.map(({ lineMinor }) => String(lineMinor))}::int8[]) as n
    on conflict do nothing`);
}

/** Ends the open notices of these accounts whose line is no longer crossed. */
export async function clearNotices(
  tx: Tx,
  cleared: readonly { readonly accountId: number; readonly level: ArrearsLevel }[],
  nowMs: number,
): Promise<void> {
  if (cleared.length === 0) return;
  await tx.query(sql`
    update notice n set cleared_at = ${new Date(nowMs)}
    from unnest(${cleared.map(({ accountId }) => accountId)}::int[], ${cleared.map(({ level }) => level)}::text[])
      as c (account_id, level)
    where n.account_id = c.account_id and n.level = c.level and n.cleared_at is null`);
}

/**
 * Nothing is weighed of these accounts any more: they are in no arrears, and every notice ends. Should they be weighed again,
 * a notice of then counts for nothing.
 */
export async function endArrears(tx: Tx, accountIds: readonly number[], nowMs: number): Promise<void> {
  if (accountIds.length === 0) return;
  const [ids, now] = [[...accountIds], new Date(nowMs)];
  await tx.query(sql`
    update arrears_state set level = 'normal', since = ${now}, decision = null, wanted = null, wanted_at = null,
      evaluated_at = ${now} where account_id = any(${ids}::int[]) and (level <> 'normal' or wanted = 'open')`);
  await tx.query(sql`
    update notice set cleared_at = ${now} where account_id = any(${ids}::int[]) and cleared_at is null`);
}

/** When the customers were told that supply will be cut: the second alarm, or the first word of arrears. */
export async function selectNoticed(
  db: Queryable,
  accountIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await db.query<{ account_id: number; raised_at: Date }>(sql`
    select account_id, min(raised_at) as raised_at from notice
    where account_id = any(${[...accountIds]}::int[]) and level in ('alarm2', 'arrears') and cleared_at is null
    group by account_id`);
  return new Map(rows.map(({ account_id, raised_at }) => [account_id, raised_at.getTime()]));
}
