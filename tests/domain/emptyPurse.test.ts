import { expect, test } from 'vitest';
import { needsCover, type PurseOutlook } from '#domain/emptyPurse.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FROM_MS = Date.parse('2026-11-23T08:00:00Z');
const PERIOD = { fromMs: FROM_MS, untilMs: FROM_MS + 5 * DAY_MS };
const PURSE: PurseOutlook = {
  ...{ balanceMinor: 10_000n, alarm1Minor: 5_000n, cutLineMinor: 0n, dailyMinor: 0n },
  ...{ isOpen: false, hadSupply: false },
};
const DEBT = { balanceMinor: 0n };
const OVERDRAFT = { cutLineMinor: -2_000n, dailyMinor: 1_000n };

test.for([
  ['with money, and no use', {}, FROM_MS, false],
  ['nobody knows its balance', { balanceMinor: undefined }, FROM_MS, true],
  ['at its first alarm, whatever it uses', { balanceMinor: 5_000n }, FROM_MS, true],
  ['twice its use of a day is all it has', { dailyMinor: 1_000n }, FROM_MS, true],
  ['and a little more', { dailyMinor: 1_000n }, FROM_MS + 1, false],
  ['with overdraft, which lasts, too', OVERDRAFT, FROM_MS, false],
  ['and ends', OVERDRAFT, FROM_MS - DAY_MS, true],
  ['nobody knows what it uses', { dailyMinor: undefined }, FROM_MS, false],
  ['in debt before the time begins', DEBT, FROM_MS - 1, false],
  ['in debt within it', DEBT, FROM_MS, true],
  ['which was not seen with supply within it', { ...DEBT, isOpen: true }, FROM_MS + HOUR_MS, false],
  ['which cut within it', { ...DEBT, isOpen: true, hadSupply: true }, FROM_MS + HOUR_MS, true],
] satisfies [string, Partial<PurseOutlook>, number, boolean][])('a meter %s', ([, change, nowMs, must]) => {
  expect(needsCover({ ...PURSE, ...change }, PERIOD, nowMs)).toBe(must);
});
