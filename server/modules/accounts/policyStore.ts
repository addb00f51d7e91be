import sql from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

export interface PolicyRow {
  readonly property_id: number;
  readonly settings: Readonly<Record<string, unknown>>;
}

export function selectPolicies(db: Queryable): Promise<PolicyRow[]> {
  return db.query<PolicyRow>(sql`select property_id, settings from money_policy`);
}

export async function upsertPolicy(tx: Tx, propertyId: number, settings: unknown): Promise<void> {
  await tx.query(sql`
    insert into money_policy (property_id, settings) values (${propertyId}, ${JSON.stringify(settings)}::jsonb)
    on conflict (property_id) do update set settings = excluded.settings`);
}
