import { type Static, Type } from 'typebox';
import { AlarmKindName, AlarmSourceDto } from './alarms.ts';
import { closed, Id, Instant, Names, page, pageQuery, Version } from './common.ts';
import { route } from './route.ts';

const tag = 'alarms';

const Seconds = Type.Integer({ minimum: 0, maximum: 3_600 });
const ClockTime = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'time of day, property zone',
});

/** What decides whether and when an alarm is raised in a property. */
export const AlarmSettings = Type.Object({
  propertyId: Id,
  version: Version,
  /** Of every kind that a property can have, in seconds; `looks` in a row are not adjustable. */
  delays: Type.Array(
    Type.Object({
      kind: AlarmKindName,
      raiseAfterS: Seconds,
      clearAfterS: Seconds,
      raiseAfterLooks: Type.Integer(),
      clearAfterLooks: Type.Integer(),
      /** What holds where nobody set anything. */
      defaultRaiseAfterS: Seconds,
      defaultClearAfterS: Seconds,
    }),
  ),
  /** An alarm that is raised so often within so many minutes is chattering. */
  chatter: Type.Object({
    times: Type.Integer({ minimum: 2, maximum: 50 }),
    windowMinutes: Type.Integer({ minimum: 1, maximum: 240 }),
  }),
  /** Silent meters of rooms without an account are suppressed. */
  suppressNotOpened: Type.Boolean(),
  /** Starts of the shifts, ascending; each lasts until the next. */
  shiftStarts: Type.Array(ClockTime, { minItems: 1, maxItems: 6 }),
  /** People who watch at the same time: a flood is more than 10 alarms per 10 minutes for each of them. */
  operators: Type.Integer({ minimum: 1, maximum: 20 }),
});
export type AlarmSettings = Static<typeof AlarmSettings>;

export const getAlarmSettings = route({
  method: 'GET',
  path: '/api/alarms/settings',
  access: 'alarm.view',
  tag,
  summary: 'Delays by kind, chattering, suppression and shifts of a property',
  query: Type.Object({ propertyId: Id }),
  response: AlarmSettings,
});
export const updateAlarmSettings = route({
  method: 'PUT',
  path: '/api/alarms/settings',
  access: 'estate.edit',
  tag,
  summary: 'Change them; what is left out stays, a kind that is not named keeps its delays',
  body: Type.Object(
    {
      propertyId: Id,
      version: Version,
      delays: Type.Optional(
        Type.Array(Type.Object({ kind: AlarmKindName, raiseAfterS: Seconds, clearAfterS: Seconds }, closed), {
          maxItems: 50,
        }),
      ),
      chatter: Type.Optional(
        Type.Object(
          {
            times: Type.Integer({ minimum: 2, maximum: 50 }),
            windowMinutes: Type.Integer({ minimum: 1, maximum: 240 }),
          },
          closed,
        ),
      ),
      suppressNotOpened: Type.Optional(Type.Boolean()),
      shiftStarts: Type.Optional(Type.Array(ClockTime, { minItems: 1, maxItems: 6 })),
      operators: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    },
    closed,
  ),
  response: AlarmSettings,
});

/** A meter, line or gateway that a person took out of alarm service, with everything behind it. */
export const OutOfService = Type.Object({
  id: Id,
  propertyId: Id,
  source: AlarmSourceDto,
  path: Type.Array(Names),
  label: Type.Optional(Names),
  reason: Type.String(),
  from: Instant,
  by: Type.String(),
  /** Comes back by itself then; absent = when a person says so. */
  until: Type.Optional(Instant),
  endedAt: Type.Optional(Instant),
  /** Absent where it ended by itself. */
  endedBy: Type.Optional(Type.String()),
  /** Alarms that are held back by it now. */
  heldAlarms: Type.Integer({ minimum: 0 }),
});
export type OutOfService = Static<typeof OutOfService>;

export const listOutOfService = route({
  method: 'GET',
  path: '/api/alarms/out-of-service',
  access: 'alarm.view',
  tag,
  summary: 'What is out of alarm service, newest first; `ended` = what was',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    ended: Type.Optional(Type.Boolean()),
    ...pageQuery,
  }),
  response: page(OutOfService),
});
export const takeOutOfService = route({
  method: 'POST',
  path: '/api/alarms/out-of-service',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Take a meter, a line or a gateway out of alarm service, with a reason and an optional end',
  body: Type.Object(
    {
      source: Type.Object({ kind: Type.Enum(['gateway', 'line', 'meter']), id: Id }, closed),
      reason: Type.String({ minLength: 1, maxLength: 500 }),
      until: Type.Optional(Instant),
    },
    closed,
  ),
  response: OutOfService,
  status: 201,
});
export const putInService = route({
  method: 'POST',
  path: '/api/alarms/out-of-service/:outageId/end',
  access: 'alarm.acknowledge',
  tag,
  summary: 'Put it back into alarm service; what still holds is announced',
  params: Type.Object({ outageId: Id }),
  body: Type.Object({ note: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) }, closed),
  response: OutOfService,
});
