import type { AuditRow } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type Actor, cursorId, PAGE_ROWS, type Scope, toPage } from '#server/platform/http/index.ts';
import { type AuditFilter, insertAudit, type StoredAudit, selectAudit } from './store.ts';

/** Who did what to what. `before` and `after` are shown to people: no secrets in them. */
export interface AuditEntry {
  /** Undefined when nobody is signed in (a failed sign-in) or the program acts by itself. */
  readonly actor: Actor | undefined;
  /** `meter.update`, `session.sign-in-failed`: the subject's kind, a dot, a verb. */
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId?: string | number;
  readonly propertyId?: number;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Address of the caller where there is no actor. */
  readonly ip?: string;
}

/** Writes an audit row in the transaction of the change itself: both or none. */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  await insertAudit(tx, {
    userId: entry.actor?.userId ?? null,
    userName: entry.actor?.user ?? null,
    ip: entry.actor?.ip ?? entry.ip ?? null,
    action: entry.action,
    subjectKind: entry.subjectKind,
    subjectId: entry.subjectId === undefined ? null : String(entry.subjectId),
    propertyId: entry.propertyId ?? null,
    before: toJson(entry.before),
    after: toJson(entry.after),
  });
}

export interface AuditQuery {
  readonly propertyId?: number;
  readonly subjectKind?: string;
  readonly subjectId?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** A page of the log, newest first. Rows that belong to no property are for those who see the whole group. */
export async function listAuditRows(db: Queryable, scope: Scope, query: AuditQuery) {
  const limit = query.limit ?? PAGE_ROWS;
  const filter: AuditFilter = {
    propertyIds: scope.all ? null : [...scope.propertyIds],
    propertyId: query.propertyId ?? null,
    subjectKind: query.subjectKind ?? null,
    subjectId: query.subjectId ?? null,
    beforeId: cursorId(query.cursor) ?? null,
    rows: limit + 1,
  };
  return toPage(await selectAudit(db, filter), limit, (row) => row.id, toDto);
}

function toDto(row: StoredAudit): AuditRow {
  return {
    id: String(row.id),
    at: row.at.toISOString(),
    action: row.action,
    subjectKind: row.subject_kind,
    before: row.before,
    after: row.after,
    ...(row.user_name === null ? {} : { user: row.user_name }),
    ...(row.ip === null ? {} : { ip: row.ip }),
    ...(row.subject_id === null ? {} : { subjectId: row.subject_id }),
    ...(row.property_id === null ? {} : { propertyId: row.property_id }),
  };
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
