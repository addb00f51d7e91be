import type { LookupFunction } from 'node:net';
import webPush from 'web-push';
import { oneLine, post } from './httpPost.ts';
import { publicLookup } from './publicLookup.ts';
import type { Outcome } from './types.ts';

/** What a push service keeps a message for while the device is off. An alarm of yesterday wakes nobody. */
const KEPT_S = 4 * 3_600;
/** After encryption 4096 is what push services take. */
export const PUSH_BYTES_MAX = 3_000;
/** 404 and 410: the browser gave the subscription up (RFC 8030, 7.3). */
const GONE: readonly number[] = [404, 410];
/** What a push service says of a message that it will never take. */
const REFUSED: readonly number[] = [400, 401, 403, 413];

/** By which push services know who sends; the devices' subscriptions are bound to it (VAPID). */
export interface PushKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export function makePushKeys(): PushKeys {
  return webPush.generateVAPIDKeys();
}

/** Where push services are reached. */
export interface PushNetwork {
  readonly lookup?: LookupFunction;
  readonly ca?: string;
}

export interface PushTarget {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

export interface PushMessage {
  /** JSON for our service worker. */
  readonly payload: string;
  /** A later message of the same topic takes the place of one that was not delivered yet; base64url, 32 at most. */
  readonly topic: string;
  readonly urgent: boolean;
}

export interface PushSender {
  send(target: PushTarget, message: PushMessage): Promise<Outcome>;
}

export interface PushOptions {
  readonly keys: PushKeys;
  /** Whom a push service may write to: an https or mailto address. */
  readonly subject: string;
  /** By default the open net only. */
  readonly network?: PushNetwork | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Web push (RFC 8030, 8188, 8291, 8292). The library encrypts and signs; the bytes go by our own bounded POST, since the
 * library's reads answers without end.
 */
export function createPushSender({ keys, subject, network, timeoutMs }: PushOptions): PushSender {
  const { lookup = publicLookup, ca } = network ?? {};
  return {
    async send({ endpoint, p256dh, auth }, { payload, topic, urgent }) {
      let details: ReturnType<typeof webPush.generateRequestDetails>;
      try {
        details = webPush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
          vapidDetails: { subject, ...keys },
          TTL: KEPT_S,
          topic,
          urgency: urgent ? 'high' : 'normal',
          contentEncoding: 'aes128gcm',
        });
      } catch (error) {
        return { kind: 'refused', reason: `the keys of the device are not usable: ${reasonOf(error)}` };
      }
      const { 'Content-Length': _length, ...headers } = details.headers;
      // The library's TTL is a number, whatever its types say; Node writes it as text.
      const text: Record<string, string> = { ...headers };
      const body = details.body ?? Buffer.alloc(0);
      try {
        const answer = await post({ url: endpoint, headers: text, body, lookup, ca, timeoutMs });
        const { status, retryAfterMs } = answer;
        if (status >= 200 && status <= 299) return { kind: 'sent' };
        const reason = oneLine(`the push service answered ${status} ${answer.text}`);
        if (GONE.includes(status)) return { kind: 'gone', reason };
        return REFUSED.includes(status) ? { kind: 'refused', reason } : { kind: 'failed', reason, retryAfterMs };
      } catch (error) {
        return { kind: 'failed', reason: `the push service cannot be reached: ${reasonOf(error)}` };
      }
    },
  };
}

/** Whether these can be the keys of a device: a point of P-256, uncompressed, and 16 bytes. */
export function arePushKeys(p256dh: string, auth: string): boolean {
  const point = Buffer.from(p256dh, 'base64url');
  return point.length === 65 && point[0] === 4 && Buffer.from(auth, 'base64url').length === 16;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
