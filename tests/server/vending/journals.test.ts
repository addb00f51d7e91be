import { expect, test } from 'vitest';
import { cancelledEntries, confirmedEntries, paidEntries } from '#server/modules/vending/postings.ts';

const SALE = {
  id: 'V1',
  kind: 'sale',
  custody: 'meter',
  property_id: 1,
  account_id: 3,
  meter_id: 5,
  paid_minor: 10_000n,
  fee_minor: 300n,
  net_minor: 9_700n,
  method: 'cash',
  user_id: 7,
  move_id: null,
} as const;
const lines = (entries: ReturnType<typeof paidEntries>) =>
  entries.map(({ account, amountMinor }) => [`${account.kind} ${account.subject}`.trim(), amountMinor]);

test('a sale into a meter: suspense until the read-back, then the meter and the fee', () => {
  expect(lines(paidEntries(SALE))).toEqual([
    ['cash operator:7', 10_000n],
    ['vendSuspense vend:V1', -10_000n],
  ]);
  expect(lines(confirmedEntries(SALE))).toEqual([
    ['vendSuspense vend:V1', 10_000n],
    ['prepaidInMeter meter:5', -9_700n],
    ['serviceFee', -300n],
  ]);
});

test('a refund: cash leaves only with the read-back; the fee stays, or comes back in proportion', () => {
  const refund = { ...SALE, kind: 'refund', paid_minor: -7_000n, fee_minor: 0n, net_minor: -7_000n } as const;
  expect(lines(confirmedEntries(refund))).toEqual([
    ['prepaidInMeter meter:5', 7_000n],
    ['cash operator:7', -7_000n],
  ]);
  expect(lines(confirmedEntries({ ...refund, fee_minor: -216n, paid_minor: -7_216n }))).toEqual([
    ['prepaidInMeter meter:5', 7_000n],
    ['serviceFee', 216n],
    ['cash operator:7', -7_216n],
  ]);
});

test('a cancelled sale is owed to the customer; a fence of 0.01 stays in the meter and is taken off', () => {
  const sale = { ...SALE, fence: 'cent' } as const;
  expect(lines(cancelledEntries(sale, false))).toEqual([
    ['vendSuspense vend:V1', 10_000n],
    ['refundPayable account:3', -10_000n],
  ]);
  expect(lines(cancelledEntries(sale, true))).toEqual([
    ['vendSuspense vend:V1', 10_000n],
    ['refundPayable account:3', -9_999n],
    ['prepaidInMeter meter:5', -1n],
  ]);
});

test('a sale into a wallet is whole at once', () => {
  expect(lines(paidEntries({ ...SALE, custody: 'platform', method: 'bankCard' }))).toEqual([
    ['bank', 10_000n],
    ['wallet account:3', -9_700n],
    ['serviceFee', -300n],
  ]);
});
