import { type Static, Type } from 'typebox';
import { closed, Id, Instant, Names, page, pageQuery, RequestId } from './common.ts';
import { route } from './route.ts';

const tag = 'alarms';

/** What an alarm is about. `property`: the way to all of it; `platform`: this program and its stores, of no property. */
export const ALARM_SOURCES = ['platform', 'property', 'gateway', 'line', 'meter'] as const;
export type AlarmSourceKind = (typeof ALARM_SOURCES)[number];
export const AlarmSourceDto = Type.Object({
  kind: Type.Enum([...ALARM_SOURCES]),
  /** 0 for the platform. */
  id: Type.Integer({ minimum: 0 }),
});

/**
 * Kinds of alarm, with their severity: 1 low, 2 medium, 3 high. Texts: catalogue key `alarm.<kind>`. `reset: manual`: a
 * person may clear it while the program still sees its cause, since nothing but another attempt would end that.
 */
export const ALARM_KINDS = {
  storeDown: { severity: 2, source: 'platform' },
  spoolFull: { severity: 3, source: 'platform' },
  networkLost: { severity: 3, source: 'property' },
  gatewayLost: { severity: 3, source: 'gateway' },
  lineLost: { severity: 3, source: 'line' },
  meterLost: { severity: 2, source: 'meter' },
  balanceLow1: { severity: 1, source: 'meter' },
  balanceLow2: { severity: 2, source: 'meter' },
  arrears: { severity: 3, source: 'meter' },
  overload: { severity: 2, source: 'meter' },
  relayDisagrees: { severity: 2, source: 'meter' },
  commandInDoubt: { severity: 3, source: 'meter' },
  downloadFailed: { severity: 2, source: 'meter', reset: 'manual' },
  vendInDoubt: { severity: 2, source: 'meter' },
  vendQuarantined: { severity: 3, source: 'meter' },
  foreignWrite: { severity: 3, source: 'meter' },
} as const satisfies Record<string, { severity: 1 | 2 | 3; source: AlarmSourceKind; reset?: 'manual' }>;
export type AlarmKind = keyof typeof ALARM_KINDS;
export const AlarmKindName = Type.Enum(Object.keys(ALARM_KINDS) as AlarmKind[]);

/**
 * States after ISA-18.2. `unacknowledged`, `acknowledged`: the condition holds. `returned`: it is gone and nobody saw it.
 * `shelved`: a person holds it back until an instant. `suppressed`: a rule does, while something explains it.
 * `outOfService`: its source was taken out of alarm service. `closed`: over.
 */
export const ALARM_STATES = [
  'unacknowledged',
  'acknowledged',
  'returned',
  'shelved',
  'suppressed',
  'outOfService',
  'closed',
] as const;
export const AlarmState = Type.Enum([...ALARM_STATES]);
export type AlarmState = (typeof ALARM_STATES)[number];

/** Why a rule holds an alarm back: a greater loss explains it (`cause`), or the room has no account (`notOpened`). */
export const ALARM_SUPPRESSIONS = ['cause', 'notOpened'] as const;

/** The longest shelf by severity, ms: what is grave is looked at again within the shift. */
export const SHELF_MS_MAX: Readonly<Record<number, number>> = {
  1: 30 * 24 * 3_600_000,
  2: 7 * 24 * 3_600_000,
  3: 12 * 3_600_000,
};
/** How old an action that waited for signal may be when it arrives, ms. */
export const DONE_AGE_MS_MAX = 24 * 3_600_000;
/** Alarms in one action. */
export const ALARM_IDS_MAX = 500;

const Person = Type.Object({ userId: Type.Optional(Id), name: Type.String() });

export const Alarm = Type.Object({
  id: Id,
  /** Absent where the platform itself is the source; those are for everybody whose right covers the whole group. */
  propertyId: Type.Optional(Id),
  kind: AlarmKindName,
  severity: Type.Integer({ minimum: 1, maximum: 3 }),
  state: AlarmState,
  /** The condition holds, whatever was done about it. */
  active: Type.Boolean(),
  source: AlarmSourceDto,
  /** Place and thing in words for the list: ["购物中心", "3F", "3F-27"], in both languages where known. */
  path: Type.Array(Names),
  label: Type.Optional(Names),
  raisedAt: Instant,
  /** The last time; later than `raisedAt` when it came again before anybody closed it. */
  lastRaisedAt: Instant,
  /** How many times it came. */
  occurrences: Type.Integer({ minimum: 1 }),
  clearedAt: Type.Optional(Instant),
  acknowledgedAt: Type.Optional(Instant),
  acknowledgedBy: Type.Optional(Type.String()),
  assigned: Type.Optional(Person),
  /** The last one; all of them are events. */
  note: Type.Optional(Type.String()),
  shelf: Type.Optional(
    Type.Object({ until: Instant, by: Type.String(), at: Instant, reason: Type.Optional(Type.String()) }),
  ),
  suppressedBy: Type.Optional(Type.Enum([...ALARM_SUPPRESSIONS])),
  /** The alarm of the greater loss that explains this one. */
  causeId: Type.Optional(Id),
  /** With `outOfService`: what was taken out, the alarm's own source or what that stands behind. */
  outageId: Type.Optional(Id),
  /** Since when it comes and goes too often; announcements wait until it rests. */
  chatteringSince: Type.Optional(Instant),
  closedAt: Type.Optional(Instant),
  closedBy: Type.Optional(Type.String()),
  /** Value and limit in the unit, e.g. 412000 W of 400000 W, 31 of 32 gateways; balances as minor units. */
  value: Type.Optional(Type.Number()),
  limit: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String()),
  /** Meters that are gone with the cause (lost network, gateway or line): now while it is active, at most once it is over. */
  childCount: Type.Integer({ minimum: 0 }),
});
export type Alarm = Static<typeof Alarm>;

