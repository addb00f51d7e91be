import type { ReconciliationCause, ReconciliationRow, ReconciliationRun } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Ledger } from '#server/modules/ledger/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import {
  type Actor,
  AppError,
  cursorId,
  PAGE_ROWS,
  type Scope,
  scopeCovers,
  toPage,
} from '#server/platform/http/index.ts';
import { ASKED_READS_MS_MAX } from './comparisonReads.ts';
import { insertDrift, type StoredRow, selectRow, selectRows, selectRun, selectRuns } from './comparisonStore.ts';
import { type ReconciliationDeps, reconcile } from './reconciliation.ts';
import type { StoredRun } from './reconciliationStore.ts';
import { demandProperty } from './service.ts';

export interface ReconciliationServiceDeps extends ReconciliationDeps {
  readonly estate: EstateReader;
  readonly ledger: Pick<Ledger, 'prove' | 'post'>;
}

interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

interface RowQuery extends PageQuery {
  readonly cause?: ReconciliationCause;
  readonly open?: boolean;
}

export type ReconciliationService = ReturnType<typeof createReconciliationService>;

export function createReconciliationService(deps: ReconciliationServiceDeps) {
  const { db, estate, ledger, nowMs } = deps;
  return {
    async run(actor: Actor, propertyId: number): Promise<ReconciliationRun> {
      demandProperty(estate, actor.scope('ledger.view'), propertyId);
      await deps.readPurses(propertyId, ASKED_READS_MS_MAX);
      return db.tx(async (tx) => {
        const run = await reconcile(tx, propertyId, { userId: actor.userId, name: actor.displayName }, deps);
        if (run === undefined) throw new Error('a comparison that a person asked for was not made');
        const after = { meters: run.meters, differing: run.differing };
        const subject = { subjectKind: 'reconciliationRun', subjectId: String(run.id) };
        await audit(tx, { actor, action: 'reconciliation.run', ...subject, propertyId, after });
        return toRun(run);
      });
    },
    async runs(scope: Scope, { propertyId, cursor, limit = PAGE_ROWS }: PageQuery & { readonly propertyId?: number }) {
      if (propertyId !== undefined) demandProperty(estate, scope, propertyId);
      const rows = await selectRuns(db, { scope, propertyId, beforeId: cursorId(cursor), limit: limit + 1 });
      return toPage(rows, limit, ({ id }) => id, toRun);
    },
    /** Throws `not-found`. */
    one: async (scope: Scope, runId: string) => toRun(await runWithin(db, scope, runId)),
    async rows(scope: Scope, runId: string, { cursor, limit = PAGE_ROWS, cause, open }: RowQuery) {
      await runWithin(db, scope, runId);
      const rows = await selectRows(db, { runId, afterId: cursorId(cursor), limit: limit + 1, cause, open });
      return toPage(rows, limit, ({ id }) => id, toRow);
    },

    /** What the meter holds is the truth of its balance: the book follows it, against the drift of this meter. */
    async postDrift(actor: Actor, rowId: string, reason: string): Promise<ReconciliationRow> {
      return db.tx(async (tx) => {
        const row = await selectRow(tx, rowId);
        if (row === undefined || !scopeCovers(actor.scope('vend.decide'), row.property_id))
          throw new AppError('not-found', 'There is no such row.');
        const { meter_id: meterId, difference_minor: amountMinor, property_id: propertyId } = row;
        if (
          (row.cause !== 'balanceDiffers' && row.cause !== 'drift') ||
          meterId === null ||
          amountMinor === null ||
          amountMinor === 0n
        )
          throw new AppError('request.invalid', 'Only a difference of a meter’s balance can be taken into the books.');
        const subject = `meter:${meterId}`;
        const { txnId } = await ledger.post(tx, {
          ...{ propertyId, kind: 'meterDrift', key: `drift:${rowId}`, refKind: 'reconciliationRow', refId: rowId },
          ...{ eventAtMs: nowMs(), actor: { userId: actor.userId, name: actor.displayName }, reason },
          entries: [
            { account: { kind: 'meterDrift', subject }, amountMinor },
            { account: { kind: 'prepaidInMeter', subject }, amountMinor: -amountMinor },
          ],
        });
        const decision = { rowId: row.id, propertyId, meterId, amountMinor, txnId, atMs: nowMs(), reason };
        const first = await insertDrift(tx, { ...decision, userId: actor.userId, actorName: actor.displayName });
        if (!first) throw new AppError('conflict.changed-meanwhile', 'This difference is in the books already.');
        await audit(tx, {
          ...{ actor, action: 'reconciliation.drift', subjectKind: 'reconciliationRow', subjectId: rowId, propertyId },
          after: { meterId, amountMinor: String(amountMinor), reason },
        });
        const after = await selectRow(tx, rowId);
        if (after === undefined) throw new Error('a row of a comparison is gone');
        return toRow(after);
      });
    },
  };
}

async function runWithin(db: Db, scope: Scope, runId: string): Promise<StoredRun> {
  const run = await selectRun(db, runId);
  if (run !== undefined && scopeCovers(scope, run.property_id)) return run;
  throw new AppError('not-found', 'There is no such comparison.');
}

function toRun(run: StoredRun): ReconciliationRun {
  return {
    ...{ id: String(run.id), propertyId: run.property_id, day: run.day, by: run.actor_name },
    startedAt: run.started_at.toISOString(),
    ...(run.finished_at === null ? {} : { finishedAt: run.finished_at.toISOString() }),
    ...{
      meters: run.meters,
      matched: run.matched,
      differing: run.differing,
      explained: run.explained,
      payments: run.payments,
    },
  };
}

function toRow(row: StoredRow): ReconciliationRow {
  const { drift_minor, drift_txn, drift_at, drift_by, drift_reason } = row;
  const isPosted = drift_minor !== null && drift_txn !== null && drift_at !== null;
  return {
    ...{ id: String(row.id), side: row.side, cause: row.cause, expected: row.expected, found: row.found },
    detail: row.detail,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.customer_name === null ? {} : { customerName: row.customer_name }),
    ...(row.meter_id === null ? {} : { meterId: row.meter_id }),
    ...(row.meter_number === null ? {} : { meterNumber: row.meter_number }),
    ...(row.difference_minor === null ? {} : { differenceMinor: String(row.difference_minor) }),
    ...(isPosted
      ? {
          drift: {
            ...{ amountMinor: String(drift_minor), ledgerTxnId: String(drift_txn), at: drift_at.toISOString() },
            ...{ by: drift_by ?? '', reason: drift_reason ?? '' },
          },
        }
      : {}),
  };
}
