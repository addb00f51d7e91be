import { type Static, Type } from 'typebox';
import { FLOOD_ABOVE, FLOOD_UNTIL_BELOW } from '#domain/alarmFigures.ts';
import { AlarmKindName, AlarmSourceDto } from './alarms.ts';
import { Id, Instant, Names } from './common.ts';
import { route } from './route.ts';

/** What EEMUA 191 calls acceptable for one operator. A flood begins above 10 alarms in 10 minutes and ends below 5. */
export const ALARM_TARGETS = {
  averagePer10Min: 1,
  peakPer10Min: 10,
  floodShare: 0.01,
  floodAbove: FLOOD_ABOVE,
  floodUntilBelow: FLOOD_UNTIL_BELOW,
  standingLong: 5,
  chattering: 0,
} as const;

/** How the alarms of one shift came. Raised ones that a shelf, a rule or an outage held back do not count. */
export const AlarmFigures = Type.Object({
  propertyId: Id,
  shift: Type.Object({
    /** 0 is the first of the day. */
    index: Type.Integer({ minimum: 0 }),
    from: Instant,
    to: Instant,
    /** Up to now while the shift runs; rates are of this time. */
    until: Instant,
  }),
  operators: Type.Integer({ minimum: 1 }),
  raised: Type.Integer({ minimum: 0 }),
  /** Meters that were folded into those alarms. */
  foldedMeters: Type.Integer({ minimum: 0 }),
  /** Alarms raised in each minute since the shift began. */
  perMinute: Type.Array(Type.Integer({ minimum: 0 })),
  /** Alarms raised in each 10 minutes since the shift began; the last may still run. */
  per10Min: Type.Array(Type.Integer({ minimum: 0 })),
  averagePer10Min: Type.Number(),
  peakPer10Min: Type.Integer({ minimum: 0 }),
  /** Intervals of 10 minutes in flood, joined. */
  floods: Type.Array(Type.Object({ from: Instant, to: Instant, raised: Type.Integer() })),
  floodMinutes: Type.Integer({ minimum: 0 }),
  /** Of the time of the shift until now, 0 to 1. */
  floodShare: Type.Number(),
  /** Active at the end of the time, not held back. */
  standing: Type.Integer({ minimum: 0 }),
  /** Of these, raised more than 24 h before. */
  standingLong: Type.Integer({ minimum: 0 }),
  /** Alarms that began or went on to chatter. */
  chattering: Type.Integer({ minimum: 0 }),
  /** The ten that came most often. */
  mostFrequent: Type.Array(
    Type.Object({
      kind: AlarmKindName,
      source: AlarmSourceDto,
      path: Type.Array(Names),
      label: Type.Optional(Names),
      raised: Type.Integer(),
      /** Of all that were raised, 0 to 1. */
      share: Type.Number(),
      alarmId: Id,
    }),
  ),
});
export type AlarmFigures = Static<typeof AlarmFigures>;

export const getAlarmFigures = route({
  method: 'GET',
  path: '/api/alarms/figures',
  access: 'alarm.view',
  tag: 'alarms',
  summary: 'Figures after EEMUA 191 of the shift of a property that runs at an instant; of the present one by default',
  query: Type.Object({ propertyId: Id, at: Type.Optional(Instant) }),
  response: AlarmFigures,
});
