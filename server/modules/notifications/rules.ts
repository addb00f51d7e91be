import type { Suppression } from '#contract/index.ts';
import { type Scope, scopeCovers } from '#server/platform/http/index.ts';
import type { AlarmNews, Person, QuietHours, Wanted } from './types.ts';

/** What is older when it could be told at last is in the list of alarms and wakes nobody. */
export const TELL_MS_MAX = 6 * 3_600_000;
const MINUTES_OF_DAY = 1_440;
const HIGH = 3;

type NewsFacts = AlarmNews['facts'];

/** Does this alarm lie within the wishes? Rights are another question. */
export function isWanted(wanted: Wanted, facts: NewsFacts): boolean {
  if (facts.severity < wanted.severity) return false;
  if (facts.what === 'returned' && !wanted.returned) return false;
  if (wanted.kinds !== undefined && !wanted.kinds.includes(facts.kind)) return false;
  if (wanted.propertyIds === undefined) return true;
  return facts.propertyId !== undefined && wanted.propertyIds.includes(facts.propertyId);
}

/** May somebody with this right see the alarm? The platform's own are for those who see the whole group. */
export function maySee(
  scope: Scope,
  { propertyId, buildingId }: Pick<NewsFacts, 'propertyId' | 'buildingId'>,
): boolean {
  return propertyId === undefined ? scope.all : scopeCovers(scope, propertyId, buildingId);
}

/** Why this is not sent to a person by a way that they chose; undefined: it is sent. */
export function suppressionFor(
  person: Pick<Person, 'quiet' | 'timeZone'> | undefined,
  { atMs, facts }: AlarmNews,
  nowMs: number,
): Suppression | undefined {
  if (nowMs - atMs > TELL_MS_MAX) return 'late';
  const { quiet, timeZone } = person ?? {};
  if (quiet === undefined || timeZone === undefined) return undefined;
  if (quiet.exceptHigh && facts.severity >= HIGH) return undefined;
  return isQuiet(quiet, minuteOfDay(nowMs, timeZone)) ? 'quietHours' : undefined;
}

/** From the first minute up to the last, over midnight where the end is the smaller one; equal ends: the whole day. */
export function isQuiet({ fromMinute, toMinute }: QuietHours, minute: number): boolean {
  const length = (toMinute - fromMinute + MINUTES_OF_DAY) % MINUTES_OF_DAY || MINUTES_OF_DAY;
  return (minute - fromMinute + MINUTES_OF_DAY) % MINUTES_OF_DAY < length;
}

function minuteOfDay(atMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const [hour, minute] = format.format(atMs).split(':').map(Number);
  return (hour ?? 0) * 60 + (minute ?? 0);
}

/** Whether this machine knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
