import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

/** From the first byte out to the last one in. */
export const POST_MS_MAX = 10_000;
/** Nothing that we send is larger: a bundle names a hundred alarms. */
export const POST_BYTES_MAX = 256 * 1024;
/** What is read of an answer; only people read it, in the log of deliveries. */
const ANSWER_BYTES_MAX = 2_048;

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly timeoutMs?: number | undefined;
  /** Another way from names to addresses than the machine's own. */
  readonly lookup?: LookupFunction | undefined;
  /** Certificates of authorities to believe beside those of the machine. */
  readonly ca?: string | undefined;
}

export interface Posted {
  readonly status: number;
  /** Of `Retry-After`, whole seconds only. */
  readonly retryAfterMs: number | undefined;
  /** The beginning of the answer, one line. */
  readonly text: string;
}

/**
 * One POST on a connection of its own: bounded in time and size, both ways. Redirects are an answer like any other: whoever
 * signs a message for one address does not hand it to another. Rejects with a sentence where there is no answer.
 */
export function post({ url, headers, body, timeoutMs = POST_MS_MAX, lookup, ca }: Post): Promise<Posted> {
  if (body.length > POST_BYTES_MAX) {
    return Promise.reject(new Error(`the message is larger than ${POST_BYTES_MAX} bytes`));
  }
  const target = new URL(url);
  const signal = AbortSignal.timeout(timeoutMs);
  const options: RequestOptions & { readonly ca?: string } = {
    method: 'POST',
    // A connection of its own: one that was kept may have died unseen, and the message with it.
    agent: false,
    headers: { ...headers, 'content-length': String(body.length), connection: 'close' },
    signal,
    ...(lookup === undefined ? {} : { lookup }),
    ...(ca === undefined ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs / 1_000} s`) : new Error(sentenceOf(error)));
    };
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(target, options, (response) => void readAnswer(response).then(resolve, failed));
    request.once('error', failed);
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Posted> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // The rest is nobody's concern; leaving the loop closes the connection.
    if (size >= ANSWER_BYTES_MAX) break;
  }
  const text = Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString('utf8');
  const after = response.headers['retry-after'] ?? '';
  return {
    status: response.statusCode ?? 0,
    retryAfterMs: /^\d{1,5}$/.test(after) ? Number(after) * 1_000 : undefined,
    text: oneLine(text),
  };
}

/** Several addresses that all failed come as one error without a text. */
function sentenceOf(error: Error): string {
  const parts = error instanceof AggregateError ? error.errors.map((one: unknown) => String(one)) : [error.message];
  return oneLine(parts.join(', '));
}

const LINE_LENGTH_MAX = 300;

/** What others say, as one line without control characters. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufffd]+/gu, ' ')
    .trim()
    .slice(0, LINE_LENGTH_MAX);
}
