import { isIP } from 'node:net';
import type {
  addPushDevice,
  BodyOf,
  MyNotifications,
  NotifyWishes,
  PushDevice,
  putMyNotifications,
  TestOutcome,
  testMyNotifications,
} from '#contract/index.ts';
import { audit, scopesOf } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, type Scope } from '#server/platform/http/index.ts';
import { arePushKeys } from '#server/platform/notify/index.ts';
import { deleteDevice, selectDevice, selectDevices, selectPerson, storeDevice, storePerson } from './personStore.ts';
import { isTimeZone } from './rules.ts';
import type { SendTest } from './testing.ts';
import type { Device, Language, Person } from './types.ts';

/** Browsers of one person; beyond it the oldest is told no longer. */
export const DEVICES_MAX = 20;

export interface MineDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly estate: Pick<EstateReader, 'place' | 'properties'>;
  readonly pushKey: () => string;
  readonly mailConfigured: boolean;
  readonly sendTest: SendTest;
}

export async function getMine(deps: MineDeps, { userId }: Actor): Promise<MyNotifications> {
  const person = (await selectPerson(deps.db, userId)) ?? unset(userId, 'zh', zoneOf(deps));
  const devices = await selectDevices(deps.db, [userId]);
  return {
    version: person.version,
    wishes: toWishes(person),
    devices: devices.map(toDevice),
    pushKey: deps.pushKey(),
    mailConfigured: deps.mailConfigured,
  };
}

/** Throws `request.invalid`, `not-found` for a property out of sight, `conflict.changed-meanwhile`. */
export async function putMine(
  deps: MineDeps,
  actor: Actor,
  { version, wishes }: BodyOf<typeof putMyNotifications>,
): Promise<MyNotifications> {
  demandZone(wishes.timeZone, 'wishes.timeZone');
  if (wishes.emailOn && wishes.email === undefined)
    throw invalid('wishes.email', 'is needed where e-mail is turned on');
  for (const propertyId of wishes.propertyIds ?? []) demandVisible(deps, actor.scope('alarm.view'), propertyId);
  await deps.db.tx(async (tx) => {
    await demandPerson(tx, actor);
    const before = await selectPerson(tx, actor.userId);
    const { userId } = actor;
    const { email, propertyIds, kinds, quiet, ...rest } = wishes;
    if (!(await storePerson(tx, { userId, version, email, propertyIds, kinds, quiet, ...rest }))) {
      throw new AppError('conflict.changed-meanwhile', 'The settings were changed elsewhere: load them again.');
    }
    await audit(tx, {
      ...{ actor, action: 'notification.update', subjectKind: 'notification', subjectId: userId },
      ...(before === undefined ? {} : { before: toWishes(before) }),
      after: wishes,
    });
  });
  return getMine(deps, actor);
}

/** Throws `request.invalid` for an address that can be no push service's, or keys that are none. */
export async function addDevice(
  deps: MineDeps,
  actor: Actor,
  { endpoint, keys, name, language, timeZone }: BodyOf<typeof addPushDevice>,
): Promise<PushDevice> {
  demandZone(timeZone, 'timeZone');
  demandPushAddress(endpoint);
  if (!arePushKeys(keys.p256dh, keys.auth)) throw invalid('keys', 'are none of a push subscription');
  const { userId } = actor;
  return deps.db.tx(async (tx) => {
    await demandPerson(tx, actor);
    if ((await selectPerson(tx, userId)) === undefined) await storePerson(tx, unset(userId, language, timeZone));
    const device = await storeDevice(tx, { userId, endpoint, ...keys, name, createdAt: new Date(deps.nowMs()) });
    await dropOldest(tx, userId);
    const after = { device: device.id, name };
    await audit(tx, {
      actor,
      action: 'notification.add-device',
      subjectKind: 'notification',
      subjectId: userId,
      after,
    });
    return toDevice(device);
  });
}

