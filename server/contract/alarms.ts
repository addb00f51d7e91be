import { type Static, Type } from 'typebox';
import { Id, Instant, Names, page, pageQuery } from './common.ts';
import { route } from './route.ts';

const tag = 'alarms';

/** What an alarm is about. `property`: the way to all of it; `platform`: this program and its stores, of no property. */
export const ALARM_SOURCES = ['platform', 'property', 'gateway', 'line', 'meter'] as const;
export type AlarmSourceKind = (typeof ALARM_SOURCES)[number];

/** Kinds of alarm, with their severity: 1 low, 2 medium, 3 high. Texts: catalogue key `alarm.<kind>`. */
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
  downloadFailed: { severity: 2, source: 'meter' },
  vendInDoubt: { severity: 2, source: 'meter' },
  vendQuarantined: { severity: 3, source: 'meter' },
  foreignWrite: { severity: 3, source: 'meter' },
} as const satisfies Record<string, { severity: 1 | 2 | 3; source: AlarmSourceKind }>;
export type AlarmKind = keyof typeof ALARM_KINDS;
const AlarmKindName = Type.Enum(Object.keys(ALARM_KINDS) as AlarmKind[]);

/** `open`: condition holds. `returned`: condition gone, not yet acknowledged. `closed`: gone and acknowledged. */
export const AlarmState = Type.Union([Type.Literal('open'), Type.Literal('returned'), Type.Literal('closed')]);

export const Alarm = Type.Object({
  id: Id,
  /** Absent where the platform itself is the source; those are for everybody whose right covers the whole group. */
  propertyId: Type.Optional(Id),
  kind: AlarmKindName,
  severity: Type.Integer({ minimum: 1, maximum: 3 }),
  state: AlarmState,
  source: Type.Object({
    kind: Type.Enum([...ALARM_SOURCES]),
    /** 0 for the platform. */
    id: Type.Integer({ minimum: 0 }),
  }),
  /** Place and thing in words for the list: ["购物中心", "3F", "3F-27"], in both languages where known. */
  path: Type.Array(Names),
  label: Type.Optional(Names),
  raisedAt: Instant,
  clearedAt: Type.Optional(Instant),
  acknowledgedAt: Type.Optional(Instant),
  acknowledgedBy: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  /** Value and limit in the unit, e.g. 412000 W of 400000 W, 31 of 32 gateways; balances as minor units. */
  value: Type.Optional(Type.Number()),
  limit: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String()),
  /** Meters that went with the cause (lost network, gateway or line). */
  childCount: Type.Integer({ minimum: 0 }),
});
export type Alarm = Static<typeof Alarm>;

export const listAlarms = route({
  method: 'GET',
  path: '/api/alarms',
  access: 'alarm.view',
  tag,
  summary:
    'Alarms, newest first; `current` = open or not yet acknowledged. Those of the platform belong to every property',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    meterId: Type.Optional(Id),
    lineId: Type.Optional(Id),
    gatewayId: Type.Optional(Id),
    state: Type.Optional(
      Type.Union([
        Type.Literal('current'),
        Type.Literal('open'),
        Type.Literal('returned'),
        Type.Literal('closed'),
        Type.Literal('all'),
      ]),
    ),
    acknowledged: Type.Optional(Type.Boolean()),
    kind: Type.Optional(AlarmKindName),
    severity: Type.Optional(Type.Integer({ minimum: 1, maximum: 3 })),
    q: Type.Optional(Type.String({ maxLength: 80 })),
    ...pageQuery,
  }),
  response: page(Alarm),
});
/** Partial success is normal: each id has its own outcome. */
export const acknowledgeAlarms = route({
  method: 'POST',
  path: '/api/alarms/acknowledge',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Acknowledge alarms with the author, the time and an optional note',
  body: Type.Object(
    { ids: Type.Array(Id, { minItems: 1, maxItems: 500 }), note: Type.Optional(Type.String({ maxLength: 500 })) },
    { additionalProperties: false },
  ),
  response: Type.Object({
    items: Type.Array(
      Type.Object({
        id: Id,
        outcome: Type.Union([Type.Literal('acknowledged'), Type.Literal('already'), Type.Literal('not-found')]),
        alarm: Type.Optional(Alarm),
      }),
    ),
  }),
});
/** Counts for the badge and the rail. */
export const countAlarms = route({
  method: 'GET',
  path: '/api/alarms/counts',
  access: 'alarm.view',
  tag,
  summary: 'Open alarms by severity, and how many are unacknowledged',
  query: Type.Object({ propertyId: Type.Optional(Id) }),
  response: Type.Object({
    unacknowledged: Type.Integer(),
    low: Type.Integer(),
    medium: Type.Integer(),
    high: Type.Integer(),
  }),
});
