import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Posted {
  readonly path: string;
  readonly key: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly text: string;
  readonly body: {
    readonly key: string;
    readonly attempt: number;
    readonly event: string;
    readonly count: number;
    readonly title: string;
    readonly text: string;
    readonly alarms: readonly { readonly id: number; readonly event: string; readonly link?: string }[];
  };
}

/** Answers instead of the default 204. */
export type Answering = (posted: Posted, response: ServerResponse, request: IncomingMessage) => void;

/** A system that takes webhooks. */
export interface HookServer {
  readonly url: string;
  readonly posted: readonly Posted[];
  answerBy(answering: Answering | undefined): void;
  stop(): Promise<void>;
}

export async function startHookServer(): Promise<HookServer> {
  const posted: Posted[] = [];
  let answering: Answering | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const one: Posted = {
        path: request.url ?? '',
        key: String(request.headers['idempotency-key']),
        timestamp: String(request.headers['x-meterwall-timestamp']),
        signature: String(request.headers['x-meterwall-signature']),
        text,
        body: JSON.parse(text),
      };
      posted.push(one);
      if (answering === undefined) response.writeHead(204).end();
      else answering(one, response, request);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    answerBy(given) {
      answering = given;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a receiver computes from what it got and the secret that it was shown. */
export function signatureOf(secret: string, { timestamp, text }: Posted): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${text}`).digest('hex')}`;
}
