import sql, { raw, type Sql } from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { Hook, Language } from './types.ts';

interface HookRow {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly language: Language;
  readonly property_ids: number[] | null;
  readonly severity: number;
  readonly kinds: string[] | null;
  readonly returned: boolean;
  readonly disabled: boolean;
  readonly version: number;
  readonly created_at: Date;
}

const HOOK = raw(
  'id, name, url, secret, language, property_ids, severity, kinds, returned, disabled, version, created_at',
);

/** Those that are told now. */
export async function selectActiveHooks(db: Queryable): Promise<readonly Hook[]> {
  return (await db.query<HookRow>(sql`select ${HOOK} from webhook where not disabled order by id`)).map(toHook);
}

export async function selectHook(db: Queryable, id: number): Promise<Hook | undefined> {
  const [row] = await db.query<HookRow>(sql`select ${HOOK} from webhook where id = ${id}`);
  return row === undefined ? undefined : toHook(row);
}

/** Only those whose every property lies within the scope. */
export async function selectHooks(
  db: Queryable,
  scope: Scope,
  afterId: number,
  rows: number,
): Promise<readonly Hook[]> {
  const found = await db.query<HookRow>(sql`
    select ${HOOK} from webhook where ${within(scope)} and id > ${afterId} order by id limit ${rows}`);
  return found.map(toHook);
}

export async function lockHook(tx: Tx, scope: Scope, id: number): Promise<Hook | undefined> {
  const [row] = await tx.query<HookRow>(
    sql`select ${HOOK} from webhook where id = ${id} and ${within(scope)} for update`,
  );
  return row === undefined ? undefined : toHook(row);
}

function within(scope: Scope): Sql {
  return scope.all ? sql`true` : sql`property_ids <@ ${[...scope.propertyIds]}::int[]`;
}

export type HookContent = Omit<Hook, 'id' | 'version'>;

export async function insertHook(tx: Tx, hook: HookContent): Promise<Hook> {
  const [row] = await tx.query<HookRow>(sql`
    insert into webhook (name, url, secret, language, property_ids, severity, kinds, returned, disabled, created_at)
    values (${hook.name}, ${hook.url}, ${hook.secret}, ${hook.language}, ${hook.propertyIds ?? null}::int[],
      ${hook.severity}, ${hook.kinds ?? null}::text[], ${hook.returned}, ${hook.disabled}, ${hook.createdAt})
    returning ${HOOK}`);
  if (row === undefined) throw new Error('the webhook was not stored');
  return toHook(row);
}

export async function updateHook(tx: Tx, id: number, hook: HookContent): Promise<Hook> {
  const [row] = await tx.query<HookRow>(sql`
    update webhook set name = ${hook.name}, url = ${hook.url}, secret = ${hook.secret}, language = ${hook.language},
      property_ids = ${hook.propertyIds ?? null}::int[], severity = ${hook.severity},
      kinds = ${hook.kinds ?? null}::text[], returned = ${hook.returned}, disabled = ${hook.disabled},
      version = version + 1
    where id = ${id} returning ${HOOK}`);
  if (row === undefined) throw new Error(`webhook ${id} is gone`);
  return toHook(row);
}

export async function deleteHook(tx: Tx, id: number): Promise<void> {
  await tx.query(sql`delete from webhook where id = ${id}`);
}

function toHook(row: HookRow): Hook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    secret: row.secret,
    language: row.language,
    propertyIds: row.property_ids ?? undefined,
    severity: row.severity,
    kinds: row.kinds ?? undefined,
    returned: row.returned,
    disabled: row.disabled,
    version: row.version,
    createdAt: row.created_at,
  };
}