/** What can happen to an alarm. */
export const ALARM_EVENTS = [
  'raised',
  'cleared',
  'acknowledged',
  'noted',
  'assigned',
  'shelved',
  'unshelved',
  'suppressed',
  'unsuppressed',
  'outOfService',
  'inService',
  'chattering',
  'rested',
  'closed',
] as const;
export type AlarmEventKind = (typeof ALARM_EVENTS)[number];
export const AlarmEvent = Type.Object({
  id: Type.String(),
  event: Type.Enum([...ALARM_EVENTS]),
  /** When it happened; for what a person did, when it arrived here. */
  at: Instant,
  /** When the person did it, where the action waited for signal. */
  doneAt: Type.Optional(Instant),
  /** Absent where the program acted by itself. */
  by: Type.Optional(Type.String()),
  state: AlarmState,
  note: Type.Optional(Type.String()),
  until: Type.Optional(Instant),
  /** Given to; absent with `assigned` = taken from whoever had it. */
  assignee: Type.Optional(Type.String()),
  value: Type.Optional(Type.Number()),
  limit: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String()),
});
export type AlarmEvent = Static<typeof AlarmEvent>;

/** Filters of list and export. Without `state`: what is current, and of that what nothing holds back but a shelf. */
export const alarmFilter = {
  propertyId: Type.Optional(Id),
  /** With everything below it. */
  placeId: Type.Optional(Id),
  meterId: Type.Optional(Id),
  lineId: Type.Optional(Id),
  gatewayId: Type.Optional(Id),
  /** `current`: neither closed, suppressed nor out of service. `open`: the condition holds, whatever was done about it. */
  state: Type.Optional(Type.Enum(['current', 'open', 'all', ...ALARM_STATES])),
  acknowledged: Type.Optional(Type.Boolean()),
  kind: Type.Optional(AlarmKindName),
  severity: Type.Optional(Type.Integer({ minimum: 1, maximum: 3 })),
  assigned: Type.Optional(Type.Enum(['me', 'nobody', 'somebody'])),
  assignedTo: Type.Optional(Id),
  /** Who acknowledged it, noted, shelved, cleared or did anything else to it, or has it. */
  handledBy: Type.Optional(Id),
  /** Alarms that this one explains. */
  causeId: Type.Optional(Id),
  chattering: Type.Optional(Type.Boolean()),
  /** Raised at or after. */
  from: Type.Optional(Instant),
  /** Raised before. */
  to: Type.Optional(Instant),
  /** Place, meter, note. */
  q: Type.Optional(Type.String({ maxLength: 80 })),
};

export const listAlarms = route({
  method: 'GET',
  path: '/api/alarms',
  access: 'alarm.view',
  tag,
  summary: 'Alarms, newest first; `current` by default. Those of the platform belong to every property',
  query: Type.Object({ ...alarmFilter, ...pageQuery }),
  response: page(Alarm),
});
/** Counts for the badge, the rail and the tabs. */
export const countAlarms = route({
  method: 'GET',
  path: '/api/alarms/counts',
  access: 'alarm.view',
  tag,
  summary: 'Open alarms by severity, all by state, and how many wait for a hand',
  query: Type.Object({ propertyId: Type.Optional(Id) }),
  response: Type.Object({
    /** Unacknowledged or returned: waits for a hand. */
    unacknowledged: Type.Integer(),
    /** Open and not held back, by severity. */
    low: Type.Integer(),
    medium: Type.Integer(),
    high: Type.Integer(),
    states: Type.Object({
      unacknowledged: Type.Integer(),
      acknowledged: Type.Integer(),
      returned: Type.Integer(),
      shelved: Type.Integer(),
      suppressed: Type.Integer(),
      outOfService: Type.Integer(),
    }),
    /** Current ones that the person who asks has. */
    mine: Type.Integer(),
    /** Gravest severity that calls for somebody: active, unacknowledged and not chattering; 0 when nothing does. */
    calling: Type.Integer({ minimum: 0, maximum: 3 }),
    chattering: Type.Integer(),
  }),
});
const alarmId = { alarmId: Id };
export const getAlarm = route({
  method: 'GET',
  path: '/api/alarms/:alarmId',
  access: 'alarm.view',
  tag,
  summary: 'One alarm with everything that happened to it, newest first',
  params: Type.Object(alarmId),
  response: Type.Object({
    alarm: Alarm,
    events: Type.Array(AlarmEvent),
    /** Older events are not in the answer. */
    moreEvents: Type.Boolean(),
  }),
});
export const AlarmChild = Type.Object({
  meterId: Id,
  meterNumber: Type.String(),
  placeId: Id,
  path: Type.Array(Names),
  label: Type.Optional(Names),
  link: Type.Enum(['online', 'late', 'lost']),
  lastHeardAt: Type.Optional(Instant),
  /** As it was heard last. */
  loadW: Type.Optional(Type.Number()),
  isProtected: Type.Boolean(),
  /** Its own alarm that the greater loss holds back. */
  alarmId: Type.Optional(Id),
});
export type AlarmChild = Static<typeof AlarmChild>;
export const listAlarmChildren = route({
  method: 'GET',
  path: '/api/alarms/:alarmId/children',
  access: 'alarm.view',
  tag,
  summary: 'Meters behind the lost network, gateway or line of an alarm, with their names and what was heard last',
  params: Type.Object(alarmId),
  query: Type.Object(pageQuery),
  response: page(AlarmChild),
});

