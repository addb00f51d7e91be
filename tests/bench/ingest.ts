import sql, { join, raw } from 'sql-template-tag';
import type { App } from '#server/app.ts';
import { COLUMNS, columnValue } from '#server/platform/telemetry/columns.ts';
import type { TelemetryPoint } from '#server/platform/telemetry/index.ts';
import type { Bench } from './support/bench.ts';
import { ingestRun, ownName, type RawWrite } from './support/ingestRun.ts';

/** Rows in one statement, as many as the adapter writes. */
const BATCH_ROWS = 2_000;

export const bench: Bench = {
  name: 'ingest',
  what: 'decoded reading → latest, registers, telemetry, state, alarms, four screens, all stored in Postgres; limit: the same telemetry rows by bare batch inserts',
  unit: 'readings/s',
  aim: { of: 'ratio', least: 0.5 },
  run: (say) => ingestRun({}, bareInserts, say),
};

/** The leanest statement: arrays into a table of the same columns and keys, without conflicts, roll-ups, transactions. */
async function bareInserts({ db }: App): Promise<RawWrite> {
  const table = raw(ownName());
  const names = raw(COLUMNS.map(({ name }) => name).join(', '));
  await db.query(sql`create table ${table} (like telemetry_raw including indexes)`);
  const insert = (points: readonly TelemetryPoint[]) =>
    db.query(sql`
    insert into ${table} (meter_id, at, ${names})
    select * from unnest(${points.map(({ meterId }) => meterId)}::int[],
      ${points.map(({ atMs }) => new Date(atMs))}::timestamptz[],
      ${join(COLUMNS.map(({ quantity }) => sql`${points.map((point) => columnValue(point, quantity))}::double precision[]`))})`);
  return async (points) => {
    await db.query(sql`truncate ${table}`);
    for (let first = 0; first < points.length; first += BATCH_ROWS)
      await insert(points.slice(first, first + BATCH_ROWS));
  };
}
