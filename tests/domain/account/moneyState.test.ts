import { describe, expect, test } from 'vitest';
import { inMeter, inWallet, isInArrears, moneyStateOf } from '#domain/account/moneyState.ts';

const lines = { alarm1Minor: 50_00n, alarm2Minor: 20_00n, cutLineMinor: 0n };

describe('a balance on a line is still on its good side, but for the cut line', () => {
  test.each([
    [50_00n, 'normal'],
    [49_99n, 'alarm1'],
    [20_00n, 'alarm1'],
    [19_99n, 'alarm2'],
    [1n, 'alarm2'],
    [0n, 'arrears'],
    [-5_00n, 'arrears'],
  ])('%d minor units: %s', (balance, state) => {
    expect(moneyStateOf(inMeter(balance), lines)).toBe(state);
  });

  test('with an overdraft the cut line lies below zero', () => {
    const overdraft = { ...lines, cutLineMinor: -10_00n };
    expect(moneyStateOf(inWallet(0n), overdraft)).toBe('alarm2');
    expect(moneyStateOf(inWallet(-9_99n), overdraft)).toBe('alarm2');
    expect(moneyStateOf(inWallet(-10_00n), overdraft)).toBe('arrears');
  });
});

test('a wallet without any entry is empty and owes nothing; the first charge that passes the line is arrears', () => {
  expect(isInArrears(inWallet(undefined), lines)).toBe(false);
  expect(moneyStateOf(inWallet(undefined), lines)).toBe('normal');
  expect(isInArrears(inWallet(0n), lines)).toBe(true);
  expect(isInArrears(inWallet(-68n), lines)).toBe(true);
  expect(isInArrears(inWallet(-68n), { cutLineMinor: -10_00n })).toBe(false);
  expect(isInArrears(inMeter(0n), lines)).toBe(true);
});
