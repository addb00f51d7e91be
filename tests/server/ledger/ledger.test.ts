import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Posting } from '#server/modules/ledger/index.ts';
import { CASHIER, entry, NOON_MS, openBook, PROPERTY, paidIn, posting, type TestBook } from './support/book.ts';

let book: TestBook;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.drop());

const post = (wanted: Posting) => book.db.tx((tx) => book.ledger.post(tx, wanted));
const wallet = (account: string) => book.ledger.balance(book.db, PROPERTY, { kind: 'wallet', subject: account });
const proven = async () => expect((await book.ledger.prove(book.db)).faults).toEqual([]);

describe('a posting', () => {
  test('100.00 sold with a fee of 3 %: in suspense until confirmed, then 97.00 in the meter and 3.00 earned', async () => {
    const vend = 'vend:a';
    await post(posting('sale a', [entry('cash', '', 10_000n), entry('vendSuspense', vend, -10_000n)]));
    await post(
      posting('sale a confirmed', [
        entry('vendSuspense', vend, 10_000n),
        entry('prepaidInMeter', 'meter:4', -9_700n),
        entry('serviceFee', '', -300n),
      ]),
    );
    const { ledger, db } = book;
    expect(await ledger.balance(db, PROPERTY, { kind: 'vendSuspense', subject: vend })).toBe(0n);
    expect(await ledger.balance(db, PROPERTY, { kind: 'prepaidInMeter', subject: 'meter:4' })).toBe(-9_700n);
    expect(await ledger.balance(db, PROPERTY, { kind: 'serviceFee', subject: '' })).toBe(-300n);
    await proven();
  });

  test('again with the same key and content: the first answer, and nothing more is booked', async () => {
    const first = await post(paidIn('again', 'account:1', 500n));
    const later = { ...paidIn('again', 'account:1', 500n), eventAtMs: NOON_MS + 9_000, reason: 'tried again' };
    expect(await post(later)).toEqual({ txnId: first.txnId, repeated: true });
    expect(await wallet('account:1')).toBe(-500n);
  });

  test('the same key with another amount is refused', async () => {
    await post(paidIn('other amount', 'account:2', 500n));
    await expect(post(paidIn('other amount', 'account:2', 501n))).rejects.toMatchObject({ code: 'request.key-reused' });
    expect(await wallet('account:2')).toBe(-500n);
  });

  test('two at once with one key: one posting', async () => {
    const both = await Promise.all([1, 2, 3].map(() => post(paidIn('at once', 'account:3', 700n))));
    expect(new Set(both.map(({ txnId }) => txnId)).size).toBe(1);
    expect(both.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await wallet('account:3')).toBe(-700n);
  });

  test('a limited account is never emptied below 0, also by many at once', async () => {
    await post(paidIn('filled', 'account:4', 1_000n));
    const out = (index: number) =>
      posting(`out ${index}`, [entry('wallet', 'account:4', 300n), entry('cash', '', -300n)]);
    const outcomes = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((index) => post(out(index))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(Array(3).fill('ledger.limit'));
    expect(await wallet('account:4')).toBe(-100n);
    await proven();
  });

  test('consumption is a fact: it may leave a debt, which the next payment settles first', async () => {
    await post(posting('used', [entry('wallet', 'account:5', 250n, true), entry('electricity', '', -250n)]));
    expect(await wallet('account:5')).toBe(250n);
    await post(paidIn('debt paid', 'account:5', 400n));
    expect(await wallet('account:5')).toBe(-150n);
    await proven();
  });

  test('wallets that are booked in opposite order do not wait for each other', async () => {
    await post(paidIn('left filled', 'account:left', 100_000n));
    await post(paidIn('right filled', 'account:right', 100_000n));
    const move = (index: number, from: string, to: string) =>
      posting(`move ${from} ${index}`, [entry('wallet', from, 1n), entry('wallet', to, -1n)]);
    const moves = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0 ? move(index, 'account:left', 'account:right') : move(index, 'account:right', 'account:left'),
    );
    await Promise.all(moves.map(post));
    expect([await wallet('account:left'), await wallet('account:right')]).toEqual([-100_000n, -100_000n]);
    await proven();
  });

  test.for([
    ['a sum that is not 0', [entry('cash', '', 5n), entry('bank', '', -4n)]],
    ['an entry of 0', [entry('cash', '', 0n), entry('bank', '', 0n)]],
    ['no entries', []],
  ] as const)('%s is a mistake of ours and is thrown at once', async ([, entries]) => {
    await expect(post(posting('crooked', entries))).rejects.toThrow(RangeError);
  });

  test('a posting is lost with its transaction', async () => {
    const failing = book.db.tx(async (tx) => {
      await book.ledger.post(tx, paidIn('lost', 'account:6', 100n));
      throw new Error('the rest failed');
    });
    await expect(failing).rejects.toThrow('the rest failed');
    expect(await wallet('account:6')).toBe(0n);
    expect((await post(paidIn('lost', 'account:6', 100n))).repeated).toBe(false);
  });
});

