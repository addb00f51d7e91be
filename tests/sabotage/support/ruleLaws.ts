import { expect } from 'vitest';
import * as policy from '#server/modules/accounts/policy.ts';
import * as give from '#server/modules/commands/give.ts';
import * as orders from '#server/modules/commands/orders.ts';
import * as hash from '#server/modules/ledger/hash.ts';
import * as refusals from '#server/modules/vending/refusals.ts';
import * as sheet from '#server/modules/vending/sheet.ts';
import { guards } from './sourceGuard.ts';

const refused =
  (changes: Partial<Parameters<typeof policy.checkPolicy>[0]>, field: RegExp) =>
  ({ checkPolicy, defaultPolicy }: typeof policy): void => {
    expect(() => checkPolicy({ ...defaultPolicy(1), ...changes })).toThrow(field);
  };
guards('server/modules/accounts/policy.ts', policy, {
  'a service fee names the law that allows it': {
    ...{ guard: 'policy.serviceFeePpm > 0 && policy.serviceFeeLegalBasis === undefined', off: 'false' },
    law: refused({ serviceFeePpm: 1 }, /serviceFeeLegalBasis/),
  },
  'and so does a cut for fees of the property': {
    ...{ guard: 'policy.cutForPropertyFees && policy.cutForPropertyFeesLegalBasis === undefined', off: 'false' },
    law: refused({ cutForPropertyFees: true }, /cutForPropertyFeesLegalBasis/),
  },
  'the least sale is one of something': {
    ...{ guard: 'policy.saleMinMinor < 1n', off: 'false' },
    law: refused({ saleMinMinor: 0n }, /saleMinMinor/),
  },
  'the most is not below the least': {
    ...{ guard: 'policy.saleMaxMinor < policy.saleMinMinor', off: 'false' },
    law: refused({ saleMinMinor: 9n, saleMaxMinor: 8n }, /saleMaxMinor/),
  },
  'from some amount on two persons are asked': {
    ...{ guard: 'policy.refundSecondPersonMinor < 0n', off: 'false' },
    law: refused({ refundSecondPersonMinor: -1n }, /refundSecondPersonMinor/),
  },
  'hours in which supply may be cut end after they begin': {
    ...{ guard: 'window.toMinute <= window.fromMinute', off: 'false' },
    law: refused({ cutAllowed: [{ weekdays: [1], fromMinute: 60, toMinute: 60 }] }, /cutAllowed/),
  },
  'a holiday is a day that there is': {
    ...{ guard: '(day) => !isDate(day)', off: '() => false' },
    law: refused({ holidays: ['2026-02-30'] }, /holidays/),
  },
});

/** The module as far as these laws ask it. */
interface Refusals {
  accountRefusal(
    context: { readonly accounts: { runningCase(accountId: number): string | undefined } },
    subject: { readonly account: { readonly id: number; readonly state: string } },
  ): { readonly code: string } | undefined;
  saleRefusals(
    subject: {
      readonly account: Room;
      readonly policy: { readonly saleMinMinor: bigint; readonly saleMaxMinor: bigint };
    },
    sale: { readonly paidMinor: bigint; readonly netMinor: bigint },
    held: { readonly balanceMinor: bigint | undefined; readonly underWayMinor: bigint },
  ): readonly { readonly code: string }[];
}
interface Room {
  readonly custody: 'meter' | 'platform';
  readonly hoardingLimitMinor: bigint | undefined;
}
const told =
  (paidMinor: bigint, netMinor: bigint, code: string, underWayMinor = 0n) =>
  ({ saleRefusals }: Refusals): void => {
    const account = { custody: 'meter', hoardingLimitMinor: 20_000n } as const;
    const subject = { account, policy: { saleMinMinor: 100n, saleMaxMinor: 15_000n } };
    const codes = saleRefusals(subject, { paidMinor, netMinor }, { balanceMinor: 5_000n, underWayMinor });
    expect(codes.map((one) => one.code)).toEqual([code]);
  };
const RANGE = 'vend.amount-out-of-range';
const atRest =
  (state: string, running: string | undefined, code: string) =>
  (module: Refusals): void => {
    const context = { accounts: { runningCase: () => running } };
    expect(module.accountRefusal(context, { account: { id: 1, state } })).toMatchObject({ code });
  };

guards<Refusals>('server/modules/vending/refusals.ts', refusals, {
  'less than the least is not sold': {
    ...{ guard: 'sale.paidMinor < min', off: 'false', law: told(99n, 99n, RANGE) },
  },
  'nor more than the most': {
    ...{ guard: 'sale.paidMinor > max', off: 'false', law: told(15_001n, 100n, RANGE) },
  },
  'nor where the fee takes all': {
    ...{ guard: 'sale.netMinor <= 1n', off: 'false', law: told(100n, 1n, RANGE) },
  },
  'nor more than the meter may hold': {
    guard: 'roomMinor !== undefined && sale.netMinor > roomMinor - held.underWayMinor',
    ...{ off: 'false', law: told(15_000n, 15_001n, 'vend.hoarding') },
  },
  'what is under way counts as held': {
    guard: 'sale.netMinor > roomMinor - held.underWayMinor',
    ...{ off: 'sale.netMinor > roomMinor', law: told(10_000n, 10_000n, 'vend.hoarding', 6_000n) },
  },
  'nothing is sold while something is done to the account': {
    guard: 'accounts.runningCase(account.id) !== undefined',
    ...{ off: 'false', law: atRest('open', 'closing', 'vend.replacement-running') },
  },
  'nor where the account rests': {
    guard: "if (account.state === 'open') return undefined;",
    ...{ off: 'return undefined;', law: atRest('paused', undefined, 'vend.account-not-open') },
  },
});

