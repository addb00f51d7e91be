import type { AlarmState } from '#contract/index.ts';
import { type LifeEvent, stepLife } from '#domain/alarmLife.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Doer, insertEvent, type NewEvent, saveAlarm } from './lifeStore.ts';
import type { AlarmRow } from './rowStore.ts';

/** The row in another state: what belongs to the state it leaves goes with it. */
export function inState(row: AlarmRow, state: AlarmState, at: Date, doer?: Doer): AlarmRow {
  return {
    ...row,
    state,
    ...(state === 'shelved' ? {} : { shelved_at: null, shelved_until: null, shelved_name: null, shelf_note: null }),
    ...(state === 'suppressed' ? {} : { suppressed_by: null }),
    ...(state === 'outOfService' ? {} : { outage_id: null }),
    ...(state === 'closed'
      ? { closed_at: at, closed_name: doer?.displayName ?? null, chattering_since: null }
      : { closed_at: null, closed_name: null }),
  };
}

/** Something happened to a row, which is as it is then but for its state. Undefined when that changes nothing. */
export async function happen(
  tx: Tx,
  row: AlarmRow,
  what: LifeEvent,
  event: NewEvent,
): Promise<{ readonly row: AlarmRow; readonly before: AlarmState } | undefined> {
  const step = stepLife(row.state, what, row.cleared_at === null);
  if (step.result === 'refused' || step.result === 'already') return undefined;
  const next = inState(row, step.state, event.at, event.doer);
  await saveAlarm(tx, next);
  await insertEvent(tx, next, event);
  return { row: next, before: row.state };
}

/** Something that holds alarms back lets go: those whose condition holds are told now, the others are over. */
export async function letGo(
  tx: Tx,
  rows: readonly AlarmRow[],
  what: 'unshelve' | 'unsuppress' | 'putBack',
  event: NewEvent,
): Promise<readonly AlarmRow[]> {
  const changed: AlarmRow[] = [];
  for (const row of rows) {
    const tells = row.cleared_at === null && row.chattering_since === null;
    const moved = await happen(tx, row, what, { ...event, ...(tells ? { announce: 'raised' } : {}) });
    if (moved === undefined) continue;
    if (moved.row.state === 'closed') await insertEvent(tx, moved.row, { event: 'closed', at: event.at });
    changed.push(moved.row);
  }
  return changed;
}
