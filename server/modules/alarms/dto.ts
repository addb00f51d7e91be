import type { Alarm } from '#contract/index.ts';
import type { AlarmRow } from './store.ts';

export function toAlarm(row: AlarmRow): Alarm {
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity,
    state: row.cleared_at === null ? 'open' : row.acknowledged_at === null ? 'returned' : 'closed',
    source: { kind: row.source_kind, id: row.source_id },
    path: row.path,
    raisedAt: row.raised_at.toISOString(),
    childCount: row.child_count,
    ...(row.property_id === null ? {} : { propertyId: row.property_id }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.cleared_at === null ? {} : { clearedAt: row.cleared_at.toISOString() }),
    ...(row.acknowledged_at === null ? {} : { acknowledgedAt: row.acknowledged_at.toISOString() }),
    ...(row.acknowledged_name === null ? {} : { acknowledgedBy: row.acknowledged_name }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.value === null ? {} : { value: row.value }),
    ...(row.limit_value === null ? {} : { limit: row.limit_value }),
    ...(row.unit === null ? {} : { unit: row.unit }),
  };
}
