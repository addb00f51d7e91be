import type { Alarm, AlarmEvent } from '#contract/index.ts';
import type { AlarmRow } from './rowStore.ts';
import type { EventRow } from './store.ts';

export function toAlarm(row: AlarmRow): Alarm {
  const active = row.cleared_at === null;
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    active,
    source: { kind: row.source_kind, id: row.source_id },
    path: row.path,
    raisedAt: row.raised_at.toISOString(),
    lastRaisedAt: row.last_raised_at.toISOString(),
    occurrences: row.occurrences,
    childCount: active ? row.child_count : row.child_peak,
    ...handled(row),
    ...(row.property_id === null ? {} : { propertyId: row.property_id }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.cleared_at === null ? {} : { clearedAt: row.cleared_at.toISOString() }),
    ...(row.cause_id === null ? {} : { causeId: row.cause_id }),
    ...(row.chattering_since === null ? {} : { chatteringSince: row.chattering_since.toISOString() }),
    ...measured(row),
  };
}

/** What people and rules did with it. */
function handled(row: AlarmRow): Partial<Alarm> {
  return {
    ...(row.acknowledged_at === null ? {} : { acknowledgedAt: row.acknowledged_at.toISOString() }),
    ...(row.acknowledged_name === null ? {} : { acknowledgedBy: row.acknowledged_name }),
    ...(row.assigned_name === null
      ? {}
      : { assigned: { name: row.assigned_name, ...(row.assigned_to === null ? {} : { userId: row.assigned_to }) } }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.shelved_until === null || row.shelved_at === null
      ? {}
      : {
          shelf: {
            until: row.shelved_until.toISOString(),
            by: row.shelved_name ?? '',
            at: row.shelved_at.toISOString(),
            ...(row.shelf_note === null ? {} : { reason: row.shelf_note }),
          },
        }),
    ...(row.outage_id === null ? {} : { outageId: row.outage_id }),
    ...(row.suppressed_by === null ? {} : { suppressedBy: row.suppressed_by }),
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at.toISOString() }),
    ...(row.closed_name === null ? {} : { closedBy: row.closed_name }),
  };
}

export function toEvent(row: EventRow): AlarmEvent {
  return {
    id: String(row.id),
    event: row.event,
    at: row.at.toISOString(),
    state: row.state,
    ...(row.done_at === null ? {} : { doneAt: row.done_at.toISOString() }),
    ...(row.user_name === null ? {} : { by: row.user_name }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.until_at === null ? {} : { until: row.until_at.toISOString() }),
    ...(row.assignee_name === null ? {} : { assignee: row.assignee_name }),
    ...measured(row),
  };
}

function measured(row: Pick<EventRow, 'value' | 'limit_value' | 'unit'>) {
  return {
    ...(row.value === null ? {} : { value: row.value }),
    ...(row.limit_value === null ? {} : { limit: row.limit_value }),
    ...(row.unit === null ? {} : { unit: row.unit }),
  };
}
