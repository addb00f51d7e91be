import { array, assert, bigInt, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { minorOfParts, PARTS_PER_MINOR } from '#domain/money/amount.ts';
import { addToLine, EMPTY_LINE } from '#domain/settlement/rounding.ts';

const prices = bigInt({ min: 0n, max: 300_000_000n });
const amountsUsed = array(bigInt({ min: 0n, max: 5_000_000n }), { maxLength: 60 });

test('however often a line is charged, what remains stays within half a minor unit (I14)', () => {
  assert(
    property(record({ price: prices, quantities: amountsUsed }), ({ price, quantities }) => {
      let line = EMPTY_LINE;
      let charged = 0n;
      for (const quantity of quantities) {
        const added = addToLine(line, { quantity, parts: quantity * price });
        ({ line } = added);
        charged += added.amountMinor;
        const rest = line.parts - charged * PARTS_PER_MINOR;
        expect(rest < 0n ? -rest : rest).toBeLessThanOrEqual(PARTS_PER_MINOR / 2n);
      }
      // Charged each half hour or once a month: the same printed line.
      const total = quantities.reduce((sum, quantity) => sum + quantity, 0n);
      expect(charged).toBe(minorOfParts(total * price));
      expect(line).toEqual({ quantity: total, parts: total * price, chargedMinor: charged });
    }),
  );
});

test('charges follow the total, not each other: a hundred thirds of a fen are 33 fen', () => {
  let line = EMPTY_LINE;
  const amounts: bigint[] = [];
  for (let time = 0; time < 100; time += 1) {
    const added = addToLine(line, { quantity: 1n, parts: 333_333_333n });
    ({ line } = added);
    amounts.push(added.amountMinor);
  }
  expect(amounts.slice(0, 5)).toEqual([0n, 1n, 0n, 0n, 1n]);
  expect(line.chargedMinor).toBe(33n);
});
