import sql, { join, raw, type Sql } from 'sql-template-tag';
import type { RelayMode } from '#drivers/core/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { CutRecord } from './cutRecord.ts';
import type { StoredOrder } from './orders.ts';
import type { CommandRow, RoadRow } from './rows.ts';
import type { CommandKind, CommandState, CommandWhy } from './types.ts';

const ROAD_COLUMN_NAMES: readonly (keyof RoadRow)[] = [
  ...(['id', 'number', 'batch_id', 'property_id', 'building_id', 'meter_id', 'line_id', 'kind'] as const),
  ...(['command_order', 'rule', 'state', 'why', 'relay_mode', 'attempts', 'failed_reads', 'unreached'] as const),
  'expires_at',
];
const COLUMN_NAMES: readonly (keyof CommandRow)[] = [
  ...ROAD_COLUMN_NAMES,
  ...(['reason', 'detail', 'reads', 'given_by', 'given_name', 'given_at', 'due_at', 'approve_before'] as const),
  ...(['decided_name', 'decided_at', 'sent_at', 'finished_at'] as const),
];
const ofCommand = (names: readonly string[]) => raw(names.map((name) => `c.${name}`).join(', '));
const COLUMNS = ofCommand(COLUMN_NAMES);
/** Commands come by the ten thousand, and each changes three times: what nobody on the road asks for is left out. */
export const ROAD_COLUMNS = ofCommand(ROAD_COLUMN_NAMES);
/** What a relay is told; each of these takes the place of those before it. */
const IS_RELAY = raw("kind in ('trip', 'close', 'protect', 'restorePrepaid')");

export interface NewCommand {
  readonly id: string;
  readonly meterId: number;
  readonly buildingId: number | undefined;
  readonly lineId: number;
  readonly state: CommandState;
  readonly why: readonly CommandWhy[];
  readonly detail: string | undefined;
  readonly weighed: CutRecord | undefined;
}

/** What all commands of one giving have in common. */
export interface Giving {
  readonly batchId: string | undefined;
  readonly propertyId: number;
  readonly kind: CommandKind;
  readonly order: StoredOrder;
  readonly reason: string;
  readonly urgency: number;
  readonly givenBy: number | undefined;
  readonly givenName: string;
  readonly rule: string | undefined;
  readonly at: Date;
  readonly expiresAt: Date;
  readonly approveBefore: Date | undefined;
}

/** Those that are new; an id that is there already is left out. */
export async function insertCommands(tx: Tx, giving: Giving, commands: readonly NewCommand[]): Promise<RoadRow[]> {
  const rows = commands.map(({ id, meterId, buildingId, lineId, state, why, detail, weighed }) => ({
    ...{ id, state, why, detail, weighed, meter_id: meterId, building_id: buildingId, line_id: lineId },
  }));
  const stored = await tx.query<Pick<RoadRow, 'id' | 'number'>>(sql`
    insert into command as c (id, batch_id, property_id, building_id, meter_id, line_id, kind, command_order, reason,
      urgency, state, why, detail, weighed, given_by, given_name, rule, given_at, due_at, expires_at, approve_before,
      finished_at)
    select n.id, ${giving.batchId ?? null}::uuid, ${giving.propertyId}::int, n.building_id, n.meter_id, n.line_id,
      ${giving.kind}, ${JSON.stringify(giving.order)}::jsonb, ${giving.reason}, ${giving.urgency}::smallint, n.state,
      n.why, n.detail, n.weighed, ${giving.givenBy ?? null}::int, ${giving.givenName}, ${giving.rule ?? null}, ${giving.at},
      ${giving.at}, ${giving.expiresAt}, case when n.state = 'awaitingApproval' then ${giving.approveBefore ?? null}::timestamptz end,
      case when n.state in ('held', 'failed') then ${giving.at}::timestamptz end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as n(id uuid, meter_id int, building_id int, line_id int, state text, why text[], detail text, weighed jsonb)
    on conflict (id) do nothing
    returning c.id, c.number`);
  const numbers = new Map(stored.map(({ id, number }) => [id, number]));
  return commands.flatMap((command) => {
    const number = numbers.get(command.id);
    return number === undefined ? [] : [storedRow(giving, command, number)];
  });
}

