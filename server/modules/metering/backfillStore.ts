import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';

export async function backfillExists(db: Queryable, source: string): Promise<boolean> {
  const rows = await db.query(sql`select from backfill where source = ${source}`);
  return rows.length > 0;
}

export async function insertBackfill(db: Queryable, source: string, from: Date, to: Date, at: Date): Promise<void> {
  await db.query(sql`
    insert into backfill (source, from_at, to_at, completed_at) values (${source}, ${from}, ${to}, ${at})
    on conflict (source) do nothing`);
}
