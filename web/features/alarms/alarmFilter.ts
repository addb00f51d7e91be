import type { Alarm, listAlarms, QueryOf } from '#contract/index.ts';

/** Tabs of the list; the first four divide what is current, `closed` is the past. */
export const ALARM_TABS = ['all', 'unacknowledged', 'acknowledged', 'returned', 'closed'] as const;
export type AlarmTab = (typeof ALARM_TABS)[number];
export type Severity = 1 | 2 | 3;
export const SEVERITIES: readonly Severity[] = [3, 2, 1];

/** What the list shows, as the address says it. */
export interface AlarmFilter {
  readonly tab: AlarmTab;
  readonly severity: Severity | undefined;
  readonly propertyId: number | undefined;
  readonly q: string;
}

type AddressQuery = Readonly<Record<string, unknown>>;

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : undefined;

/** The filter in an address; what makes no sense there is as if it were absent. */
export function filterOfAddress(query: AddressQuery): AlarmFilter {
  return {
    tab: ALARM_TABS.find((tab) => tab === query['tab']) ?? 'all',
    severity: SEVERITIES.find((severity) => String(severity) === query['severity']),
    propertyId: wholeNumber(query['property']),
    q: typeof query['q'] === 'string' ? query['q'] : '',
  };
}

/** The query of the address that shows this filter; what is at its default is left out. */
export function addressOfFilter(filter: AlarmFilter): Record<string, string> {
  return {
    ...(filter.tab !== 'all' && { tab: filter.tab }),
    ...(filter.severity !== undefined && { severity: String(filter.severity) }),
    ...(filter.propertyId !== undefined && { property: String(filter.propertyId) }),
    ...(filter.q !== '' && { q: filter.q }),
  };
}

/** Alarms of one page of the API. */
export const ALARM_PAGE_SIZE = 200;

/**
 * What is asked of the server. Current alarms come whole, so that the tabs and the severities can count them;
 * the past is endless and is filtered there.
 */
export function queryOfFilter(filter: AlarmFilter): QueryOf<typeof listAlarms> {
  return {
    limit: ALARM_PAGE_SIZE,
    state: filter.tab === 'closed' ? 'closed' : 'current',
    ...(filter.propertyId !== undefined && { propertyId: filter.propertyId }),
    ...(filter.q !== '' && { q: filter.q }),
    ...(filter.tab === 'closed' && filter.severity !== undefined && { severity: filter.severity }),
  };
}

/** Where an alarm stands in its life; each alarm stands in exactly one. */
export type AlarmStanding = Exclude<AlarmTab, 'all'>;

export function standingOf(alarm: Alarm): AlarmStanding {
  switch (alarm.state) {
    case 'unacknowledged':
    case 'acknowledged':
    case 'closed':
      return alarm.state;
    case 'returned':
    case 'shelved':
    case 'suppressed':
    case 'outOfService':
      return 'returned';
  }
}

/** True while an acknowledgement changes anything. */
export const canAcknowledge = (alarm: Alarm): boolean => alarm.state === 'unacknowledged' || alarm.state === 'returned';

const STANDING_ORDER: readonly AlarmStanding[] = ['unacknowledged', 'acknowledged', 'returned', 'closed'];

/** The order of the list: what waits for a hand first, then the graver, then the newer. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  const [standingA, standingB] = [standingOf(a), standingOf(b)];
  if (standingA !== standingB) return STANDING_ORDER.indexOf(standingA) - STANDING_ORDER.indexOf(standingB);
  if (standingA === 'closed') return b.raisedAt.localeCompare(a.raisedAt) || b.id - a.id;
  return b.severity - a.severity || b.raisedAt.localeCompare(a.raisedAt) || b.id - a.id;
}

/** Alarms of a tab and severity, in the order of the list. */
export function visibleAlarms(alarms: Iterable<Alarm>, filter: AlarmFilter): readonly Alarm[] {
  return [...alarms]
    .filter(
      (alarm) => inTab(alarm, filter.tab) && (filter.severity === undefined || alarm.severity === filter.severity),
    )
    .sort(compareAlarms);
}

function inTab(alarm: Alarm, tab: AlarmTab): boolean {
  const standing = standingOf(alarm);
  return tab === 'all' ? standing !== 'closed' : standing === tab;
}

/** How many alarms each tab and each severity would show; every count is the sum of its parts. */
export function countAlarms(alarms: Iterable<Alarm>, filter: AlarmFilter) {
  const tabs: Record<AlarmTab, number> = { all: 0, unacknowledged: 0, acknowledged: 0, returned: 0, closed: 0 };
  const severities: Record<number, number> = { 1: 0, 2: 0, 3: 0 };
  for (const alarm of alarms) {
    const standing = standingOf(alarm);
    if (filter.severity === undefined || alarm.severity === filter.severity) {
      tabs[standing] += 1;
      if (standing !== 'closed') tabs.all += 1;
    }
    if (inTab(alarm, filter.tab)) severities[alarm.severity] = (severities[alarm.severity] ?? 0) + 1;
  }
  return { tabs, severities };
}

/** Whether a live alarm belongs into a list that the server filtered by property; text is the server's to judge. */
export function belongs(alarm: Alarm, filter: AlarmFilter): boolean {
  // Those of the platform, which have no property, concern every one.
  const isOfOne = filter.propertyId !== undefined && alarm.propertyId !== undefined;
  if (isOfOne && alarm.propertyId !== filter.propertyId) return false;
  return filter.tab === 'closed' ? alarm.state === 'closed' : alarm.state !== 'closed';
}
