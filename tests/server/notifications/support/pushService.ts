import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { NotifyTuning } from '#server/modules/notifications/index.ts';
import { PUSH_CERTIFICATE, PUSH_HOST, PUSH_KEY } from './certificate.ts';

/** What the stand-in was sent, opened with the browser's key. */
export interface Pushed {
  readonly device: string;
  readonly topic: string;
  readonly ttl: number;
  readonly urgency: string;
  readonly payload: {
    readonly key: string;
    readonly title: string;
    readonly body: string;
    readonly tag: string;
    readonly url: string;
  };
}

/** A browser's side of a subscription, as the Push API makes it. */
export interface Browser {
  readonly subscription: {
    readonly endpoint: string;
    readonly keys: { readonly p256dh: string; readonly auth: string };
  };
  readonly name: string;
}

/** A push service over HTTPS (RFC 8030) that checks who sends (RFC 8292) and opens messages (RFC 8188, 8291) by hand. */
export interface PushService {
  readonly network: NonNullable<NotifyTuning['pushNetwork']>;
  readonly pushed: readonly Pushed[];
  /** A browser that subscribed with the server's public key. */
  subscribe(name: string, serverKey: string): Browser;
  /** What this device is answered from now on; 201 by default. */
  answer(device: Browser, status: number): void;
  stop(): Promise<void>;
}

interface Secrets {
  readonly ecdh: ReturnType<typeof createECDH>;
  readonly auth: Buffer;
  readonly serverKey: string;
  status: number;
}

export async function startPushService(): Promise<PushService> {
  const browsers = new Map<string, Secrets>();
  const pushed: Pushed[] = [];
  const server = createServer({ key: PUSH_KEY, cert: PUSH_CERTIFICATE }, (request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const device = request.url?.slice(1) ?? '';
      const secrets = browsers.get(device);
      if (secrets === undefined || !isSigned(String(request.headers.authorization), origin, secrets.serverKey)) {
        response.writeHead(403).end('not for this key');
        return;
      }
      if (secrets.status === 201) {
        pushed.push({
          device,
          topic: String(request.headers['topic']),
          ttl: Number(request.headers['ttl']),
          urgency: String(request.headers['urgency']),
          payload: JSON.parse(opened(Buffer.concat(chunks), secrets)),
        });
      }
      response.writeHead(secrets.status).end('said the push service');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://${PUSH_HOST}:${(server.address() as AddressInfo).port}`;
  return {
    network: {
      ca: PUSH_CERTIFICATE,
      lookup: (_hostname, options, callback) => {
        if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
        else callback(null, '127.0.0.1', 4);
      },
    },
    pushed,
    subscribe(name, serverKey) {
      const ecdh = createECDH('prime256v1');
      const p256dh = ecdh.generateKeys().toString('base64url');
      const auth = randomBytes(16);
      browsers.set(name, { ecdh, auth, serverKey, status: 201 });
      return {
        name,
        subscription: { endpoint: `${origin}/${name}`, keys: { p256dh, auth: auth.toString('base64url') } },
      };
    },
    answer({ name }, status) {
      const secrets = browsers.get(name);
      if (secrets !== undefined) secrets.status = status;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `vapid t=<jwt>, k=<public key>`, ES256, for this origin and not over. */
function isSigned(authorization: string, origin: string, serverKey: string): boolean {
  const [, token = '', key] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization) ?? [];
  const [head = '', claims = '', signature = ''] = token.split('.');
  if (key !== serverKey) return false;
  const point = Buffer.from(serverKey, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' });
  const signed = Buffer.from(`${head}.${claims}`);
  const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const isGood = verify(
    'sha256',
    signed,
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  return isGood && aud === origin && exp * 1_000 > Date.now();
}

/** aes128gcm with one record, as RFC 8291 derives its keys. */
function opened(body: Buffer, { ecdh, auth }: Secrets): string {
  const salt = body.subarray(0, 16);
  const keyLength = body[20] ?? 0;
  const sender = body.subarray(21, 21 + keyLength);
  const record = body.subarray(21 + keyLength);
  const derive = (secret: Buffer, salted: Buffer, info: Buffer, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, salted, info, length));
  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender]);
  const secret = derive(ecdh.computeSecret(sender), auth, keyInfo, 32);
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  // The last byte that is not padding says that this is the last record.
  return padded.subarray(0, padded.lastIndexOf(2)).toString();
}
