import { describe, expect, test } from 'vitest';
import { findingOf } from '#domain/vend/evidence.ts';
import { factsAfter, ruleFor } from '#domain/vend/machine.ts';
import type { VendEvent, VendFacts } from '#domain/vend/types.ts';
import type { PurseRead } from '#drivers/core/index.ts';
import type { PostingEntry } from '#server/modules/ledger/types.ts';
import { cancelledEntries, confirmedEntries, paidEntries } from '#server/modules/vending/postings.ts';

const LIMITS = { attemptsMax: 10, quietMs: 1_000 };
const NET = 9_700n;
/** 100.00 paid, of which 3.00 are the fee. */
const SALE: Parameters<typeof cancelledEntries>[0] = {
  ...({ id: 'sale', kind: 'sale', custody: 'meter', property_id: 1, account_id: 1, meter_id: 1, user_id: 1 } as const),
  ...({ paid_minor: 10_000n, fee_minor: 300n, net_minor: NET, method: 'cash', move_id: null, fence: 'zero' } as const),
};

/** A meter with count 7 and 20.00; 97.00 are sold to it. */
class Trace {
  count = 7;
  balance = 2_000n;
  readonly records: { count: number; amountMinor: bigint }[] = [];
  readonly acts: string[] = [];
  readonly entries: PostingEntry[] = [...paidEntries(SALE)];
  facts: VendFacts = {
    state: 'QUEUED',
    path: 'checked',
    fence: 'zero',
    amountMinor: NET,
    bound: undefined,
    attempts: 0,
    doubts: 0,
    cancelAsked: false,
    resendAsked: false,
    lastHint: undefined,
    lastEvidence: undefined,
    lastSentMs: undefined,
  };

  happens(event: VendEvent): this {
    const rule = ruleFor(this.facts, event, LIMITS);
    if (rule === undefined) throw new Error(`${event.kind} means nothing in ${this.facts.state}`);
    const bound = { seq: this.count + 1, balanceMinor: this.balance, cumulativeMinor: undefined, energyWh: undefined };
    const next = factsAfter(this.facts, event, rule, 0);
    this.facts = rule.act.includes('reserve') ? { ...next, bound } : next;
    this.acts.push(...rule.act);
    if (rule.act.includes('confirm')) this.entries.push(...confirmedEntries(SALE));
    if (rule.act.includes('release')) this.entries.push(...cancelledEntries(SALE, rule.from.includes('FENCING')));
    return this;
  }
  sent(): this {
    return this.happens({ kind: 'bind', seqUsed: false, balanceMinor: this.balance }).happens({ kind: 'send' });
  }
  applied(amountMinor = NET): this {
    this.count += 1;
    this.balance += amountMinor;
    this.records.unshift({ count: this.count, amountMinor });
    return this;
  }
  timeout(): this {
    return this.happens({ kind: 'reply', hint: 'none' });
  }
  readBack(): this {
    const { evidence } = findingOf(this.facts, this.purse());
    return this.happens({ kind: 'read', evidence, atMs: 0 });
  }
  purse(): PurseRead {
    const { count, balance: balanceMinor, records } = this;
    const unknown = { cumulativeMinor: undefined, energyWh: undefined, settings: undefined, prices: undefined };
    return { atMs: 0, receivedMs: 0, count, balanceMinor, records, backup: undefined, ...unknown };
  }
  /** State, what is left in the suspense, the meter's count and balance. */
  end() {
    const suspense = this.entries.filter(({ account }) => account.kind === 'vendSuspense');
    const left = suspense.reduce((sum, { amountMinor }) => sum - amountMinor, 0n);
    return [this.facts.state, left, this.count, this.balance];
  }
}

describe('every way of a sale of 97.00 to a meter with count 7 and 20.00', () => {
  const there = ['CONFIRMED', 0n, 8, 11_700n];

  test('normal', () => {
    const trace = new Trace().sent().applied().happens({ kind: 'reply', hint: 'accepted' });
    expect(trace.readBack().end()).toEqual(there);
  });
  test('the reply is lost', () => {
    expect(new Trace().sent().applied().timeout().readBack().end()).toEqual(there);
  });
  test('the request is lost: the same count is sent again', () => {
    const trace = new Trace().sent().timeout().readBack();
    expect(trace.facts).toMatchObject({ state: 'SENT', attempts: 2, bound: { seq: 8 } });
    expect(trace.applied().timeout().readBack().end()).toEqual(there);
  });
  test('the frame comes twice', () => {
    const trace = new Trace().sent().applied().happens({ kind: 'reply', hint: 'duplicate' });
    expect(trace.readBack().end()).toEqual(there);
  });
  test('a crash after the bytes: nothing is sent before a read', () => {
    const trace = new Trace().sent().applied().happens({ kind: 'restart' });
    expect(trace.acts.filter((act) => act === 'send')).toHaveLength(1);
    expect(trace.readBack().end()).toEqual(there);
  });
  test('cancelled while a frame is late: the fence uses its count', () => {
    const trace = new Trace().sent().timeout().happens({ kind: 'cancel' }).readBack();
    expect(trace.facts.state).toBe('FENCING');
    expect(trace.applied(0n).timeout().readBack().end()).toEqual(['CANCELLED', 0n, 8, 2_000n]);
    expect(trace.acts).toContain('release');
  });
  test('the late frame is faster than the fence', () => {
    const trace = new Trace().sent().timeout().happens({ kind: 'cancel' }).readBack();
    const raced = trace.applied().happens({ kind: 'reply', hint: 'duplicate' }).readBack();
    expect(raced.end()).toEqual(there);
    expect(raced.acts).not.toContain('release');
  });
  test('somebody else writes with the same count: bound anew, told', () => {
    const trace = new Trace().sent().timeout().applied(5_000n).readBack();
    expect(trace.end()).toEqual(['QUEUED', 10_000n, 8, 7_000n]);
    expect(trace.acts).toContain('alarmForeign');
    expect(trace.facts.bound).toBeUndefined();
    expect(trace.sent().facts.bound?.seq).toBe(9);
  });
  test('a count that went back is believed the second time', () => {
    const trace = new Trace().sent().timeout();
    trace.count = 3;
    expect(trace.readBack().facts).toMatchObject({ state: 'UNKNOWN', doubts: 1 });
    expect(trace.readBack().facts.state).toBe('QUARANTINED');
  });
});