describe('many postings', () => {
  test('as one by one: keys, limits, running balances, answers in order', async () => {
    const many = [
      paidIn('many 1', 'account:10', 300n),
      posting('many 2', [entry('wallet', 'account:10', 200n), entry('electricity', '', -200n)]),
      paidIn('many 3', 'account:11', 50n),
      posting('many 4', [entry('wallet', 'account:10', 100n), entry('water', '', -100n)]),
      paidIn('many 1', 'account:10', 300n),
    ];
    await post(many[2] ?? many[0] ?? paidIn('never', 'x', 1n));
    const posted = await book.db.tx((tx) => book.ledger.postMany(tx, many));
    expect(posted.map(({ repeated }) => repeated)).toEqual([false, false, true, false, true]);
    expect(posted[4]?.txnId).toBe(posted[0]?.txnId);
    expect([await wallet('account:10'), await wallet('account:11')]).toEqual([0n, -50n]);
    await proven();
  });

  test('all or none: one that breaks a limit takes the others with it', async () => {
    const many = [
      paidIn('none 1', 'account:12', 300n),
      posting('none 2', [entry('wallet', 'account:12', 301n), entry('electricity', '', -301n)]),
    ];
    await expect(book.db.tx((tx) => book.ledger.postMany(tx, many))).rejects.toMatchObject({ code: 'ledger.limit' });
    expect(await wallet('account:12')).toBe(0n);
  });

  test('the same key with another content is refused', async () => {
    await post(paidIn('many other', 'account:13', 1n));
    await expect(
      book.db.tx((tx) => book.ledger.postMany(tx, [paidIn('many other', 'account:13', 2n)])),
    ).rejects.toMatchObject({ code: 'request.key-reused' });
  });

  test('nothing to post is nothing', async () => {
    expect(await book.db.tx((tx) => book.ledger.postMany(tx, []))).toEqual([]);
  });
});

