import {
  ALARM_KINDS,
  type Alarm,
  type AlarmKind,
  type AlarmState,
  type listAlarms,
  type QueryOf,
} from '#contract/index.ts';
import { localDayStart } from '../../charts/zoneTime.ts';

/** Tabs of the list: `all` is what is current and is divided by the next four; `mine` is a part of it. */
export const CURRENT_TABS = ['all', 'unacknowledged', 'acknowledged', 'returned', 'shelved', 'mine'] as const;
/** What a rule or an outage holds back, and the past: asked for by themselves. */
export const OTHER_TABS = ['suppressed', 'outOfService', 'closed'] as const;
export const ALARM_TABS = [...CURRENT_TABS, ...OTHER_TABS] as const;
export type AlarmTab = (typeof ALARM_TABS)[number];
const isOther = (tab: AlarmTab): tab is (typeof OTHER_TABS)[number] => OTHER_TABS.some((other) => other === tab);
export type Severity = 1 | 2 | 3;
export const SEVERITIES: readonly Severity[] = [3, 2, 1];

/** What the list shows, as the address says it. */
export interface AlarmFilter {
  readonly tab: AlarmTab;
  readonly severity: Severity | undefined;
  readonly propertyId: number | undefined;
  /** A building, with everything below it. */
  readonly placeId: number | undefined;
  readonly kind: AlarmKind | undefined;
  /** Who acknowledged it or had otherwise to do with it. */
  readonly handledBy: number | undefined;
  /** Days of the raising, `YYYY-MM-DD`, both included; of the history only. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly q: string;
}

/** Everything that is current. */
export const NO_FILTER: AlarmFilter = {
  tab: 'all',
  severity: undefined,
  propertyId: undefined,
  placeId: undefined,
  kind: undefined,
  handledBy: undefined,
  from: undefined,
  to: undefined,
  q: '',
};

type AddressQuery = Readonly<Record<string, unknown>>;

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : undefined;

const KINDS = Object.keys(ALARM_KINDS) as AlarmKind[];
/** A day that exists, else nothing. */
function dayOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
  const atMs = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== value ? undefined : value;
}

/** The filter in an address; what makes no sense there is as if it were absent. */
export function filterOfAddress(query: AddressQuery): AlarmFilter {
  return {
    tab: ALARM_TABS.find((tab) => tab === query['tab']) ?? 'all',
    severity: SEVERITIES.find((severity) => String(severity) === query['severity']),
    propertyId: wholeNumber(query['property']),
    placeId: wholeNumber(query['place']),
    handledBy: wholeNumber(query['who']),
    kind: KINDS.find((kind) => kind === query['kind']),
    from: dayOf(query['from']),
    to: dayOf(query['to']),
    q: typeof query['q'] === 'string' ? query['q'] : '',
  };
}

/** Whether anything but the tab and the property narrows the list. */
export const isNarrowed = ({ q, severity, kind, placeId, handledBy, from, to }: AlarmFilter): boolean =>
  q !== '' || [severity, kind, placeId, handledBy, from, to].some((part) => part !== undefined);

/** The query of the address that shows this filter; what is at its default is left out. */
export function addressOfFilter(filter: AlarmFilter): Record<string, string> {
  return {
    ...(filter.tab !== 'all' && { tab: filter.tab }),
    ...(filter.severity !== undefined && { severity: String(filter.severity) }),
    ...(filter.propertyId !== undefined && { property: String(filter.propertyId) }),
    ...(filter.placeId !== undefined && { place: String(filter.placeId) }),
    ...(filter.kind !== undefined && { kind: filter.kind }),
    ...(filter.handledBy !== undefined && { who: String(filter.handledBy) }),
    ...(filter.from !== undefined && { from: filter.from }),
    ...(filter.to !== undefined && { to: filter.to }),
    ...(filter.q !== '' && { q: filter.q }),
  };
}

/** Alarms of one page of the API. */
export const ALARM_PAGE_SIZE = 200;

/** What the server filters: the part of the filter that live alarms are not told apart by here. */
function askedFilter(filter: AlarmFilter, timeZone: string) {
  const days = filter.tab === 'closed' ? { from: filter.from, to: filter.to } : { from: undefined, to: undefined };
  const instant = (day: string, shift: number) =>
    new Date(localDayStart(Date.parse(`${day}T12:00:00Z`), timeZone, shift)).toISOString();
  return {
    state: isOther(filter.tab) ? filter.tab : ('current' as const),
    ...(filter.propertyId !== undefined && { propertyId: filter.propertyId }),
    ...(filter.placeId !== undefined && { placeId: filter.placeId }),
    ...(filter.kind !== undefined && { kind: filter.kind }),
    ...(filter.handledBy !== undefined && { handledBy: filter.handledBy }),
    ...(days.from !== undefined && { from: instant(days.from, 0) }),
    ...(days.to !== undefined && { to: instant(days.to, 1) }),
    ...(filter.q !== '' && { q: filter.q }),
  };
}

