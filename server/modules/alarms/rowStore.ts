import { raw } from 'sql-template-tag';
import type { AlarmKind, AlarmState, Names } from '#contract/index.ts';
import type { AlarmSource, Suppression } from './types.ts';

/** A row of the table `alarm`. */
export interface AlarmRow {
  readonly id: number;
  readonly property_id: number | null;
  readonly building_id: number | null;
  readonly kind: AlarmKind;
  readonly severity: number;
  readonly state: AlarmState;
  readonly source_kind: AlarmSource['kind'];
  readonly source_id: number;
  readonly gateway_id: number | null;
  readonly line_id: number | null;
  readonly path: Names[];
  readonly label: Names | null;
  readonly raised_at: Date;
  readonly last_raised_at: Date;
  readonly occurrences: number;
  readonly cleared_at: Date | null;
  readonly cause_id: number | null;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_by: number | null;
  readonly acknowledged_name: string | null;
  readonly assigned_to: number | null;
  readonly assigned_name: string | null;
  readonly shelved_at: Date | null;
  readonly shelved_until: Date | null;
  readonly shelved_name: string | null;
  readonly shelf_note: string | null;
  readonly suppressed_by: Suppression | null;
  readonly outage_id: number | null;
  readonly chattering_since: Date | null;
  readonly closed_at: Date | null;
  readonly closed_name: string | null;
  readonly still_holds: boolean;
  readonly note: string | null;
  readonly value: number | null;
  readonly limit_value: number | null;
  readonly unit: string | null;
  readonly child_count: number;
  readonly child_peak: number;
}

export const COLUMNS =
  raw(`id, property_id, building_id, kind, severity, state, source_kind, source_id, gateway_id, line_id,
  path, label, raised_at, last_raised_at, occurrences, cleared_at, cause_id, acknowledged_at, acknowledged_by,
  acknowledged_name, assigned_to, assigned_name, shelved_at, shelved_until, shelved_name, shelf_note, suppressed_by,
  outage_id, chattering_since, closed_at, closed_name, still_holds, note, value, limit_value, unit, child_count,
  child_peak`);

/** Neither closed nor held back by a rule or an outage: what people look after. */
export const IS_CURRENT = raw(`state in ('unacknowledged', 'acknowledged', 'returned', 'shelved')`);
