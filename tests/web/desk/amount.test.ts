import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAmount } from '../../../web/features/desk/amount.ts';
import { formatFigure } from '../../../web/ui/format.ts';

describe('an amount as it is typed', () => {
  test.each([
    ['100', 100_00n],
    ['100.', 100_00n],
    ['100.5', 100_50n],
    ['0.01', 1n],
    [' ¥ 1,234.56 ', 1_234_56n],
    ['１００．５０', 100_50n],
    ['100。5', 100_50n],
    ['007', 7_00n],
  ])('%s', (text, minor) => {
    expect(readAmount(text)).toEqual({ ok: true, minor });
  });

  test.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['12a', 'notNumber'],
    ['1e3', 'notNumber'],
    ['1,2', 'notNumber'],
    ['1.2.3', 'notNumber'],
    ['.5', 'notNumber'],
    ['0.005', 'tooManyDecimals'],
    ['0', 'notPositive'],
    ['0.00', 'notPositive'],
    ['-5', 'notPositive'],
    ['1234567890123', 'tooLarge'],
  ])('%s is refused as %s', (text, fault) => {
    expect(readAmount(text)).toEqual({ ok: false, fault });
  });

  test('what is shown can be typed again', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 99_999_999_999_999n }), (minor) => {
        expect(readAmount(formatFigure(minor))).toEqual({ ok: true, minor });
      }),
    );
  });
});
