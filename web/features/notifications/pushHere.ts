/** Why this browser cannot be pushed to; undefined where it can. */
export type PushObstacle = 'insecure' | 'unsupported' | 'denied';

/** The browser's parts that push needs, so that a test can stand in for a browser without them. */
export interface BrowserParts {
  readonly isSecureContext: boolean;
  readonly serviceWorker: ServiceWorkerContainer | undefined;
  readonly hasPush: boolean;
  readonly permission: NotificationPermission | undefined;
}

export function browserParts(): BrowserParts {
  return {
    isSecureContext: globalThis.isSecureContext,
    serviceWorker: 'serviceWorker' in navigator ? navigator.serviceWorker : undefined,
    hasPush: 'PushManager' in globalThis && 'Notification' in globalThis,
    permission: 'Notification' in globalThis ? Notification.permission : undefined,
  };
}

export function obstacleOf({
  isSecureContext,
  serviceWorker,
  hasPush,
  permission,
}: BrowserParts): PushObstacle | undefined {
  if (!isSecureContext) return 'insecure';
  if (serviceWorker === undefined || !hasPush) return 'unsupported';
  return permission === 'denied' ? 'denied' : undefined;
}

/** At the root, so that it may open any page. The same one keeps the program for a phone without signal (app/shell.ts). */
const WORKER = '/sw.js';

/** The subscription that this browser has for us; undefined for none. */
export async function subscriptionHere(): Promise<PushSubscription | undefined> {
  const registration = await browserParts().serviceWorker?.getRegistration('/');
  return (await registration?.pushManager?.getSubscription()) ?? undefined;
}

/** The user said no, or closed the question. */
export class PermissionRefused extends Error {}

/**
 * Subscribes this browser with the server's key; only within a click, since browsers ask for permission then only. Throws
 * `PermissionRefused`, or what the browser says of its push service.
 */
export async function subscribeHere(serverKey: string): Promise<PushSubscription> {
  if ((await Notification.requestPermission()) !== 'granted') throw new PermissionRefused();
  await navigator.serviceWorker.register(WORKER, { scope: '/', updateViaCache: 'none' });
  const { pushManager } = await navigator.serviceWorker.ready;
  const applicationServerKey = bytesOf(serverKey);
  const present = await pushManager.getSubscription();
  // One that was made with another key is another server's: it cannot be kept.
  if (present !== null && !sameBytes(present.options.applicationServerKey, applicationServerKey))
    await present.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
}

/** What the server stores of a subscription; throws where the browser gave no keys. */
export function toStored(subscription: PushSubscription) {
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys ?? {};
  if (endpoint === undefined || p256dh === undefined || auth === undefined)
    throw new Error('a subscription without keys');
  return { endpoint, keys: { p256dh, auth } };
}

/** "Chrome, Android": for people who look for a device in a list. */
export function browserName(userAgent: string): string {
  const browser = [
    ['Edg/', 'Edge'],
    ['OPR/', 'Opera'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark = '']) => userAgent.includes(mark))?.[1];
  const system = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'Mac'],
    ['Linux', 'Linux'],
  ].find(([mark = '']) => userAgent.includes(mark))?.[1];
  return [browser ?? 'Browser', system].filter((part) => part !== undefined).join(', ');
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function sameBytes(present: ArrayBuffer | null, wanted: Uint8Array): boolean {
  if (present === null) return false;
  const bytes = new Uint8Array(present);
  return bytes.length === wanted.length && bytes.every((byte, index) => byte === wanted[index]);
}