/** What was just stored, without asking for ten thousand rows again. */
function storedRow(giving: Giving, command: NewCommand, number: bigint): RoadRow {
  const { id, meterId, buildingId, lineId, state, why } = command;
  return {
    ...{ id, number, state, why: [...why], meter_id: meterId, building_id: buildingId ?? null, line_id: lineId },
    ...{
      batch_id: giving.batchId ?? null,
      property_id: giving.propertyId,
      kind: giving.kind,
      rule: giving.rule ?? null,
    },
    ...{ command_order: giving.order, relay_mode: null, attempts: 0, failed_reads: 0, unreached: 0 },
    expires_at: giving.expiresAt,
  };
}

export async function selectCommand(db: Queryable, id: string): Promise<CommandRow | undefined> {
  const rows = await db.query<CommandRow>(sql`select ${COLUMNS} from command c where id = ${id}::uuid`);
  return rows[0];
}

/** Locks it until the end of the transaction. */
export async function lockCommand(tx: Tx, id: string): Promise<CommandRow | undefined> {
  const rows = await tx.query<CommandRow>(sql`select ${COLUMNS} from command c where id = ${id}::uuid for update`);
  return rows[0];
}

export interface CommandFilter {
  readonly propertyId?: number | undefined;
  readonly meterId?: number | undefined;
  readonly batchId?: string | undefined;
  readonly kind?: CommandKind | undefined;
  readonly state?: CommandState | undefined;
  readonly single?: true | undefined;
}

/** Newest first, before `beforeNumber`. */
export function selectCommands(
  db: Queryable,
  scope: Scope,
  filter: CommandFilter,
  beforeNumber: number | undefined,
  rows: number,
): Promise<CommandRow[]> {
  const conditions = [
    within(scope),
    ...(filter.propertyId === undefined ? [] : [sql`property_id = ${filter.propertyId}`]),
    ...(filter.meterId === undefined ? [] : [sql`meter_id = ${filter.meterId}`]),
    ...(filter.batchId === undefined ? [] : [sql`batch_id = ${filter.batchId}::uuid`]),
    ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
    ...(filter.state === undefined ? [] : [sql`state = ${filter.state}`]),
    ...(filter.single === undefined ? [] : [sql`batch_id is null`]),
    ...(beforeNumber === undefined ? [] : [sql`number < ${beforeNumber}`]),
  ];
  return db.query<CommandRow>(
    sql`select ${COLUMNS} from command c where ${join(conditions, ' and ')} order by number desc limit ${rows}`,
  );
}

/** Rows within a right on the whole, on properties or on buildings. */
export function within(scope: Scope): Sql {
  if (scope.all) return sql`true`;
  return sql`(property_id = any(${scope.propertyIds}::int[]) or building_id = any(${scope.buildingIds}::int[]))`;
}

/**
 * What waited for a second person becomes queued, with a number of its own time: whatever was told in between is older than
 * the agreement, and must not outlive it as what is wanted of the relay.
 */
export async function releaseCommands(
  tx: Tx,
  ids: readonly string[],
  decision: { readonly by: number; readonly name: string; readonly at: Date; readonly expiresAt: Date },
): Promise<RoadRow[]> {
  return tx.query<RoadRow>(sql`
    update command c set state = 'queued', number = default, due_at = ${decision.at}, expires_at = ${decision.expiresAt},
      decided_by = ${decision.by}, decided_name = ${decision.name}, decided_at = ${decision.at}
    where id = any(${ids}::uuid[]) and state = 'awaitingApproval' returning ${ROAD_COLUMNS}`);
}

/** Ends those among these that were not sent (or not agreed to) yet. */
export function stopCommands(
  tx: Tx,
  which: { readonly ids: readonly string[] } | { readonly batchId: string },
  states: readonly CommandState[],
  why: CommandWhy,
  at: Date,
): Promise<RoadRow[]> {
  return tx.query<RoadRow>(sql`
    update command c set state = 'stopped', why = array[${why}]::text[], finished_at = ${at}
    where ${those(which)} and state = any(${states}::text[]) returning ${ROAD_COLUMNS}`);
}

