import type { Alarm } from '#contract/index.ts';

/** Something that happened to an alarm; `key` is a catalogue key under `alarms.event`. */
export interface AlarmEvent {
  readonly key: 'raised' | 'acknowledged' | 'returned';
  readonly at: string;
  readonly who: string;
  readonly note: string | undefined;
}

/** The life of an alarm, newest first. */
export function alarmTimeline(alarm: Alarm): readonly AlarmEvent[] {
  const events: AlarmEvent[] = [{ key: 'raised', at: alarm.raisedAt, who: '', note: undefined }];
  if (alarm.acknowledgedAt !== undefined) {
    events.push({ key: 'acknowledged', at: alarm.acknowledgedAt, who: alarm.acknowledgedBy ?? '', note: alarm.note });
  }
  if (alarm.clearedAt !== undefined) events.push({ key: 'returned', at: alarm.clearedAt, who: '', note: undefined });
  return events.sort((a, b) => b.at.localeCompare(a.at));
}
