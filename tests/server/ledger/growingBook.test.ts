import sql, { raw } from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { Queryable } from '#server/platform/db/index.ts';
import { openBook, paidIn } from './support/book.ts';

/** Rows of the book that this transaction has read so far. */
async function rowsRead(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(sql`
    select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows
    from pg_stat_xact_user_tables where relname in ('ledger_account', 'ledger_txn', 'ledger_entry', 'ledger_balance')`);
  return row?.rows ?? Number.NaN;
}

test('a connection that first posted into an empty book reads no more for postings when the book is full', async () => {
  const book = await openBook();
  try {
    // As it is soon after a start: the planner knows that a join of so little may well read everything.
    await book.owner.query(raw('vacuum analyze ledger_account, ledger_txn, ledger_entry, ledger_balance'));
    await book.db.tx(async (tx) => {
      const readBy = async (name: string) => {
        const before = await rowsRead(tx);
        const many = Array.from({ length: 8 }, (_, no) => paidIn(`${name} ${no}`, `account:${no}`, 100n));
        await book.ledger.postMany(tx, many);
        return (await rowsRead(tx)) - before;
      };
      await readBy('first');
      const early = await readBy('early');
      for (let no = 1; no <= 20; no += 1) await readBy(`between ${no}`);
      expect(await readBy('late')).toBe(early);
    });
  } finally {
    await book.drop();
  }
});