/** What is under way of these is still read back, and not sent again. */
export async function sendNoMore(
  tx: Tx,
  which: { readonly ids: readonly string[] } | { readonly batchId: string },
  at: Date,
): Promise<void> {
  await tx.query(sql`
    update command set expires_at = ${at}
    where ${those(which)} and state in ('sent', 'confirming', 'inDoubt') and expires_at > ${at}`);
}

const those = (which: { readonly ids: readonly string[] } | { readonly batchId: string }): Sql =>
  'ids' in which ? sql`id = any(${which.ids}::uuid[])` : sql`batch_id = ${which.batchId}::uuid`;

/** What these relay commands take the place of: older ones of the same meters that still wait. */
export function stopSuperseded(tx: Tx, ids: readonly string[], at: Date): Promise<RoadRow[]> {
  return tx.query<RoadRow>(sql`
    update command c set state = 'stopped', why = '{superseded}', finished_at = ${at}
    from command n
    where n.id = any(${ids}::uuid[]) and c.meter_id = n.meter_id and c.number < n.number and c.${IS_RELAY}
      and c.state = 'queued'
    returning ${ROAD_COLUMNS}`);
}

/** Lines on which something waits to be sent now. */
export async function selectHungryLines(db: Queryable, at: Date): Promise<readonly number[]> {
  const rows = await db.query<{ line_id: number }>(
    sql`select distinct line_id from command where state = 'queued' and due_at <= ${at}`,
  );
  return rows.map(({ line_id }) => line_id);
}

export interface LineRoom {
  readonly lineId: number;
  readonly places: number;
}

/** The next commands of each line, as many as it has places for; locked until the end of the transaction. */
export function claimQueued(
  tx: Tx,
  rooms: readonly LineRoom[],
  busyMeterIds: readonly number[],
  at: Date,
): Promise<RoadRow[]> {
  return tx.query<RoadRow>(sql`
    select p.* from unnest(${rooms.map(({ lineId }) => lineId)}::int[], ${rooms.map(({ places }) => places)}::int[])
      as room(line_id, places)
    cross join lateral (
      select ${ROAD_COLUMNS} from command c
      where c.line_id = room.line_id and c.state = 'queued' and c.due_at <= ${at}
        and c.meter_id <> all(${busyMeterIds}::int[])
        and not exists (select from command o where o.meter_id = c.meter_id and o.state in ('sent', 'confirming'))
      order by c.urgency, c.number limit room.places for update skip locked) p`);
}

/** Commands that are to be read back now; each is left alone until `leaseUntil`. */
export function claimUnread(tx: Tx, most: number, at: Date, leaseUntil: Date): Promise<RoadRow[]> {
  return tx.query<RoadRow>(sql`
    update command c set due_at = ${leaseUntil}
    where id in (select id from command where state in ('confirming', 'inDoubt') and due_at <= ${at}
      order by due_at limit ${most} for update skip locked)
    returning ${ROAD_COLUMNS}`);
}

/** These meters answer again: what they were told is read back now, not after its pause. */
export async function hastenUnread(tx: Tx, meterIds: readonly number[], at: Date): Promise<void> {
  await tx.query(sql`
    update command set due_at = ${at}
    where meter_id = any(${meterIds}::int[]) and state in ('confirming', 'inDoubt') and due_at > ${at}`);
}

/** What became of claimed commands; all columns that a course changes. */
export interface CommandChange {
  readonly id: string;
  readonly state: CommandState;
  readonly why: readonly CommandWhy[];
  readonly detail?: string | undefined;
  readonly weighed?: CutRecord | undefined;
  readonly relayMode?: RelayMode | undefined;
  readonly exceptionCode?: number | undefined;
  /** Added to what is there. */
  readonly attempts?: number;
  readonly reads?: number;
  readonly unreached?: number;
  /** Added, or set to 0 where something was read. */
  readonly failedReads?: 'none' | 'one';
  readonly dueAt?: Date | undefined;
  readonly sentAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
}

type Changed = Pick<RoadRow, 'id' | 'state' | 'why' | 'relay_mode' | 'attempts' | 'failed_reads' | 'unreached'>;

