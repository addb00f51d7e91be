import sql, { raw } from 'sql-template-tag';
import type { PurseCapabilities } from '#drivers/core/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

const COLUMNS = raw('model_id, firmware, simulated, capabilities, note, found_at, found_name');

export interface CapabilityRow {
  readonly model_id: string;
  readonly firmware: string;
  readonly simulated: boolean;
  readonly capabilities: PurseCapabilities;
  readonly note: string | null;
  readonly found_at: Date;
  readonly found_name: string;
}

export function selectCapabilities(db: Queryable): Promise<CapabilityRow[]> {
  return db.query<CapabilityRow>(sql`select ${COLUMNS} from meter_capability order by model_id, firmware, simulated`);
}

export interface NewCapability {
  readonly modelId: string;
  readonly firmware: string;
  readonly simulated: boolean;
  readonly capabilities: PurseCapabilities;
  readonly note: string | undefined;
  readonly at: Date;
  readonly by: number;
  readonly name: string;
}

/** What was found last counts; what was found before stands in the audit log. */
export async function putCapabilityRow(tx: Tx, found: NewCapability): Promise<CapabilityRow[]> {
  return tx.query<CapabilityRow>(sql`
    insert into meter_capability (model_id, firmware, simulated, capabilities, note, found_at, found_by, found_name)
    values (${found.modelId}, ${found.firmware}, ${found.simulated}, ${JSON.stringify(found.capabilities)}::jsonb,
      ${found.note ?? null}, ${found.at}, ${found.by}, ${found.name})
    on conflict (model_id, firmware, simulated) do update set capabilities = excluded.capabilities,
      note = excluded.note, found_at = excluded.found_at, found_by = excluded.found_by, found_name = excluded.found_name
    returning ${COLUMNS}`);
}
