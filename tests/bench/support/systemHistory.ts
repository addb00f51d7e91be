import sql, { raw } from 'sql-template-tag';
import type { Db } from '#server/platform/db/index.ts';
import { COLUMNS } from '#server/platform/telemetry/columns.ts';
import { Partitions } from '#server/platform/telemetry/postgres/partitions.ts';
import { QUARTER_MS, type QuarterRange } from './systemTrend.ts';

const DAY_MS = 86_400_000;

/** Quarter hours straight into the roll-up table, every quantity filled, as operation leaves them. */
export async function fillQuarters(db: Db, { meterIds, fromMs, toMs }: QuarterRange): Promise<void> {
  const days = Array.from({ length: Math.ceil((toMs - fromMs) / DAY_MS) + 1 }, (_, day) => fromMs + day * DAY_MS);
  await new Partitions(db, 1).ensure(days);
  const width = raw(String(COLUMNS.length));
  await db.query(sql`
    insert into telemetry_15m (meter_id, at, counts, sums, mins, maxs, lasts)
    select id, at, array_fill(15, array[${width}]), array_fill(load * 15, array[${width}]),
      array_fill(load * 0.8, array[${width}]), array_fill(load * 1.3, array[${width}]), array_fill(load, array[${width}])
    from unnest(${meterIds}::int[]) as id,
      generate_series(${new Date(fromMs)}::timestamptz, ${new Date(toMs - QUARTER_MS)}::timestamptz, '15 minutes') as at,
      lateral (select 1000 + 900 * sin(extract(epoch from at) / 13751 + id)) as loads (load)
    on conflict do nothing`);
  await db.query(raw('vacuum analyze telemetry_15m'));
}