/** Stores changes of these commands in one statement, and tells what became of each. What ended meanwhile stays as it is. */
export async function changeCommands(
  tx: Tx,
  before: readonly RoadRow[],
  changes: readonly CommandChange[],
): Promise<RoadRow[]> {
  const rows = changes.map((change) => ({
    ...{ id: change.id, state: change.state, why: change.why, detail: change.detail, weighed: change.weighed },
    relay_mode: change.relayMode,
    exception_code: change.exceptionCode,
    attempts: change.attempts ?? 0,
    reads: change.reads ?? 0,
    unreached: change.unreached ?? 0,
    failed_reads: change.failedReads,
    ...{ due_at: change.dueAt, sent_at: change.sentAt, finished_at: change.finishedAt },
  }));
  const changed = await tx.query<Changed>(sql`
    update command c set state = n.state, why = n.why, detail = n.detail, weighed = coalesce(n.weighed, c.weighed),
      relay_mode = coalesce(n.relay_mode, c.relay_mode), exception_code = coalesce(n.exception_code, c.exception_code),
      attempts = c.attempts + n.attempts, reads = c.reads + n.reads, unreached = c.unreached + n.unreached,
      failed_reads = case n.failed_reads when 'none' then 0 when 'one' then c.failed_reads + 1 else c.failed_reads end,
      due_at = coalesce(n.due_at, c.due_at), sent_at = coalesce(c.sent_at, n.sent_at), finished_at = n.finished_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n(id uuid, state text, why text[], detail text,
      weighed jsonb, relay_mode text, exception_code int, attempts int, reads int, unreached int, failed_reads text,
      due_at timestamptz, sent_at timestamptz, finished_at timestamptz)
    where c.id = n.id and c.finished_at is null
    returning c.id, c.state, c.why, c.relay_mode, c.attempts, c.failed_reads, c.unreached`);
  const changedOf = new Map(changed.map((row) => [row.id, row]));
  return before.flatMap((row) => {
    const after = changedOf.get(row.id);
    return after === undefined ? [] : [{ ...row, ...after }];
  });
}

/** Meters among these for whose relay something newer than the given number has been ordered and not been dropped. */
export async function selectNewerRelay(
  tx: Tx,
  commands: readonly { readonly id: string }[],
): Promise<ReadonlySet<string>> {
  const ids = commands.map(({ id }) => id);
  const rows = await tx.query<{ id: string }>(sql`
    select c.id from command c where c.id = any(${ids}::uuid[]) and c.${IS_RELAY} and exists (
      select from command n where n.meter_id = c.meter_id and n.number > c.number and n.${IS_RELAY}
        and n.state in ('queued', 'sent', 'confirming', 'inDoubt', 'verified'))`);
  return new Set(rows.map(({ id }) => id));
}

/** After a restart nothing that was under way is believed: it is read first. */
export function distrustUnderWay(tx: Tx, at: Date): Promise<RoadRow[]> {
  return tx.query<RoadRow>(sql`
    update command c set state = case state when 'sent' then 'confirming' else state end, why = '{restarted}', due_at = ${at},
      failed_reads = 0
    where state in ('sent', 'confirming', 'inDoubt') returning ${ROAD_COLUMNS}`);
}

export interface MovingRow {
  readonly id: string;
  readonly meter_id: number;
  readonly property_id: number;
  readonly building_id: number | null;
  readonly kind: CommandKind;
  readonly state: CommandState;
  readonly relay_mode: RelayMode | null;
}

/** Everything that is not at rest. */
export function selectMoving(db: Queryable): Promise<MovingRow[]> {
  return db.query<MovingRow>(sql`
    select id, meter_id, property_id, building_id, kind, state, relay_mode from command
    where state in ('queued', 'sent', 'confirming', 'inDoubt')`);
}

/** Meters whose last download of each kind since `since` did not come through. */
export async function selectFailedDownloads(
  db: Queryable,
  since: Date,
): Promise<readonly { readonly meter_id: number; readonly kind: CommandKind }[]> {
  return db.query(sql`
    select meter_id, kind from (
      select distinct on (meter_id, kind) meter_id, kind, state from command
      where kind in ('prices', 'settings', 'clock') and state in ('verified', 'rejected', 'failed') and given_at >= ${since}
        and not why && '{notSupported,meterGone}'
      order by meter_id, kind, number desc) last
    where state <> 'verified'`);
}
