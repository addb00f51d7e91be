import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chineseFigures } from '#domain/vend/chineseFigures.ts';
import { planDelivery } from '#domain/vend/delivery.ts';
import { feeShare, splitPaid } from '#domain/vend/fee.ts';
import { capabilitiesOfWords, PURSE_WORDS } from '#drivers/simulator/purseWords.ts';

test.for([
  [10_000n, 30_000, 300n, 9_700n],
  [5_001n, 30_000, 150n, 4_851n],
  [1_650n, 30_000, 49n, 1_601n],
  [3_335n, 15_000, 50n, 3_285n],
  [30n, 30_000, 0n, 30n],
  [10_000n, 0, 0n, 10_000n],
] as const)('of %d at %d ppm the fee is %d, the net %d', ([paid, ppm, feeMinor, netMinor]) => {
  expect(splitPaid(paid, ppm)).toEqual({ feeMinor, netMinor });
});

test('fee and net are always what was paid; the shares of a fee never exceed it', () => {
  const amount = fc.bigInt({ min: 1n, max: 10n ** 12n });
  fc.assert(
    fc.property(
      amount,
      fc.integer({ min: 0, max: 500_000 }),
      fc.array(amount, { maxLength: 5 }),
      (paid, ppm, parts) => {
        const sale = splitPaid(paid, ppm);
        expect(sale.feeMinor + sale.netMinor).toBe(paid);
        let left = sale.netMinor;
        let back = 0n;
        for (const part of parts) {
          const taken = part < left ? part : left;
          left -= taken;
          back += feeShare(taken, sale);
        }
        expect(back).toBeLessThanOrEqual(sale.feeMinor);
      },
    ),
  );
});

test('of a fee of 3.00 on 97.00, 70.00 given back bring 2.16', () => {
  expect(feeShare(7_000n, { netMinor: 9_700n, feeMinor: 300n })).toBe(216n);
});

test.for([
  [0n, '零元整'],
  [1n, '壹分'],
  [10n, '壹角整'],
  [100n, '壹元整'],
  [105n, '壹元零伍分'],
  [10_050n, '壹佰元伍角整'],
  [10_000n, '壹佰元整'],
  [100_000n, '壹仟元整'],
  [1_000_500n, '壹万零伍元整'],
  [10_203_045n, '壹拾万零贰仟零叁拾元肆角伍分'],
  [123_456_789n, '壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分'],
  [10_000_000_100n, '壹亿零壹元整'],
  [1_000_000_000_000n, '壹佰亿元整'],
  [-7_000n, '负柒拾元整'],
] as const)('%d is written %s', ([minor, words]) => {
  expect(chineseFigures(minor)).toBe(words);
});

const CAN = {
  seqChecked: true,
  dupReported: true,
  readRecord: true,
  readCumulative: true,
  readBalance: true,
  zeroPurchase: true,
  refundCommand: true,
  setAbsolute: true,
  secondTariffSet: true,
};
const NEVER_TRIED = capabilitiesOfWords(PURSE_WORDS.join());
test.for([
  ['everything', 1n, CAN, false, { ok: true, path: 'checked', fence: 'zero' }],
  ['no purchase of nothing', 1n, { ...CAN, zeroPurchase: false }, false, { ok: true, path: 'checked', fence: 'cent' }],
  ['no check of the count', 1n, { ...CAN, seqChecked: false }, false, { ok: false, why: 'unproven' }],
  ['no check, written once', 1n, { ...CAN, seqChecked: false }, true, { ok: true, path: 'writeOnce', fence: 'quiet' }],
  ['nothing that was ever tried', 1n, undefined, false, { ok: false, why: 'unproven' }],
  ['nothing that was ever tried, written once', 1n, NEVER_TRIED, true, { ok: true, path: 'writeOnce', fence: 'quiet' }],
  ['nothing that was ever tried, a refund', -1n, NEVER_TRIED, true, { ok: false, why: 'noRefund' }],
  ['a refund', -1n, CAN, false, { ok: true, path: 'checked', fence: 'zero' }],
  ['a refund by setting', -1n, { ...CAN, refundCommand: false }, false, { ok: true, path: 'absolute', fence: 'quiet' }],
  ['no refund', -1n, { ...CAN, refundCommand: false, setAbsolute: false }, true, { ok: false, why: 'noRefund' }],
  [
    'blind',
    1n,
    { ...CAN, readBalance: false, readRecord: false, readCumulative: false },
    true,
    { ok: false, why: 'unreadable' },
  ],
] as const)('a meter with %s', ([, amount, can, once, plan]) => {
  expect(planDelivery(amount, can, once)).toEqual(plan);
});
