import { type Static, Type } from 'typebox';
import { DISPLAY_STATES, MARKS } from '#domain/meterState.ts';
import { Id, Instant, Names } from './common.ts';
import { Facts } from './metering.ts';

/**
 * What the server tells by MQTT, for building management, dashboards and scripts: whether it is there, the state of every
 * meter, the current alarms. Everything is retained, QoS 1, JSON in UTF-8; an empty message means that there is nothing
 * any more. Readings do not travel here.
 */

/** `meterwall` unless MQTT_PREFIX says otherwise. Topics of one property begin alike, so that a right can cover them. */
export function newsTopics(prefix: string) {
  const ofProperty = (propertyId: number) => `${prefix}/properties/${propertyId}`;
  return {
    /** Payload `ServerNews`. */
    server: `${prefix}/server`,
    /** Payload `MeterNews`; gone with the meter. A number is one within its property and may hold a slash. */
    meter: (propertyId: number, meterNumber: string) =>
      `${ofProperty(propertyId)}/meters/${encodeURIComponent(meterNumber)}`,
    /** Payload `Alarm`; gone when it is over and acknowledged. Alarms of the server itself belong to no property. */
    alarm: (propertyId: number | undefined, alarmId: number) =>
      `${propertyId === undefined ? prefix : ofProperty(propertyId)}/alarms/${alarmId}`,
    /** Filters of everything but `server`; the meters last, since a broker may leave out what comes late of so many. */
    filters: [`${prefix}/alarms/+`, `${prefix}/properties/+/alarms/+`, `${prefix}/properties/+/meters/+`],
  } as const;
}

/** `lost`: said by the broker, when the connection of the server broke. */
export const ServerNews = Type.Union([
  Type.Object({ state: Type.Literal('online'), release: Type.String(), since: Instant }),
  Type.Object({
    state: Type.Literal('offline'),
    reason: Type.Union([Type.Literal('stopped'), Type.Literal('lost')]),
  }),
]);
export type ServerNews = Static<typeof ServerNews>;

/** State of a meter: what its tile on the wall shows. Told when it changes, not with every reading. */
export const MeterNews = Type.Object({
  meterId: Id,
  meterNumber: Type.String(),
  propertyId: Id,
  /** Names from the property down to the room, in both languages where known. */
  path: Type.Array(Names),
  /** The one display state; see `facts` for what it is made of. */
  state: Type.Enum(DISPLAY_STATES.map(({ key }) => key)),
  facts: Facts,
  /** Since when each fact holds. */
  since: Type.Object({ money: Instant, link: Instant, relay: Instant, protection: Instant }),
  marks: Type.Array(Type.Enum(Object.keys(MARKS) as (keyof typeof MARKS)[])),
});
export type MeterNews = Static<typeof MeterNews>;
