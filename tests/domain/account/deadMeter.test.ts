import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateBalance, registerAtRatio } from '#domain/account/deadMeter.ts';
import { parseDecimal } from '#domain/money/amount.ts';

const kWh = (text: string): bigint => parseDecimal(text, 3);
const yuan = (text: string): bigint => parseDecimal(text, 2);
const price = (text: string): bigint => parseDecimal(text, 8);

describe('a dead meter', () => {
  test('held its last balance less what ran through it since: 60.00 at 8780.00, 8791.07 by eye at 0.68', () => {
    const last = { balanceMinor: yuan('60.00'), energyWh: kWh('8780.00') };
    // 7.5276 were used, rounded once.
    expect((kWh('8791.07') - last.energyWh) * price('0.68')).toBe(parseDecimal('7.5276', 11));
    expect(estimateBalance(last, kWh('8791.07'), price('0.68'))).toBe(yuan('52.47'));
  });
  test('a register below the last one that was read is no estimate', () => {
    const last = { balanceMinor: 60_00n, energyWh: kWh('8780.00') };
    expect(estimateBalance(last, kWh('8779.99'), price('0.68'))).toBeUndefined();
  });
});

describe('transformer ratios', () => {
  test('the multiplier is applied to what was used, never to the register: 200/5 and 10000/100, 1.23 kWh are 4920 kWh', () => {
    const multiplier = (200n / 5n) * (10_000n / 100n);
    expect(multiplier).toBe(4_000n);
    const opening = registerAtRatio(kWh('8765.43'), 1n, multiplier);
    const later = kWh('8766.66') * multiplier;
    expect(later - opening).toBe(kWh('4920'));
  });
  test('what was used before a change keeps its ratio, what comes after has the new one, and nothing is used by the change', () => {
    const counter = fc.bigInt({ min: 0n, max: 99_999_999n });
    const ratio = fc.bigInt({ min: 1n, max: 10_000n });
    fc.assert(
      fc.property(counter, counter, counter, ratio, ratio, (start, a, b, before, after) => {
        const change = start + a;
        const first = change * before - start * before;
        const opening = registerAtRatio(change * before, before, after);
        const second = (change + b) * after - opening;
        expect([first, second]).toEqual([a * before, b * after]);
      }),
    );
  });
});
