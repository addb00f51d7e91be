import type { Clock } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { Estate } from '#server/modules/estate/index.ts';
import type { Ledger, PostingActor } from '#server/modules/ledger/index.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Tariffs } from '#server/modules/tariffs/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { AccountBook } from './book.ts';
import type { AccountEvent, AccountView, ChargingSource, Neighbours } from './types.ts';
import type { Wallets } from './wallets.ts';

/** What every use case of accounts works with. */
export interface AccountsContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: Estate;
  readonly metering: Pick<Metering, 'meter' | 'judgeAnew' | 'lastPair'>;
  readonly tariffs: Tariffs;
  readonly ledger: Ledger;
  readonly lines: LineDesk;
  readonly book: AccountBook;
  readonly wallets: Wallets;
  readonly neighbours: () => Neighbours;
  readonly charging: () => ChargingSource;
  readonly emit: (event: AccountEvent) => void;
  /** Stands before and after everything that is stored of a long use case; tests stop the program there. */
  readonly probe: (point: string, caseId: string) => void;
  /** A case has steps to do. */
  readonly wake: (caseId: string) => void;
}

export const nowOf = ({ clock }: AccountsContext): Date => new Date(clock.nowMs());

export const payerOf = (actor: Actor): PostingActor => ({ userId: actor.userId, name: actor.displayName });

/** The account as this transaction leaves it. The memory and whoever listens follow when it commits. */
export function noteAccount(
  { book, estate, metering, emit }: AccountsContext,
  tx: Tx,
  accountId: number,
  kind: AccountEvent['kind'],
): Promise<AccountView> {
  return book.noteAccount(tx, accountId, (view, before, firstOfProperty) => {
    const meterIds = new Set([...view.meters, ...(before?.meters ?? [])].map(({ meterId }) => meterId));
    // With the first account of a property all its other meters become ones that nobody pays for.
    const all = firstOfProperty ? estate.metersOfProperty(view.propertyId).map(({ meter }) => meter.id) : meterIds;
    metering.judgeAnew(all);
    emit({ kind, accountId, propertyId: view.propertyId, meterIds: [...meterIds] });
  });
}
