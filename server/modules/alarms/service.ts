import type { Static } from 'typebox';
import type { acknowledgeAlarms } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, cursorId, PAGE_ROWS, type Scope, toPage } from '#server/platform/http/index.ts';
import type { CurrentAlarms } from './current.ts';
import { toAlarm } from './dto.ts';
import { type AlarmFilter, type AlarmRow, acknowledge, lockAlarms, selectAlarms } from './store.ts';

export interface AlarmServiceDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly current: CurrentAlarms;
  /** After commit, for each alarm that changed. */
  readonly changed: (row: AlarmRow) => void;
}

export interface AlarmListQuery extends AlarmFilter {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

type Acknowledged = Static<typeof acknowledgeAlarms.response>;
export type AlarmService = ReturnType<typeof createAlarmService>;

export function createAlarmService({ db, nowMs, current, changed }: AlarmServiceDeps) {
  return {
    async list(scope: Scope, query: AlarmListQuery) {
      const limit = query.limit ?? PAGE_ROWS;
      const rows = await selectAlarms(db, scope, query, cursorId(query.cursor), limit + 1);
      return toPage(rows, limit, (row) => row.id, toAlarm);
    },

    counts: (scope: Scope, propertyId: number | undefined) => current.counts(scope, propertyId),

    /** Each id has its own outcome; an alarm out of reach is not found. The first author stays. */
    acknowledge(actor: Actor, ids: readonly number[], note: string | undefined): Promise<Acknowledged> {
      const scope = actor.scope('alarm.acknowledge');
      return db.tx(async (tx) => {
        const found = new Map((await lockAlarms(tx, scope, ids)).map((row) => [row.id, row]));
        const rows = await acknowledge(tx, [...found.keys()], actor, note, new Date(nowMs()));
        for (const row of rows) {
          await audit(tx, {
            actor,
            action: 'alarm.acknowledge',
            subjectKind: 'alarm',
            subjectId: row.id,
            ...(row.property_id === null ? {} : { propertyId: row.property_id }),
            before: { acknowledged: false },
            after: { acknowledged: true, kind: row.kind, ...(note === undefined ? {} : { note }) },
          });
          tx.afterCommit(() => changed(row));
        }
        const acknowledged = new Map(rows.map((row) => [row.id, row]));
        return { items: [...new Set(ids)].map((id) => outcomeOf(id, acknowledged.get(id), found.get(id))) };
      });
    },
  };
}

function outcomeOf(
  id: number,
  acknowledged: AlarmRow | undefined,
  before: AlarmRow | undefined,
): Acknowledged['items'][number] {
  if (acknowledged !== undefined) return { id, outcome: 'acknowledged', alarm: toAlarm(acknowledged) };
  if (before !== undefined) return { id, outcome: 'already', alarm: toAlarm(before) };
  return { id, outcome: 'not-found' };
}
