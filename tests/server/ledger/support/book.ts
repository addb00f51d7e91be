import { systemClock } from '#drivers/core/index.ts';
import { createLedger, type LedgerModule, type Posting } from '#server/modules/ledger/index.ts';
import type { AccountKind, PostingEntry } from '#server/modules/ledger/types.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';

export const PROPERTY = 1;
export const CASHIER = { userId: 7, name: 'Cashier' };
/** Noon of 2026-11-22 in Shanghai. */
export const NOON_MS = Date.UTC(2026, 10, 22, 4);

export interface TestBook extends TestDatabase {
  readonly ledger: LedgerModule;
}

/** A ledger on a database of its own, working as the server's role. */
export async function openBook(): Promise<TestBook> {
  const database = await createTestDatabase();
  const ledger = createLedger({ db: database.db, clock: systemClock, timeZoneOf: () => 'Asia/Shanghai' });
  return { ...database, ledger };
}

export function entry(kind: AccountKind, subject: string, amountMinor: bigint, mayOverdraw?: true): PostingEntry {
  return { account: { kind, subject }, amountMinor, ...(mayOverdraw === undefined ? {} : { mayOverdraw }) };
}

export function posting(key: string, entries: readonly PostingEntry[], more: Partial<Posting> = {}): Posting {
  return {
    propertyId: PROPERTY,
    kind: 'test',
    key,
    refKind: 'test',
    refId: key,
    eventAtMs: NOON_MS,
    actor: CASHIER,
    entries,
    ...more,
  };
}

/** Money that a customer pays into a wallet of ours. */
export const paidIn = (key: string, account: string, amountMinor: bigint): Posting =>
  posting(key, [entry('cash', '', amountMinor), entry('wallet', account, -amountMinor)]);
