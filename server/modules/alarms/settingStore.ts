import sql from 'sql-template-tag';
import type { AlarmPolicy } from '#domain/alarmRules.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

/** What a property set. Version 0: nothing was ever set. */
export interface StoredPolicy {
  readonly propertyId: number;
  readonly version: number;
  readonly policy: AlarmPolicy;
}

interface Row {
  readonly property_id: number;
  readonly version: number;
  readonly delays: AlarmPolicy['delays'];
  readonly chatter_times: number;
  readonly chatter_window_minutes: number;
  readonly suppress_not_opened: boolean;
  readonly shift_starts: string[];
  readonly operators: number;
}

export async function selectPolicies(db: Queryable): Promise<readonly StoredPolicy[]> {
  const rows = await db.query<Row>(sql`
    select property_id, version, delays, chatter_times, chatter_window_minutes, suppress_not_opened, shift_starts, operators
    from alarm_setting`);
  return rows.map((row) => ({
    propertyId: row.property_id,
    version: row.version,
    policy: {
      delays: row.delays,
      chatter: { times: row.chatter_times, windowMs: row.chatter_window_minutes * 60_000 },
      suppressNotOpened: row.suppress_not_opened,
      shiftStarts: row.shift_starts,
      operators: row.operators,
    },
  }));
}

/** False when another version is there. */
export async function storePolicy(tx: Tx, { propertyId, version, policy }: StoredPolicy): Promise<boolean> {
  const rows = await tx.query<object>(sql`
    insert into alarm_setting (property_id, version, delays, chatter_times, chatter_window_minutes, suppress_not_opened,
      shift_starts, operators)
    values (${propertyId}, ${version}, ${JSON.stringify(policy.delays)}::jsonb, ${policy.chatter.times},
      ${policy.chatter.windowMs / 60_000}, ${policy.suppressNotOpened}, ${policy.shiftStarts}::text[], ${policy.operators})
    on conflict (property_id) do update set version = excluded.version, delays = excluded.delays,
      chatter_times = excluded.chatter_times, chatter_window_minutes = excluded.chatter_window_minutes,
      suppress_not_opened = excluded.suppress_not_opened, shift_starts = excluded.shift_starts,
      operators = excluded.operators
    where alarm_setting.version = excluded.version - 1
    returning property_id`);
  return rows.length > 0;
}
