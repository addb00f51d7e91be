import { createHash } from 'node:crypto';
import { type AlarmOutcome, type AlarmRefusal, DONE_AGE_MS_MAX } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { toAlarm } from './dto.ts';
import { type Doer, lockAlarms, takeTurn } from './lifeStore.ts';
import { insertRequest, type StoredOutcome, selectRequest } from './requestStore.ts';
import type { AlarmRow } from './rowStore.ts';
import { selectAlarmsById } from './store.ts';

/** So much the clock of a phone may differ from ours; an action that it says is to come counts as done now. */
export const CLOCKS_DIFFER_MS = 60_000;

/** What became of one alarm. With `done` the row as it is now. */
export type Done =
  | { readonly outcome: 'done'; readonly row: AlarmRow }
  | { readonly outcome: 'already' }
  | { readonly outcome: 'refused'; readonly why: AlarmRefusal };

export interface ActionRequest {
  readonly ids: readonly number[];
  readonly requestId?: string | undefined;
  readonly doneAt?: string | undefined;
}

export interface ActingDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  /** After commit, for each alarm that changed. */
  readonly changed: (row: AlarmRow) => void;
}

export interface Action<Request extends ActionRequest> {
  /** The verb of the audit row: `alarm.<verb>`. */
  readonly verb: string;
  readonly actor: Actor;
  readonly request: Request;
  /** Does it to one alarm; `at` is the time of arrival. */
  readonly apply: (tx: Tx, row: AlarmRow, doer: Doer, at: Date) => Promise<Done>;
}

/**
 * What a person does to many alarms at once, each with its own outcome; an alarm out of reach is not found. The same
 * request id again gets the outcomes of the first time.
 */
export async function act<Request extends ActionRequest>(
  { db, nowMs, changed }: ActingDeps,
  { verb, actor, request, apply }: Action<Request>,
): Promise<{ items: AlarmOutcome[] }> {
  const scope = actor.scope('alarm.acknowledge');
  const at = new Date(nowMs());
  const doer = { userId: actor.userId, displayName: actor.displayName, doneAt: doneAtOf(request.doneAt, at) };
  const inputHash = createHash('sha256')
    .update(JSON.stringify([verb, { ...request, requestId: undefined }]))
    .digest();
  return db.tx(async (tx) => {
    await takeTurn(tx);
    if (request.requestId !== undefined) {
      const before = await selectRequest(tx, request.requestId);
      if (before !== undefined) {
        const isSame = before.user_id === actor.userId && before.input_hash.equals(inputHash);
        if (!isSame)
          throw new AppError('request.key-reused', 'This request id was used for something else: make another.');
        const rows = await selectAlarmsById(tx, scope, request.ids);
        return { items: withAlarms(before.outcomes, rows) };
      }
    }
    const rows = new Map((await lockAlarms(tx, scope, request.ids)).map((row) => [row.id, row]));
    const outcomes: StoredOutcome[] = [];
    for (const id of new Set(request.ids)) {
      const row = rows.get(id);
      if (row === undefined) {
        outcomes.push({ id, outcome: 'not-found' });
        continue;
      }
      const done = await apply(tx, row, doer, at);
      outcomes.push({ id, outcome: done.outcome, ...(done.outcome === 'refused' ? { why: done.why } : {}) });
      if (done.outcome !== 'done') continue;
      rows.set(id, done.row);
      await auditAction(tx, actor, verb, row, done.row);
      tx.afterCommit(() => changed(done.row));
    }
    if (request.requestId !== undefined) {
      await insertRequest(tx, { id: request.requestId, userId: actor.userId, inputHash, at }, outcomes);
    }
    return { items: withAlarms(outcomes, [...rows.values()]) };
  });
}

async function auditAction(tx: Tx, actor: Actor, verb: string, before: AlarmRow, after: AlarmRow): Promise<void> {
  await audit(tx, {
    actor,
    action: `alarm.${verb}`,
    subjectKind: 'alarm',
    subjectId: after.id,
    ...(after.property_id === null ? {} : { propertyId: after.property_id }),
    before: factsOf(before),
    after: { ...factsOf(after), kind: after.kind },
  });
}

function factsOf(row: AlarmRow) {
  return {
    state: row.state,
    ...(row.assigned_name === null ? {} : { assigned: row.assigned_name }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.shelved_until === null ? {} : { shelvedUntil: row.shelved_until.toISOString() }),
  };
}

function withAlarms(outcomes: readonly StoredOutcome[], rows: readonly AlarmRow[]): AlarmOutcome[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return outcomes.map((outcome) => {
    const row = byId.get(outcome.id);
    return row === undefined ? { ...outcome } : { ...outcome, alarm: toAlarm(row) };
  });
}

/** When the person did it; undefined when that was now. Throws `request.invalid` on what no waiting queue can hold. */
function doneAtOf(doneAt: string | undefined, now: Date): Date | undefined {
  if (doneAt === undefined) return undefined;
  const atMs = Date.parse(doneAt);
  const aheadMs = atMs - now.getTime();
  const wrong = (message: string) =>
    new AppError('request.invalid', 'The time of the action is not possible.', [{ field: 'doneAt', message }]);
  if (!(aheadMs <= CLOCKS_DIFFER_MS)) throw wrong('lies in the future: set the clock of the device');
  if (-aheadMs > DONE_AGE_MS_MAX) throw wrong('is more than 24 hours ago: do it again');
  return aheadMs >= 0 ? undefined : new Date(atMs);
}
