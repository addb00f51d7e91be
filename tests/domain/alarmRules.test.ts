import { describe, expect, test } from 'vitest';
import { ALARM_RULES } from '#domain/alarm.ts';
import { areShiftStarts, DEFAULT_POLICY, ruleOf } from '#domain/alarmRules.ts';

describe('the rule of a kind', () => {
  test('is the usual one where the property says nothing', () => {
    expect(ruleOf(DEFAULT_POLICY, 'overload')).toEqual(ALARM_RULES.overload);
  });

  test('takes the delays of the property, and keeps its own number of looks', () => {
    const policy = { ...DEFAULT_POLICY, delays: { overload: { raiseAfterMs: 5_000, clearAfterMs: 7_000 } } };
    expect(ruleOf(policy, 'overload')).toEqual({
      ...ALARM_RULES.overload,
      ...{ raiseAfterMs: 5_000, clearAfterMs: 7_000 },
    });
    expect(ruleOf(policy, 'arrears')).toEqual(ALARM_RULES.arrears);
  });
});

test.each([
  [['00:00', '08:00', '16:00'], true],
  [['07:30'], true],
  [[], false],
  [['08:00', '08:00'], false],
  [['16:00', '08:00'], false],
])('%j can begin shifts: %s', (starts, can) => {
  expect(areShiftStarts(starts)).toBe(can);
});