/** Why an alarm was left as it is. Texts: catalogue key `alarms.why.<why>`. */
export const ALARM_REFUSALS = [
  /** The condition holds: it is cleared when that is over. */
  'still-holds',
  /** It came again after the person did this. */
  'raised-again',
  'closed',
  'suppressed',
  'outOfService',
  'shelved',
  'not-shelved',
  /** The shelf is longer than its severity allows (`SHELF_MS_MAX`), or over already. */
  'shelf-too-long',
  'shelf-over',
  /** The assignee has no right to alarms there. */
  'assignee-has-no-right',
] as const;
export type AlarmRefusal = (typeof ALARM_REFUSALS)[number];

/** Partial success is normal: each id has its own outcome. `already`: it was so before, nothing changed. */
export const AlarmOutcome = Type.Object({
  id: Id,
  outcome: Type.Enum(['done', 'already', 'refused', 'not-found']),
  /** With `refused`. */
  why: Type.Optional(Type.Enum([...ALARM_REFUSALS])),
  /** As it is now; absent with `not-found`. */
  alarm: Type.Optional(Alarm),
});
export type AlarmOutcome = Static<typeof AlarmOutcome>;
const outcomes = Type.Object({ items: Type.Array(AlarmOutcome) });

/** Of every action. The same `requestId` again gets the same outcomes and changes nothing. */
const action = {
  ids: Type.Array(Id, { minItems: 1, maxItems: ALARM_IDS_MAX }),
  requestId: Type.Optional(RequestId),
  /** When the person did it, where it waited for signal: not in the future, at most 24 h ago. */
  doneAt: Type.Optional(Instant),
};
const note = Type.String({ minLength: 1, maxLength: 500 });

export const acknowledgeAlarms = route({
  method: 'POST',
  path: '/api/alarms/acknowledge',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Acknowledge alarms with the author, the time and an optional note',
  body: Type.Object({ ...action, note: Type.Optional(Type.String({ maxLength: 500 })) }, closed),
  response: outcomes,
});
export const noteAlarms = route({
  method: 'POST',
  path: '/api/alarms/note',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Add a note to alarms; any number, at any time',
  body: Type.Object({ ...action, note }, closed),
  response: outcomes,
});
export const shelveAlarms = route({
  method: 'POST',
  path: '/api/alarms/shelve',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Hold alarms back until an instant, at most 30 days (low), 7 days (medium), 12 hours (high)',
  body: Type.Object({ ...action, until: Instant, note: Type.Optional(note) }, closed),
  response: outcomes,
});
export const unshelveAlarms = route({
  method: 'POST',
  path: '/api/alarms/unshelve',
  access: 'alarm.acknowledge',
  tag,
  summary: 'End the shelf of alarms before its time',
  body: Type.Object({ ...action, note: Type.Optional(note) }, closed),
  response: outcomes,
});
export const assignAlarms = route({
  method: 'POST',
  path: '/api/alarms/assign',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Give alarms to a person with the right to alarms there; null = to nobody',
  body: Type.Object({ ...action, userId: Type.Union([Id, Type.Null()]), note: Type.Optional(note) }, closed),
  response: outcomes,
});
export const clearAlarms = route({
  method: 'POST',
  path: '/api/alarms/clear',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Close alarms whose condition is gone, or that are reset by hand; what cannot be closed says why',
  body: Type.Object({ ...action, note: Type.Optional(note) }, closed),
  response: outcomes,
});
export const listAlarmAssignees = route({
  method: 'GET',
  path: '/api/alarms/assignees',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Who can be given alarms of a property (or, with `placeId`, of that building), by name',
  query: Type.Object({ propertyId: Id, placeId: Type.Optional(Id) }),
  response: Type.Object({ items: Type.Array(Type.Object({ userId: Id, name: Type.String() })) }),
});
