import fc from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBook, type TestBook } from './support/book.ts';
import { Both, step, toPosting, type Wanted, wanted } from './support/bookModel.ts';

let book: TestBook;
/** Each run has a property of its own: an empty book. */
let property = 100;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.drop());

test('I1, I2, I6, I7: whatever is asked, the book is what the model says, and proves itself', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const both = new Both(book, ++property);
      for (const asked of steps) await both.run(asked);
      await both.same();
    }),
    { numRuns: 120 },
  );
});

test('I12: all requests again, in any order, change nothing', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wanted, { maxLength: 12 }), fc.infiniteStream(fc.nat()), async (all, chance) => {
      const propertyId = ++property;
      const post = (one: Wanted) =>
        book.db
          .tx((tx) => book.ledger.post(tx, toPosting(propertyId, one)))
          .catch((error: { code: string }) => error.code);
      const done: Wanted[] = [];
      for (const one of all) if (typeof (await post(one)) !== 'string') done.push(one);
      const before = await fingerprint(propertyId);
      const again = done.toSorted(() => ((chance.next().value ?? 0) % 2 === 0 ? 1 : -1));
      const answers = await Promise.all(again.map(post));
      expect(answers.every((answer) => typeof answer !== 'string' && answer.repeated)).toBe(true);
      expect(await fingerprint(propertyId)).toEqual(before);
    }),
    { numRuns: 60 },
  );
});

async function fingerprint(propertyId: number): Promise<unknown> {
  return book.db.query(sql`select encode(digest, 'hex') as digest, txns
    from ledger_digest(${propertyId}, '-infinity'::date, 'infinity'::date)`);
}
