import { stepLife } from '#domain/alarmLife.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { happen, inState, letGo } from './life.ts';
import {
  countRaised,
  forgetStillHolds,
  insertAlarm,
  insertEvent,
  lockChildren,
  lockOpen,
  lockUnclosed,
  moveChildren,
  saveAlarm,
  selectCause,
  wasRaised,
} from './lifeStore.ts';
import type { AlarmRow } from './rowStore.ts';
import type { AlarmSource, AlarmTransition, SourcePlace } from './types.ts';

export interface TransitionContext {
  /** How often in how many ms is chattering, in a property. */
  readonly chatterOf: (propertyId: number | undefined) => { readonly times: number; readonly windowMs: number };
  /** The outage that covers a source, if one does. */
  readonly outageOf: (source: AlarmSource, place: SourcePlace) => number | undefined;
}

type Of<Action extends AlarmTransition['action']> = Extract<AlarmTransition, { action: Action }>;

/** Stores one decision of the tracker; returns the alarms that it changed. A decision that was stored before does nothing. */
export function storeTransition(
  tx: Tx,
  context: TransitionContext,
  transition: AlarmTransition,
): Promise<readonly AlarmRow[]> {
  switch (transition.action) {
    case 'raise':
      return raise(tx, context, transition);
    case 'clear':
      return clear(tx, transition);
    case 'suppress':
    case 'unsuppress':
      return suppress(tx, transition);
    case 'children':
      return countChildren(tx, transition);
  }
}

async function raise(tx: Tx, context: TransitionContext, transition: Of<'raise'>): Promise<readonly AlarmRow[]> {
  const { kind, source, place, measured, suppressed, childCount } = transition;
  const at = new Date(transition.atMs);
  if (await wasRaised(tx, kind, source, at)) return [];
  const before = await lockUnclosed(tx, kind, source);
  if (before !== undefined && before.cleared_at === null) return [];
  const outageId = context.outageOf(source, place);
  const held = outageId !== undefined ? 'outOfService' : suppressed !== undefined ? 'suppressed' : undefined;
  if (before === undefined) {
    const row = await insertAlarm(tx, transition, {
      state: held ?? 'unacknowledged',
      suppressedBy: held === 'suppressed' ? (suppressed ?? null) : null,
      outageId: outageId ?? null,
    });
    return [await tellRaise(tx, context, row, transition)];
  }
  // Held back already (by a shelf above all): it is counted and stays so. Else it is as new, unless something holds it now.
  const step = stepLife(before.state, 'raise', true);
  if (step.result === 'refused' || step.result === 'already') return [];
  const state = step.state === 'unacknowledged' ? (held ?? step.state) : step.state;
  const row = {
    ...inState(before, state, at),
    last_raised_at: at,
    occurrences: before.occurrences + 1,
    cleared_at: null,
    cause_id: state === 'suppressed' ? before.cause_id : null,
    ...(state === 'unacknowledged'
      ? { acknowledged_at: null, acknowledged_by: null, acknowledged_name: null, value: null }
      : {}),
    ...(state === 'suppressed' ? { suppressed_by: before.suppressed_by ?? suppressed ?? null } : {}),
    ...(state === 'outOfService' ? { outage_id: before.outage_id ?? outageId ?? null } : {}),
    ...(measured === undefined
      ? {}
      : { value: measured.value, limit_value: measured.limit ?? null, unit: measured.unit }),
    child_count: childCount,
    child_peak: childCount,
  };
  return [await tellRaise(tx, context, await saveAlarm(tx, row), transition)];
}

/** Writes that it was raised, marks it when that is chatter, and has it announced when nothing holds it back. */
async function tellRaise(
  tx: Tx,
  { chatterOf }: TransitionContext,
  row: AlarmRow,
  { measured, atMs }: Of<'raise'>,
): Promise<AlarmRow> {
  const at = new Date(atMs);
  const { times, windowMs } = chatterOf(row.property_id ?? undefined);
  const chatters = 1 + (await countRaised(tx, row, new Date(atMs - windowMs))) >= times;
  const begins = chatters && row.chattering_since === null;
  const isTold = row.state === 'unacknowledged' && !chatters && row.chattering_since === null;
  await insertEvent(tx, row, { event: 'raised', at, measured, ...(isTold ? { announce: 'raised' } : {}) });
  if (!begins) return row;
  const marked = await saveAlarm(tx, { ...row, chattering_since: at });
  await insertEvent(tx, marked, { event: 'chattering', at });
  return marked;
}

async function clear(tx: Tx, transition: Of<'clear'>): Promise<readonly AlarmRow[]> {
  const { kind, source, cause } = transition;
  const at = new Date(transition.atMs);
  const open = await lockOpen(tx, kind, source, new Date(transition.raisedAtMs));
  if (open === undefined) return forgetStillHolds(tx, kind, source);
  const gone = { ...open, cleared_at: at };
  const causeId = cause === undefined ? undefined : await selectCause(tx, cause);
  if (causeId !== undefined) return [await fold(tx, gone, causeId, at)];
  const isTold = (open.state === 'unacknowledged' || open.state === 'acknowledged') && open.chattering_since === null;
  const moved = await happen(tx, gone, 'clear', { event: 'cleared', at, ...(isTold ? { announce: 'returned' } : {}) });
  const row = moved?.row ?? (await saveAlarm(tx, gone));
  // What it explained is over with it; whatever still fails is raised as an alarm of its own.
  const children = await letGo(tx, await lockChildren(tx, row.id), 'unsuppress', { event: 'unsuppressed', at });
  return [row, ...children];
}

/** A greater loss explains it: held back with that one's alarm as its cause, unless something else holds it back already. */
async function fold(tx: Tx, gone: AlarmRow, causeId: number, at: Date): Promise<AlarmRow> {
  await moveChildren(tx, gone.id, causeId);
  const folded = { ...gone, cause_id: causeId, suppressed_by: 'cause' as const };
  const moved = await happen(tx, folded, 'suppress', { event: 'suppressed', at });
  if (moved !== undefined) return moved.row;
  const cleared = await happen(tx, { ...gone, cause_id: causeId }, 'clear', { event: 'cleared', at });
  return cleared?.row ?? (await saveAlarm(tx, gone));
}

async function suppress(tx: Tx, transition: Of<'suppress' | 'unsuppress'>): Promise<readonly AlarmRow[]> {
  const { kind, source, action } = transition;
  const at = new Date(transition.atMs);
  const open = await lockOpen(tx, kind, source, new Date(transition.raisedAtMs));
  if (open === undefined) return [];
  if (action === 'unsuppress') {
    return open.suppressed_by === 'notOpened' ? letGo(tx, [open], action, { event: 'unsuppressed', at }) : [];
  }
  const moved = await happen(tx, { ...open, suppressed_by: 'notOpened' }, action, { event: 'suppressed', at });
  return moved === undefined ? [] : [moved.row];
}

async function countChildren(tx: Tx, transition: Of<'children'>): Promise<readonly AlarmRow[]> {
  const { kind, source, childCount } = transition;
  const open = await lockOpen(tx, kind, source, new Date(transition.raisedAtMs));
  if (open === undefined || open.child_count === childCount) return [];
  const child_peak = Math.max(open.child_peak, childCount);
  return [await saveAlarm(tx, { ...open, child_count: childCount, child_peak })];
}
