import { type Static, Type } from 'typebox';
import { ALARM_STATES, AlarmKindName } from './alarms.ts';
import { COMMAND_KINDS, COMMAND_STATES } from './commands.ts';
import { Id, Instant, MinorUnits } from './common.ts';
import { route } from './route.ts';
import { VEND_KINDS, VEND_STATES } from './vending.ts';

/** The longest span that one question covers, days. */
export const TIMELINE_DAYS_MAX = 800;
/** Events of one sort in an answer. */
export const TIMELINE_EVENTS_MAX = 1_000;
export const TIMELINE_SORTS = ['command', 'alarm', 'sale', 'tariff', 'account'] as const;
export type TimelineSort = (typeof TIMELINE_SORTS)[number];

/** Something that happened to a meter; `id` finds it where it belongs. */
export const MeterEvent = Type.Union([
  Type.Object({
    sort: Type.Literal('command'),
    at: Instant,
    id: Type.String(),
    kind: Type.Enum([...COMMAND_KINDS]),
    state: Type.Enum([...COMMAND_STATES]),
    by: Type.String(),
  }),
  Type.Object({
    sort: Type.Literal('alarm'),
    at: Instant,
    /** Absent while the condition holds. */
    until: Type.Optional(Instant),
    id: Type.String(),
    kind: AlarmKindName,
    state: Type.Enum([...ALARM_STATES]),
    severity: Type.Integer(),
  }),
  Type.Object({
    sort: Type.Literal('sale'),
    at: Instant,
    id: Type.String(),
    kind: Type.Enum([...VEND_KINDS]),
    state: Type.Enum([...VEND_STATES]),
    netMinor: MinorUnits,
    by: Type.String(),
  }),
  Type.Object({
    sort: Type.Literal('tariff'),
    /** From then on other prices hold. */
    at: Instant,
    id: Type.String(),
    kind: Type.String({ description: 'kind of the body: single, timeOfUse …' }),
    name: Type.String(),
  }),
  Type.Object({
    sort: Type.Literal('account'),
    at: Instant,
    id: Type.String(),
    kind: Type.String({ description: 'opening, meterReplacement, ratioChange, transfer, closing …' }),
    state: Type.String(),
    by: Type.String(),
  }),
]);
export type MeterEvent = Static<typeof MeterEvent>;

export const listMeterEvents = route({
  method: 'GET',
  path: '/api/meters/:meterId/events',
  access: 'meter.view',
  tag: 'metering',
  summary:
    'What happened to a meter between two instants, newest first: commands, alarms, sales, prices, its account; at most 1,000 of a sort',
  params: Type.Object({ meterId: Id }),
  query: Type.Object({ from: Instant, to: Instant }),
  response: Type.Object({
    items: Type.Array(MeterEvent),
    /** Whole from here on; later than `from` when there was too much: ask again with this as `to`. */
    wholeFrom: Instant,
    /** Sorts that the right does not cover. */
    hidden: Type.Array(Type.Enum([...TIMELINE_SORTS])),
  }),
});