const ROWS = (kind: 'refund' | 'makeup', ...amounts: readonly string[]) => ({
  ...({ batchId: '', propertyId: 1, dryRun: false, method: 'cash', reason: 'x', kind } as const),
  rows: amounts.map((amountMinor) => ({ meterNumber: 'one', amountMinor })),
});
guards('server/modules/vending/sheet.ts', sheet, {
  'a meter is on a sheet once': {
    ...{ guard: 'if (seen.has(meterNumber))', off: 'if (false)' },
    law: ({ sheetRows }) => {
      const rows = sheetRows(ROWS('makeup', '5', '5'), () => 'id');
      expect(rows.map(({ outcome }) => outcome)).toEqual(['waiting', 'refused']);
    },
  },
  'a row of nothing is refused': {
    ...{ guard: 'if (BigInt(amount) === 0n)', off: 'if (false)' },
    law: ({ sheetRows }) => expect(sheetRows(ROWS('makeup', '0'), () => 'id')).toMatchObject([{ outcome: 'refused' }]),
  },
  'a refund that takes is none': {
    ...{ guard: "kind === 'refund' && BigInt(amount) < 0n", off: 'false' },
    law: ({ sheetRows }) => expect(sheetRows(ROWS('refund', '-5'), () => 'id')).toMatchObject([{ outcome: 'refused' }]),
  },
  'a sheet has an end': {
    ...{ guard: 'cells.length === 0 || cells.length > BATCH_ROWS_MAX', off: 'cells.length === 0' },
    law: ({ sheetRows }) => {
      const many = Array.from({ length: 100_000 }, () => '5');
      expect(() => sheetRows(ROWS('makeup', ...many), () => 'id')).toThrow(/rows/);
    },
  },
});

const POSTING = {
  ...{ propertyId: 1, kind: 'test', key: 'k', refKind: 'test', refId: '', eventAtMs: 0 },
  actor: { userId: undefined, name: 'x' },
};
const posted = (amountMinor: bigint, subject = '') => ({
  ...POSTING,
  entries: [{ account: { kind: 'cash' as const, subject }, amountMinor }],
});
guards('server/modules/ledger/hash.ts', hash, {
  'another amount is another posting': {
    guard: 'const lines = entries.map(',
    off: 'const lines = entries.map((entry) => ({ ...entry, amountMinor: 0n })).map(',
    law: ({ hashOfPosting }) => expect(hashOfPosting(posted(5n))).not.toEqual(hashOfPosting(posted(6n))),
  },
  'and so is another account': {
    guard: 'const lines = entries.map(',
    off: 'const lines = entries.map((entry) => ({ ...entry, account: { kind: entry.account.kind } })).map(',
    law: ({ hashOfPosting }) => expect(hashOfPosting(posted(5n, 'a'))).not.toEqual(hashOfPosting(posted(5n, 'b'))),
  },
  'another input is another request': {
    ...{ guard: '.filter(([, field]) => field !== undefined)', off: '.filter(() => false)' },
    law: ({ hashOfInput }) => expect(hashOfInput({ paid: 5n })).not.toEqual(hashOfInput({ paid: 6n })),
  },
});

guards('server/modules/commands/give.ts', give, {
  'a rule leaves a person’s trip alone': {
    ...{ guard: "RELAY_KINDS.includes(kind) && !(rule === 'repair' && kind === 'trip')", off: 'false' },
    law: ({ leavesPersonsTrip }) => expect(leavesPersonsTrip('close', 'restoreAfterPayment')).toBe(true),
  },
  'another order is another command': {
    ...{ guard: 'return text(one) === text(other);', off: 'return one.kind === other.kind;' },
    law: ({ sameOrder }) =>
      expect(sameOrder({ kind: 'trip', cause: 'safety' }, { kind: 'trip', cause: 'operator' })).toBe(false),
  },
});

const NO_TARIFFS = { version: () => undefined };
guards('server/modules/commands/orders.ts', orders, {
  'prices are those of the meter’s own property': {
    ...{ guard: 'version?.propertyId !== propertyId', off: 'version === undefined' },
    law({ fromBody }) {
      const body = { kind: 'single', price: 1n } as const;
      const meterPrices = { sharp: 1, peak: 1, flat: 1, valley: 1, deepValley: 1 };
      const theirs = { id: 1, tariffId: 1, propertyId: 2, effectiveFromMs: 0, body, meterPrices };
      const tariffs = { version: () => theirs };
      expect(() => fromBody({ kind: 'prices', tariffVersionId: 1 }, 1, tariffs, 0)).toThrow(/tariffVersionId/);
    },
  },
  'an amount that no meter holds is not sent': {
    ...{ guard: 'value < 0n || value > METER_AMOUNT_MAX', off: 'false' },
    law: ({ fromBody }) =>
      expect(() => fromBody({ kind: 'settings', alarm1Minor: '9999999999' }, 1, NO_TARIFFS, 0)).toThrow(/alarm1Minor/),
  },
  'protection does not end in the past': {
    ...{ guard: 'at !== undefined && !(Date.parse(at) > nowMs)', off: 'false' },
    law: ({ fromBody }) =>
      expect(() => fromBody({ kind: 'protect', until: '2026-01-01T00:00:00Z' }, 1, NO_TARIFFS, 9e12)).toThrow(/until/),
  },
  'a meter takes both warnings or none': {
    ...{ guard: 'if (missing === undefined || account !== undefined) return;', off: 'return;' },
    law: ({ demandBothAlarms }) =>
      expect(() => demandBothAlarms({ kind: 'settings', settings: { alarm1Minor: 5n } }, undefined)).toThrow(/alarm2/),
  },
});