/**
 * What is asked of the server. Current alarms come whole, so that the tabs and the severities can count them; the past is
 * endless and is filtered there. `timeZone`: of the days in the filter.
 */
export function queryOfFilter(filter: AlarmFilter, timeZone: string): QueryOf<typeof listAlarms> {
  const severity = isOther(filter.tab) && filter.severity !== undefined ? { severity: filter.severity } : {};
  return { limit: ALARM_PAGE_SIZE, ...askedFilter(filter, timeZone), ...severity };
}

/** The same list as the server alone would make it: what a file of exactly what is shown asks for. */
export function fileQueryOf(filter: AlarmFilter, timeZone: string) {
  const state = CURRENT_STATES.find((one) => one === filter.tab);
  return {
    ...askedFilter(filter, timeZone),
    ...(state !== undefined && { state }),
    ...(filter.tab === 'mine' && { assigned: 'me' as const }),
    ...(filter.severity !== undefined && { severity: filter.severity }),
  };
}

/** States of what is current: neither closed nor held back by a rule or an outage. */
const CURRENT_STATES = ['unacknowledged', 'acknowledged', 'returned', 'shelved'] as const;
const isCurrent = (state: AlarmState): boolean => CURRENT_STATES.some((one) => one === state);

const STATE_ORDER: readonly AlarmState[] = [...CURRENT_STATES, 'suppressed', 'outOfService', 'closed'];

/** The order of the list: what waits for a hand first, then the graver, then the newer. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  if (a.state !== b.state) return STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state);
  if (a.state === 'closed') return b.raisedAt.localeCompare(a.raisedAt) || b.id - a.id;
  return b.severity - a.severity || b.raisedAt.localeCompare(a.raisedAt) || b.id - a.id;
}

/** Alarms of a tab and severity, in the order of the list. `me`: who looks. */
export function visibleAlarms(alarms: Iterable<Alarm>, filter: AlarmFilter, me: number): readonly Alarm[] {
  return [...alarms]
    .filter(
      (alarm) => inTab(alarm, filter.tab, me) && (filter.severity === undefined || alarm.severity === filter.severity),
    )
    .sort(compareAlarms);
}

function inTab(alarm: Alarm, tab: AlarmTab, me: number): boolean {
  if (tab === 'all') return isCurrent(alarm.state);
  if (tab === 'mine') return isCurrent(alarm.state) && alarm.assigned?.userId === me;
  return alarm.state === tab;
}

/** How many alarms each tab and each severity would show; every count is the sum of its parts. */
export function countAlarms(alarms: Iterable<Alarm>, filter: AlarmFilter, me: number) {
  const tabs = Object.fromEntries(ALARM_TABS.map((tab) => [tab, 0])) as Record<AlarmTab, number>;
  const severities: Record<number, number> = { 1: 0, 2: 0, 3: 0 };
  for (const alarm of alarms) {
    if (filter.severity === undefined || alarm.severity === filter.severity) {
      for (const tab of ALARM_TABS) if (inTab(alarm, tab, me)) tabs[tab] += 1;
    }
    if (inTab(alarm, filter.tab, me)) severities[alarm.severity] = (severities[alarm.severity] ?? 0) + 1;
  }
  return { tabs, severities };
}

/** Whether what the tab shows was asked for with this one: only then are its alarms here and can be counted. */
export const isCounted = (tab: AlarmTab, shown: AlarmTab): boolean =>
  tab === shown || (!isOther(tab) && !isOther(shown));

/** Whether only the server can tell that an alarm belongs into the list: it knows its words, its place and its past. */
export const isJudgedThere = ({ q, placeId, handledBy, tab }: AlarmFilter): boolean =>
  q !== '' || placeId !== undefined || handledBy !== undefined || tab === 'closed';

/** Whether a live alarm belongs into a list that the server filtered; the rest is the server's to judge. */
export function belongs(alarm: Alarm, filter: AlarmFilter): boolean {
  // Those of the platform, which have no property, concern every one.
  const isOfOne = filter.propertyId !== undefined && alarm.propertyId !== undefined;
  if (isOfOne && alarm.propertyId !== filter.propertyId) return false;
  if (filter.kind !== undefined && alarm.kind !== filter.kind) return false;
  return isOther(filter.tab) ? alarm.state === filter.tab : isCurrent(alarm.state);
}
