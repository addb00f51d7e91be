import type { LedgerProof, LedgerTxn } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
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
import { type PeriodOf, type StoredTxn, selectClosedPeriods, selectTotals, selectTxns } from './store.ts';
import { ACCOUNT_KINDS, type AccountKind, type ClosedPeriod, type EntryFilter, type Ledger } from './types.ts';

export interface LedgerServiceDeps {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly periodOf: PeriodOf;
  readonly nowMs: () => number;
}

type TxnQuery = Omit<EntryFilter, 'kind'> & {
  readonly kind?: string;
  readonly cursor?: string;
  readonly limit?: number;
};

export type LedgerService = ReturnType<typeof createLedgerService>;

/** What people read of the book. Parts of a property do not have books of their own: a right on a building shows none. */
export function createLedgerService({ db, ledger, periodOf, nowMs }: LedgerServiceDeps) {
  return {
    async prove(scope: Scope): Promise<LedgerProof> {
      const { txns, entries, sumMinor, faults } = await db.tx((tx) =>
        ledger.prove(tx, scope.all ? undefined : scope.propertyIds),
      );
      return { txns: String(txns), entries: String(entries), sumMinor: String(sumMinor), faults: [...faults] };
    },
    async transactions(scope: Scope, { cursor, limit = PAGE_ROWS, kind, ...filter }: TxnQuery) {
      demand(scope, filter.propertyId);
      const rows = await selectTxns(db, { ...filter, ...kindOf(kind) }, cursorId(cursor), limit + 1);
      return toPage(rows, limit, ({ id }) => id, toTxn);
    },
    async totals(scope: Scope, propertyId: number) {
      demand(scope, propertyId);
      const rows = await selectTotals(db, propertyId);
      return {
        items: rows.map(({ kind, accounts, debit, credit }) => ({
          ...{ kind, accounts },
          debitMinor: String(debit),
          creditMinor: String(credit),
        })),
      };
    },
    async periods(scope: Scope, propertyId: number) {
      demand(scope, propertyId);
      const rows = await selectClosedPeriods(db, propertyId);
      return {
        items: rows.map((row) =>
          toClosed({
            month: row.month,
            closedAtMs: row.closed_at.getTime(),
            actorName: row.actor_name,
            txns: row.txns,
          }),
        ),
      };
    },
    async close(actor: Actor, { propertyId, month }: { readonly propertyId: number; readonly month: string }) {
      demand(actor.scope('money.settings'), propertyId);
      if (`${month}-01` >= periodOf(propertyId, nowMs())) {
        throw new AppError('request.invalid', 'A month can be closed when it is over: choose an earlier one.', [
          { field: 'month', message: 'must be over' },
        ]);
      }
      return db.tx(async (tx) => {
        const person = { userId: actor.userId, name: actor.displayName };
        const closed = toClosed(await ledger.closePeriod(tx, { propertyId, month, actor: person }));
        await audit(tx, {
          ...{ actor, action: 'ledger.close', subjectKind: 'ledger', subjectId: month, propertyId },
          after: closed,
        });
        return closed;
      });
    },
  };
}

function demand(scope: Scope, propertyId: number): void {
  if (!scopeCovers(scope, propertyId)) throw new AppError('not-found', 'There is no such property.');
}

function kindOf(text: string | undefined): { kind?: AccountKind } {
  if (text === undefined) return {};
  const kind = ACCOUNT_KINDS.find((known) => known === text);
  if (kind !== undefined) return { kind };
  throw new AppError('request.invalid', `There is no account of the kind ${text}: ${ACCOUNT_KINDS.join(', ')}.`, [
    { field: 'kind', message: 'must be a kind of account' },
  ]);
}

function toClosed({ month, closedAtMs, actorName, txns }: ClosedPeriod) {
  return { month, closedAt: new Date(closedAtMs).toISOString(), closedBy: actorName, txns: String(txns) };
}

function toTxn(row: StoredTxn): LedgerTxn {
  return {
    id: String(row.id),
    kind: row.kind,
    key: row.key,
    refKind: row.ref_kind,
    refId: row.ref_id,
    eventAt: row.event_at.toISOString(),
    postedAt: row.posted_at.toISOString(),
    month: row.month,
    actor: row.actor_name,
    entries: row.entries.map(({ kind, subject, amount, after }) => ({
      ...{ kind, subject, amountMinor: amount },
      ...(after === null ? {} : { balanceAfterMinor: after }),
    })),
    ...(row.reverses_id === null ? {} : { reverses: String(row.reverses_id) }),
    ...(row.reversed_by === null ? {} : { reversedBy: String(row.reversed_by) }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  };
}
