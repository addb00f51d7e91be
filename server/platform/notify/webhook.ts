import { createHmac, randomBytes } from 'node:crypto';
import { oneLine, post } from './httpPost.ts';
import type { Outcome } from './types.ts';

/** 256 bits; the prefix lets people and scanners see what it is. */
export function makeWebhookSecret(): string {
  return `mwhs_${randomBytes(32).toString('base64url')}`;
}

/** `sha256=` and the HMAC over time stamp, a dot and the body as it was sent. */
export function signWebhook(secret: string, timestampS: number, body: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestampS}.`).update(body).digest('hex')}`;
}

export interface WebhookMessage {
  readonly url: string;
  readonly secret: string;
  /** The same for every attempt. */
  readonly key: string;
  /** JSON text. */
  readonly body: string;
  /** Of this attempt, s since 1970: receivers refuse what is old. */
  readonly timestampS: number;
  readonly timeoutMs?: number | undefined;
}

/**
 * A signed POST to a system that an administrator named, inside or outside. 2xx means taken; everything else is tried again,
 * since receivers are put right. A redirect is no delivery.
 */
export async function sendWebhook({
  url,
  secret,
  key,
  body: text,
  timestampS,
  timeoutMs,
}: WebhookMessage): Promise<Outcome> {
  const body = Buffer.from(text);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'meterwall',
    'idempotency-key': key,
    'x-meterwall-timestamp': String(timestampS),
    'x-meterwall-signature': signWebhook(secret, timestampS, body),
  };
  try {
    const { status, retryAfterMs, text: said } = await post({ url, headers, body, timeoutMs });
    if (status >= 200 && status <= 299) return { kind: 'sent' };
    if (status >= 300 && status <= 399)
      return { kind: 'failed', reason: `answered ${status}; redirects are not followed: name the address itself` };
    return { kind: 'failed', reason: oneLine(`answered ${status} ${said}`), retryAfterMs };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