export async function removeDevice({ db }: MineDeps, actor: Actor, deviceId: number): Promise<Record<string, never>> {
  return db.tx(async (tx) => {
    const device = await deleteDevice(tx, actor.userId, deviceId);
    if (device === undefined) throw noDevice();
    const before = { device: device.id, name: device.name };
    const subject = { subjectKind: 'notification', subjectId: actor.userId };
    await audit(tx, { actor, action: 'notification.remove-device', ...subject, before });
    return {};
  });
}

/** Throws `request.invalid` where no address is stored, `not-found` for somebody else's device. */
export async function testMine(
  { db, sendTest }: MineDeps,
  actor: Actor,
  body: BodyOf<typeof testMyNotifications>,
): Promise<TestOutcome> {
  const { userId } = actor;
  if (body.channel === 'email') {
    const address = (await selectPerson(db, userId))?.email;
    if (address === undefined) throw invalid('channel', 'needs an address: store one first');
    return sendTest(actor, { channel: 'email', userId, address });
  }
  const device = await selectDevice(db, body.deviceId);
  if (device?.userId !== userId) throw noDevice();
  return sendTest(actor, { channel: 'push', userId, deviceId: device.id, address: device.name });
}

/** Who said nothing yet hears of medium and high alarms, once they turn a way on. */
function unset(userId: number, language: Language, timeZone: string): Person {
  return {
    ...{ userId, language, timeZone, severity: 2, returned: true, version: 0 },
    ...{ email: undefined, emailOn: false, propertyIds: undefined, kinds: undefined, quiet: undefined },
  };
}

/** Whoever holds a kiosk's link may look and nothing else. */
async function demandPerson(tx: Tx, { userId }: Actor): Promise<void> {
  if ((await scopesOf(tx, 'alarm.view', [userId])).has(userId)) return;
  throw new AppError('permission.missing', 'Notifications are for people who sign in.');
}

function zoneOf({ estate }: MineDeps): string {
  return estate.properties()[0]?.timeZone ?? 'UTC';
}

function demandZone(name: string, field: string): void {
  if (!isTimeZone(name)) throw invalid(field, 'is no time zone, e.g. Asia/Shanghai');
}

/** A push service has a name; which address it has is looked at when something is sent. */
function demandPushAddress(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (url?.protocol !== 'https:' || isIP(host) !== 0 || url.username !== '' || url.password !== '')
    throw invalid('endpoint', 'is not the address of a push service');
}

function demandVisible({ estate }: MineDeps, scope: Scope, propertyId: number): void {
  const visible =
    scope.all ||
    scope.propertyIds.includes(propertyId) ||
    scope.buildingIds.some((buildingId) => estate.place(buildingId)?.propertyId === propertyId);
  if (!visible || estate.place(propertyId)?.kind !== 'property')
    throw new AppError('not-found', 'There is no such property.', [
      { field: 'wishes.propertyIds', message: 'unknown' },
    ]);
}

async function dropOldest(tx: Tx, userId: number): Promise<void> {
  const devices = await selectDevices(tx, [userId]);
  for (const { id } of devices.slice(0, -DEVICES_MAX)) await deleteDevice(tx, userId, id);
}

const noDevice = () => new AppError('not-found', 'There is no such device of yours.');

function invalid(field: string, message: string): AppError {
  return new AppError('request.invalid', `The request is not valid: ${field} ${message}.`, [{ field, message }]);
}

function toWishes({ userId: _user, version: _version, ...person }: Person): NotifyWishes {
  const { email, propertyIds, kinds, quiet, ...rest } = person;
  return {
    ...rest,
    ...(email === undefined ? {} : { email }),
    ...(propertyIds === undefined ? {} : { propertyIds: [...propertyIds] }),
    // What the contract no longer knows is left out.
    ...(kinds === undefined ? {} : { kinds: [...kinds] as NonNullable<NotifyWishes['kinds']> }),
    ...(quiet === undefined ? {} : { quiet }),
  };
}

function toDevice({ id, name, endpoint, createdAt, lastSentAt }: Device): PushDevice {
  return {
    ...{ id, name, endpoint, createdAt: createdAt.toISOString() },
    ...(lastSentAt === undefined ? {} : { lastSentAt: lastSentAt.toISOString() }),
  };
}
