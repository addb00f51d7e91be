import { ALARM_RULES, type AlarmRule } from './alarm.ts';

export type RuleKind = keyof typeof ALARM_RULES;

/** What a property says otherwise about when an alarm of a kind is raised and cleared. */
export interface RuleDelays {
  readonly raiseAfterMs: number;
  readonly clearAfterMs: number;
}

/** An alarm that is raised `times` times within the window chatters. */
export interface ChatterRule {
  readonly times: number;
  readonly windowMs: number;
}

/** What decides in a property whether and when an alarm is raised, and how its figures are counted. */
export interface AlarmPolicy {
  readonly delays: Readonly<Partial<Record<RuleKind, RuleDelays>>>;
  readonly chatter: ChatterRule;
  readonly suppressNotOpened: boolean;
  /** Times of day at which shifts begin, "HH:MM", ascending. */
  readonly shiftStarts: readonly string[];
  readonly operators: number;
}

/** Where nobody set anything: three times in ten minutes is chatter, shifts of eight hours from midnight, one operator. */
export const DEFAULT_POLICY: AlarmPolicy = {
  delays: {},
  chatter: { times: 3, windowMs: 10 * 60_000 },
  suppressNotOpened: true,
  shiftStarts: ['00:00', '08:00', '16:00'],
  operators: 1,
};

/** The rule of a kind with what the property says about it; how many looks it takes is not the property's. */
export function ruleOf(policy: AlarmPolicy, kind: RuleKind): AlarmRule {
  const rule: AlarmRule = ALARM_RULES[kind];
  const delays = policy.delays[kind];
  return delays === undefined ? rule : { ...rule, ...delays };
}

/** Kinds of which nothing is said while a meter's room has no account: nobody lives there, its breaker may be off. */
export const HELD_WHILE_NOT_OPENED: readonly RuleKind[] = ['meterLost', 'downloadFailed'];

/** True when these times of day can begin shifts: at least one, each later than the one before. */
export function areShiftStarts(starts: readonly string[]): boolean {
  return starts.length > 0 && starts.every((start, index) => index === 0 || start > (starts[index - 1] ?? ''));
}