describe('undo', () => {
  const reverse = (txnId: bigint, key: string) =>
    book.db.tx((tx) =>
      book.ledger.reverse(tx, {
        ...{ propertyId: PROPERTY, txnId, key, kind: 'undo', eventAtMs: NOON_MS, actor: CASHIER, reason: 'a mistake' },
      }),
    );

  test('the mirror of the old one, once; the same request again is answered alike', async () => {
    const { txnId } = await post(paidIn('wrong', 'account:20', 900n));
    const undone = await reverse(txnId, 'undo wrong');
    expect(await reverse(txnId, 'undo wrong')).toEqual({ txnId: undone.txnId, repeated: true });
    expect(await wallet('account:20')).toBe(0n);
    await expect(reverse(txnId, 'undo wrong again')).rejects.toMatchObject({ code: 'reversal.already' });
    expect(await wallet('account:20')).toBe(0n);
    await proven();
  });

  test('two at once: one', async () => {
    const { txnId } = await post(paidIn('wrong twice', 'account:21', 900n));
    const outcomes = await Promise.allSettled([reverse(txnId, 'undo a'), reverse(txnId, 'undo b')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await proven();
  });

  test('a reversal cannot be reversed', async () => {
    const { txnId } = await post(paidIn('wrong again', 'account:22', 900n));
    const undone = await reverse(txnId, 'undo wrong again 22');
    await expect(reverse(undone.txnId, 'undo the undo')).rejects.toMatchObject({ code: 'reversal.of-reversal' });
  });

  test('what is spent cannot be taken back', async () => {
    const { txnId } = await post(paidIn('spent', 'account:23', 900n));
    await post(posting('spending', [entry('wallet', 'account:23', 500n), entry('electricity', '', -500n)]));
    await expect(reverse(txnId, 'undo spent')).rejects.toMatchObject({ code: 'ledger.limit' });
  });

  test('a posting of another property is none', async () => {
    const { txnId } = await post({ ...paidIn('elsewhere', 'account:24', 900n), propertyId: 2 });
    await expect(reverse(txnId, 'undo elsewhere')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a request with a key of its own', () => {
  const ask = (key: string, input: unknown, work: () => Promise<unknown>) =>
    book.db.tx((tx) => book.ledger.once(tx, { propertyId: PROPERTY, key, input }, work));

  test('same input: the first answer, the work is done once; the order of fields is no difference', async () => {
    let done = 0;
    const work = async () => ({ number: ++done });
    expect(await ask('k1', { paid: 100n, meter: 4 }, work)).toEqual({ answer: { number: 1 }, repeated: false });
    expect(await ask('k1', { meter: 4, paid: 100n }, work)).toEqual({ answer: { number: 1 }, repeated: true });
    expect(done).toBe(1);
  });

  test('another input is refused', async () => {
    await ask('k2', { paid: '100' }, async () => 1);
    await expect(ask('k2', { paid: '101' }, async () => 2)).rejects.toMatchObject({ code: 'request.key-reused' });
  });

  test('four requests under two keys: two sales, one refusal, 200.00 taken', async () => {
    const sales: string[] = [];
    const sell = (key: string, paid: string) =>
      ask(`sell ${key}`, { meter: 'M1', paid }, async () => `V${sales.push(paid)}`).then(
        ({ answer }) => answer,
        (error: { code: string }) => error.code,
      );
    const results = [
      await sell('k1', '100.00'),
      await sell('k1', '100.00'),
      await sell('k1', '200.00'),
      await sell('k2', '100.00'),
    ];
    expect(results).toEqual(['V1', 'V1', 'request.key-reused', 'V2']);
    expect(sales).toEqual(['100.00', '100.00']);
  });

  test('at the same time: the second waits for the first', async () => {
    let done = 0;
    const work = async () => ++done;
    const all = await Promise.all([1, 2, 3].map(() => ask('k3', 'x', work)));
    expect(done).toBe(1);
    expect(all.map(({ answer }) => answer)).toEqual([1, 1, 1]);
  });

  test('work that fails leaves the key free', async () => {
    await expect(ask('k4', 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await ask('k4', 1, async () => 'yes')).toEqual({ answer: 'yes', repeated: false });
  });
});

describe('a closed month', () => {
  const close = (propertyId: number, month: string) =>
    book.db.tx((tx) => book.ledger.closePeriod(tx, { propertyId, month, actor: CASHIER }));
  const monthOf = async (txnId: bigint) => {
    const [row] = await book.db.query<{ month: string }>(
      sql`select to_char(period, 'YYYY-MM') as month from ledger_txn where id = ${txnId}`,
    );
    return row?.month;
  };

  test('takes nothing more: what comes late is booked in the first open month', async () => {
    const propertyId = 30;
    const late = (key: string) => ({ ...paidIn(key, 'account:1', 5n), propertyId });
    expect(await monthOf((await post(late('in november'))).txnId)).toBe('2026-11');
    expect(await close(propertyId, '2026-12')).toMatchObject({ month: '2026-12', txns: 1n });
    expect(await close(propertyId, '2026-11')).toMatchObject({ month: '2026-12', txns: 1n });
    expect(await monthOf((await post(late('late'))).txnId)).toBe('2027-01');
    const [many] = await book.db.tx((tx) => book.ledger.postMany(tx, [late('late too')]));
    expect(await monthOf(many?.txnId ?? 0n)).toBe('2027-01');
    await proven();
  });

  test('is that of the property’s clock', async () => {
    const lastSecondMs = Date.UTC(2026, 10, 30, 15, 59, 59);
    expect(await monthOf((await post({ ...paidIn('before', 'a', 1n), eventAtMs: lastSecondMs })).txnId)).toBe(
      '2026-11',
    );
    expect(await monthOf((await post({ ...paidIn('after', 'a', 1n), eventAtMs: lastSecondMs + 1_000 })).txnId)).toBe(
      '2026-12',
    );
  });
});

// Last: whatever is proven after it counts these too.
test('twenty thousand are one book in which everything is proven', { timeout: 120_000 }, async () => {
  const many = Array.from({ length: 20_000 }, (_, index) =>
    posting(`day ${index}`, [
      entry('wallet', `account:big ${index % 10_000}`, 3n, true),
      entry('electricity', '', -3n),
    ]),
  );
  const posted = await book.db.tx((tx) => book.ledger.postMany(tx, many));
  expect(new Set(posted.map(({ txnId }) => txnId)).size).toBe(20_000);
  expect(await wallet('account:big 9999')).toBe(6n);
  await proven();
});
