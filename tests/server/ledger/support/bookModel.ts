import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { Posted, Posting } from '#server/modules/ledger/index.ts';
import type { AccountKind } from '#server/modules/ledger/types.ts';
import { CASHIER, entry, NOON_MS, posting, type TestBook } from './book.ts';

const KINDS: readonly AccountKind[] = ['cash', 'wallet', 'vendSuspense', 'electricity', 'prepaidInMeter', 'deposit'];
const LIMITED: readonly AccountKind[] = ['wallet', 'vendSuspense', 'deposit'];

/** One line; the last one of a posting takes what makes the sum 0. */
const line = fc.record({
  kind: fc.constantFrom(...KINDS),
  subject: fc.constantFrom('a', 'b'),
  amount: fc.integer({ min: -40, max: 40 }).filter((amount) => amount !== 0),
  mayOverdraw: fc.boolean(),
});
export const wanted = fc.record({
  key: fc.integer({ min: 0, max: 9 }),
  lines: fc.array(line, { minLength: 1, maxLength: 3 }),
});
export const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('post' as const), wanted }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('many' as const), wanted: fc.array(wanted, { maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reverse' as const), of: fc.nat(9), key: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), month: fc.integer({ min: 9, max: 13 }) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export type Wanted = typeof wanted extends fc.Arbitrary<infer W> ? W : never;

interface Booked {
  readonly id: number;
  readonly content: string;
  readonly lines: readonly {
    readonly account: string;
    readonly limited: boolean;
    readonly amount: number;
    readonly over: boolean;
  }[];
  readonly reverses: number | undefined;
}
type Outcome = { readonly ids: readonly number[] } | { readonly refused: string };

/** What a ledger is, without a database: a list that only grows. */
class Model {
  booked: Booked[] = [];
  readonly keys = new Map<string, Booked>();

  run(work: (model: Model) => Outcome): Outcome {
    const before = this.booked.length;
    const outcome = work(this);
    if ('refused' in outcome) {
      for (const lost of this.booked.splice(before))
        for (const [key, kept] of this.keys) if (kept === lost) this.keys.delete(key);
    }
    return outcome;
  }

  post(key: string, content: string, lines: Booked['lines'], reverses?: number): Outcome {
    const first = this.keys.get(key);
    if (first !== undefined) return first.content === content ? { ids: [first.id] } : { refused: 'request.key-reused' };
    if (reverses !== undefined && this.booked.some((old) => old.reverses === reverses))
      return { refused: 'reversal.already' };
    const mine = { id: this.booked.length, content, lines, reverses };
    const before = new Map(lines.map(({ account }) => [account, this.balance(account)]));
    // Within one posting, an account's lines follow each other.
    for (const { account, limited, amount, over } of lines) {
      const after = (before.get(account) ?? 0) + amount;
      before.set(account, after);
      if (limited && after > 0 && amount > 0 && !over) return { refused: 'ledger.limit' };
    }
    this.booked.push(mine);
    this.keys.set(key, mine);
    return { ids: [mine.id] };
  }

  many(postings: readonly { key: string; content: string; lines: Booked['lines'] }[]): Outcome {
    // A key that was used otherwise is seen before any limit.
    const contents = new Map([...this.keys].map(([key, { content }]) => [key, content]));
    for (const { key, content } of postings) {
      if ((contents.get(key) ?? content) !== content) return { refused: 'request.key-reused' };
      contents.set(key, content);
    }
    const ids: number[] = [];
    for (const { key, content, lines } of postings) {
      const outcome = this.post(key, content, lines);
      if ('refused' in outcome) return outcome;
      ids.push(...outcome.ids);
    }
    return { ids };
  }

  reverse(of: number, key: string): Outcome {
    const old = this.booked[of];
    if (old === undefined) return { refused: 'not-found' };
    if (old.reverses !== undefined) return { refused: 'reversal.of-reversal' };
    const lines = old.lines.map((was) => ({ ...was, amount: -was.amount, over: false }));
    return this.post(key, `reverses ${of}`, lines, of);
  }

  balance(account: string): number {
    const lines = this.booked.flatMap((booked) => booked.lines).filter((booked) => booked.account === account);
    return lines.reduce((sum, { amount }) => sum + amount, 0);
  }
}

const keyOf = (key: number) => `key ${key}`;

interface Line {
  readonly kind: AccountKind;
  readonly subject: string;
  readonly amount: number;
  readonly mayOverdraw: boolean;
}

function balancedLines({ lines }: Wanted): readonly Line[] {
  const rest = -lines.reduce((sum, { amount }) => sum + amount, 0);
  const bank = (amount: number): Line => ({ kind: 'bank', subject: '', amount, mayOverdraw: false });
  return rest === 0 ? [...lines, bank(7), bank(-7)] : [...lines, bank(rest)];
}

export function toPosting(propertyId: number, { key, ...rest }: Wanted): Posting {
  const entries = balancedLines({ key, ...rest }).map(({ kind, subject, amount, mayOverdraw }) =>
    entry(kind, subject, BigInt(amount), mayOverdraw ? true : undefined),
  );
  return posting(keyOf(key), entries, { propertyId, refId: '' });
}

function toModel(asked: Wanted) {
  const lines = balancedLines(asked).map(({ kind, subject, amount, mayOverdraw }) => ({
    account: `${kind} ${subject}`,
    limited: LIMITED.includes(kind),
    amount,
    over: mayOverdraw,
  }));
  return { key: keyOf(asked.key), content: lines.map(({ account, amount }) => `${account} ${amount}`).join(), lines };
}

/** The same step on both sides; ids of the book in the order in which the model booked. */
export class Both {
  readonly model = new Model();
  readonly ids: bigint[] = [];
  readonly book: TestBook;
  readonly propertyId: number;

  constructor(book: TestBook, propertyId: number) {
    this.book = book;
    this.propertyId = propertyId;
  }

  async run(asked: Step): Promise<void> {
    if (asked.do === 'close') {
      const month = `${asked.month > 12 ? 2027 : 2026}-${String(((asked.month - 1) % 12) + 1).padStart(2, '0')}`;
      await this.book.db.tx((tx) =>
        this.book.ledger.closePeriod(tx, { propertyId: this.propertyId, month, actor: CASHIER }),
      );
      return;
    }
    const expected = this.model.run((model) => {
      if (asked.do === 'reverse') return model.reverse(asked.of, `undo ${asked.key}`);
      return asked.do === 'post' ? onePosting(model, asked.wanted) : model.many(asked.wanted.map(toModel));
    });
    const actual = await this.actual(asked).catch((error: { code: string }) => ({ refused: error.code }));
    if ('refused' in expected || 'refused' in actual) deepStrictEqual(actual, expected);
    else {
      for (const [index, id] of expected.ids.entries()) this.ids[id] ??= actual[index]?.txnId ?? 0n;
      deepStrictEqual(
        actual.map(({ txnId }) => txnId),
        expected.ids.map((id) => this.ids[id]),
      );
    }
  }

  actual(asked: Exclude<Step, { do: 'close' }>): Promise<readonly Posted[]> {
    const { propertyId } = this;
    return this.book.db.tx(async (tx) => {
      if (asked.do === 'post') return [await this.book.ledger.post(tx, toPosting(propertyId, asked.wanted))];
      if (asked.do === 'many')
        return this.book.ledger.postMany(
          tx,
          asked.wanted.map((one) => toPosting(propertyId, one)),
        );
      const txnId = this.ids[asked.of] ?? 0n;
      const request = { propertyId, txnId, key: `undo ${asked.key}`, kind: 'undo', eventAtMs: NOON_MS };
      return [await this.book.ledger.reverse(tx, { ...request, actor: CASHIER, reason: 'test' })];
    });
  }

  async same(): Promise<void> {
    for (const kind of [...KINDS, 'bank'] as const) {
      const actual = await this.book.ledger.balances(this.book.db, this.propertyId, kind, ['', 'a', 'b']);
      for (const [subject, balance] of actual)
        deepStrictEqual(Number(balance), this.model.balance(`${kind} ${subject}`));
    }
    const { faults, sumMinor, txns } = await this.book.ledger.prove(this.book.db, [this.propertyId]);
    deepStrictEqual({ faults, sumMinor, txns }, { faults: [], sumMinor: 0n, txns: BigInt(this.model.booked.length) });
  }
}

function onePosting(model: Model, asked: Wanted): Outcome {
  const { key, content, lines } = toModel(asked);
  return model.post(key, content, lines);
}
