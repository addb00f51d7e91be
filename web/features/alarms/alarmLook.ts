import type { Alarm } from '#contract/index.ts';

/** How an alarm's mark is drawn: filled = waits for a hand, outlined = acknowledged, returned = the condition is gone. */
export function alarmLook(alarm: Alarm): 'filled' | 'outlined' | 'returned' {
  if (alarm.state === 'unacknowledged') return 'filled';
  return alarm.state === 'acknowledged' ? 'outlined' : 'returned';
}
