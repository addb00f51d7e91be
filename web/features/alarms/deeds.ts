import {
  ALARM_KINDS,
  type Alarm,
  type AlarmOutcome,
  type AlarmRefusal,
  acknowledgeAlarms,
  assignAlarms,
  clearAlarms,
  noteAlarms,
  SHELF_MS_MAX,
  shelveAlarms,
  unshelveAlarms,
} from '#contract/index.ts';
import { type LifeEvent, stepLife } from '#domain/alarmLife.ts';
import type { ApiClient } from '../../api/client.ts';

/** What a person does to alarms; texts: catalogue key `alarms.deed.<kind>`. */
export const DEED_KINDS = ['acknowledge', 'note', 'shelve', 'unshelve', 'clear', 'assign'] as const;
export type DeedKind = (typeof DEED_KINDS)[number];

/** What is wanted, before it has an id and a time. */
export type Wish =
  | { readonly kind: 'acknowledge' | 'clear' | 'unshelve'; readonly note?: string }
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'shelve'; readonly until: string; readonly note?: string }
  | { readonly kind: 'assign'; readonly userId: number | null };

/**
 * One request as it is sent, and sent again: id and time are made once, when the person does it, so that the server takes
 * it once and knows when it was done however late it arrives.
 */
export type Deed = Wish & { readonly ids: readonly number[]; readonly requestId: string; readonly doneAt: string };

/** Sends a deed; rejects with `ApiError`. */
export async function sendDeed(api: ApiClient, deed: Deed): Promise<readonly AlarmOutcome[]> {
  const { requestId, doneAt } = deed;
  const action = { ids: [...deed.ids], requestId, doneAt };
  const noted = 'note' in deed && deed.note !== undefined && deed.note !== '' ? { note: deed.note } : {};
  switch (deed.kind) {
    case 'acknowledge':
      return (await api.call(acknowledgeAlarms, { body: { ...action, ...noted } })).items;
    case 'clear':
      return (await api.call(clearAlarms, { body: { ...action, ...noted } })).items;
    case 'unshelve':
      return (await api.call(unshelveAlarms, { body: { ...action, ...noted } })).items;
    case 'note':
      return (await api.call(noteAlarms, { body: { ...action, note: deed.note } })).items;
    case 'shelve':
      return (await api.call(shelveAlarms, { body: { ...action, until: deed.until, ...noted } })).items;
    case 'assign':
      return (await api.call(assignAlarms, { body: { ...action, userId: deed.userId } })).items;
  }
}

const EVENTS: Readonly<Partial<Record<DeedKind, LifeEvent>>> = {
  acknowledge: 'acknowledge',
  shelve: 'shelve',
  unshelve: 'unshelve',
};

/** Why a deed can change nothing about an alarm as it is known here, by the server's own table; undefined when it can. */
export function whyNot(alarm: Alarm, kind: DeedKind): AlarmRefusal | 'already' | undefined {
  const event = kind === 'clear' ? ('reset' in ALARM_KINDS[alarm.kind] ? 'reset' : 'close') : EVENTS[kind];
  if (event === undefined) return undefined;
  const step = stepLife(alarm.state, event, alarm.active);
  if (step.result === 'refused') return step.why;
  return step.result === 'already' ? 'already' : undefined;
}

/** Whether it is about something that can be taken out of alarm service; a whole property and the platform cannot. */
export function isOutable(alarm: Alarm): boolean {
  return alarm.source.kind !== 'platform' && alarm.source.kind !== 'property';
}

const HOUR_MS = 3_600_000;
/** Shelves that are offered; the longest is a month. */
const SHELVES_MS: readonly number[] = [1, 4, 8, 12, 24, 72, 168, 720].map((hours) => hours * HOUR_MS);

/** The shelves that every one of these alarms allows: the gravest decides. */
export function shelvesFor(alarms: readonly Alarm[]): readonly number[] {
  const longest = Math.min(...alarms.map(({ severity }) => SHELF_MS_MAX[severity] ?? 0));
  return SHELVES_MS.filter((ms) => ms <= longest);
}
