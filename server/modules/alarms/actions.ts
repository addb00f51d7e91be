import {
  ALARM_KINDS,
  type AlarmKind,
  type acknowledgeAlarms,
  type assignAlarms,
  type BodyOf,
  type clearAlarms,
  type noteAlarms,
  SHELF_MS_MAX,
  type shelveAlarms,
  type unshelveAlarms,
} from '#contract/index.ts';
import { type LifeEvent, stepLife } from '#domain/alarmLife.ts';
import { holdersOf } from '#server/modules/access/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';
import { type ActingDeps, type Action, type ActionRequest, act, CLOCKS_DIFFER_MS, type Done } from './acting.ts';
import { inState } from './life.ts';
import { type Doer, insertEvent, type NewEvent, saveAlarm } from './lifeStore.ts';
import type { AlarmRow } from './rowStore.ts';

const ALREADY: Done = { outcome: 'already' };

/** What people do to alarms. */
export function createAlarmActions(deps: ActingDeps) {
  const run = <Request extends ActionRequest>(
    verb: string,
    actor: Actor,
    request: Request,
    apply: Action<Request>['apply'],
  ) => act(deps, { verb, actor, request, apply });

  return {
    /** The first author stays. */
    acknowledge: (actor: Actor, request: BodyOf<typeof acknowledgeAlarms>) =>
      run('acknowledge', actor, request, (tx, row, doer, at) => {
        const note = request.note === '' ? undefined : request.note;
        const author = {
          acknowledged_at: at,
          acknowledged_by: doer.userId,
          acknowledged_name: doer.displayName,
          ...(note === undefined ? {} : { note }),
        };
        return step(tx, row, 'acknowledge', author, { event: 'acknowledged', at, doer, note });
      }),

    note: (actor: Actor, request: BodyOf<typeof noteAlarms>) =>
      run('note', actor, request, async (tx, row, doer, at) => {
        const noted = await saveAlarm(tx, { ...row, note: request.note });
        await insertEvent(tx, noted, { event: 'noted', at, doer, note: request.note });
        return { outcome: 'done', row: noted };
      }),

    /** A shelf that is there gets the new end. */
    shelve: (actor: Actor, request: BodyOf<typeof shelveAlarms>) =>
      run('shelve', actor, request, async (tx, row, doer, at): Promise<Done> => {
        const until = new Date(request.until);
        const lastsMs = until.getTime() - at.getTime();
        if (!(lastsMs > 0)) return { outcome: 'refused', why: 'shelf-over' };
        if (lastsMs > (SHELF_MS_MAX[row.severity] ?? 0)) return { outcome: 'refused', why: 'shelf-too-long' };
        const shelf = {
          shelved_at: at,
          shelved_until: until,
          shelved_name: doer.displayName,
          shelf_note: request.note ?? null,
        };
        return step(tx, row, 'shelve', shelf, { event: 'shelved', at, doer, until, note: request.note });
      }),

    unshelve: (actor: Actor, request: BodyOf<typeof unshelveAlarms>) =>
      run('unshelve', actor, request, (tx, row, doer, at) => {
        const isTold = row.cleared_at === null && row.chattering_since === null;
        const announce = isTold ? { announce: 'raised' as const } : {};
        return step(tx, row, 'unshelve', {}, { event: 'unshelved', at, doer, note: request.note, ...announce });
      }),

    assign: (actor: Actor, request: BodyOf<typeof assignAlarms>) =>
      run('assign', actor, request, async (tx, row, doer, at): Promise<Done> => {
        if (row.state === 'closed') return { outcome: 'refused', why: 'closed' };
        if (row.assigned_to === request.userId) return ALREADY;
        const assignee = await assigneeOf(tx, row, request.userId);
        if (assignee === 'has-no-right') return { outcome: 'refused', why: 'assignee-has-no-right' };
        const assigned = await saveAlarm(tx, {
          ...row,
          assigned_to: assignee?.userId ?? null,
          assigned_name: assignee?.name ?? null,
        });
        await insertEvent(tx, assigned, { event: 'assigned', at, doer, assignee, note: request.note });
        return { outcome: 'done', row: assigned };
      }),

    /** Closes it: its condition is gone, or it is of a kind that is reset by hand. */
    clear: (actor: Actor, request: BodyOf<typeof clearAlarms>) =>
      run('clear', actor, request, (tx, row, doer, at) => {
        const byHand = row.cleared_at === null && isResetByHand(row.kind);
        const change = {
          ...(byHand ? { cleared_at: at, still_holds: true } : {}),
          ...(request.note === undefined ? {} : { note: request.note }),
        };
        return step(tx, row, byHand ? 'reset' : 'close', change, { event: 'closed', at, doer, note: request.note });
      }),
  };
}

export type AlarmActions = ReturnType<typeof createAlarmActions>;

/** One step in the life of an alarm, by a person. What came again after the person acted is not what the person meant. */
async function step(
  tx: Tx,
  row: AlarmRow,
  what: LifeEvent,
  change: Partial<AlarmRow>,
  event: NewEvent & { readonly doer: Doer },
): Promise<Done> {
  const result = stepLife(row.state, what, row.cleared_at === null);
  if (result.result === 'already') return ALREADY;
  if (result.result === 'refused') return { outcome: 'refused', why: result.why };
  if (cameAgain(row, event.doer.doneAt)) return { outcome: 'refused', why: 'raised-again' };
  const next = await saveAlarm(tx, { ...inState(row, result.state, event.at, event.doer), ...change });
  await insertEvent(tx, next, event);
  return { outcome: 'done', row: next };
}

/** Did it come again after the person acted, which the person could not see? Clocks of phones may differ a little. */
function cameAgain(row: AlarmRow, doneAt: Date | undefined): boolean {
  if (doneAt === undefined || row.occurrences === 1) return false;
  return doneAt.getTime() < row.last_raised_at.getTime() - CLOCKS_DIFFER_MS;
}

function isResetByHand(kind: AlarmKind): boolean {
  return 'reset' in ALARM_KINDS[kind];
}

async function assigneeOf(tx: Tx, row: AlarmRow, userId: number | null) {
  if (userId === null) return undefined;
  const place = { propertyId: row.property_id ?? undefined, buildingId: row.building_id ?? undefined };
  const holders = await holdersOf(tx, 'alarm.acknowledge', place);
  return holders.find((holder) => holder.userId === userId) ?? 'has-no-right';
}
