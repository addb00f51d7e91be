import type { AlarmKind, DeliverySubject, Names, NotifyChannel, Suppression } from '#contract/index.ts';
import type { Scope } from '#server/platform/http/index.ts';

export type Language = 'zh' | 'en';

/** What is told of an alarm, as it was at that moment. */
export interface AlarmFacts {
  readonly alarmId: number;
  /** Undefined for the platform itself. */
  readonly propertyId: number | undefined;
  readonly buildingId: number | undefined;
  readonly what: 'raised' | 'returned';
  readonly kind: AlarmKind;
  readonly severity: number;
  /** From the property down to the room. */
  readonly path: readonly Names[];
  /** The thing itself: a meter's number, a gateway's name. */
  readonly label: Names | undefined;
  /** ISO 8601. */
  readonly raisedAt: string;
  readonly returnedAt: string | undefined;
  readonly value: number | undefined;
  readonly limit: number | undefined;
  readonly unit: string | undefined;
  /** Meters that went with it. */
  readonly childCount: number;
  readonly timeZone: string;
  readonly currency: string;
}

/** Something that happened to an alarm and is to be told. */
export interface AlarmNews {
  /** Of the event; news come in its order and none is missed. */
  readonly eventId: bigint;
  readonly atMs: number;
  readonly facts: Omit<AlarmFacts, 'timeZone' | 'currency'>;
}

export interface QuietHours {
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly exceptHigh: boolean;
}

/** Which alarms somebody wants to hear of; undefined lists: all. */
export interface Wanted {
  readonly propertyIds: readonly number[] | undefined;
  readonly severity: number;
  readonly kinds: readonly string[] | undefined;
  readonly returned: boolean;
}

export interface Device {
  readonly id: number;
  readonly userId: number;
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastSentAt: Date | undefined;
}

export interface Person extends Wanted {
  readonly userId: number;
  readonly language: Language;
  readonly timeZone: string;
  readonly email: string | undefined;
  readonly emailOn: boolean;
  readonly quiet: QuietHours | undefined;
  readonly version: number;
}

export interface Hook extends Wanted {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly language: Language;
  readonly disabled: boolean;
  readonly version: number;
  readonly createdAt: Date;
}

/** Whom a message goes to. */
export type Receiver =
  | { readonly channel: 'email'; readonly userId: number | undefined; readonly address: string }
  | { readonly channel: 'push'; readonly userId: number; readonly deviceId: number; readonly address: string }
  | { readonly channel: 'webhook'; readonly webhookId: number; readonly address: string };

/** A message to be stored. */
export interface NewDelivery {
  readonly what: DeliverySubject;
  readonly notificationId: bigint | undefined;
  readonly propertyId: number | undefined;
  readonly buildingId: number | undefined;
  readonly receiver: Receiver;
  /** Not to be sent, and why. */
  readonly suppressed: Suppression | undefined;
}

/** A message that somebody is about to send. */
export interface Claimed {
  readonly id: bigint;
  readonly key: string;
  readonly what: DeliverySubject;
  readonly notificationId: bigint | undefined;
  readonly channel: NotifyChannel;
  readonly userId: number | undefined;
  readonly deviceId: number | undefined;
  readonly webhookId: number | undefined;
  readonly address: string;
  /** This one included. */
  readonly attempts: number;
  readonly madeAtMs: number;
}

/** Where a user may see alarms; who is not in the map may not sign in. */
export type AlarmScopes = (userIds: readonly number[]) => Promise<ReadonlyMap<number, Scope>>;

/** `push:7`: whom one message at a time goes to, and whose flood is bundled. */
export function receiverKey(receiver: Receiver): string {
  if (receiver.channel === 'push') return `push:${receiver.deviceId}`;
  if (receiver.channel === 'webhook') return `webhook:${receiver.webhookId}`;
  return `email:${receiver.address}`;
}
