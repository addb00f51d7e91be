import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** Header fields by lower-case name, unfolded and decoded. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What the server says at RCPT TO; undefined = yes. */
export type Refusal = { readonly code: number; readonly text: string } | 'hang' | undefined;

/** A real SMTP server that asks for user and password. */
export interface MailServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Recipients that were named, also those that were refused. */
  readonly asked: readonly string[];
  refuse(refusal: Refusal): void;
  stop(): Promise<void>;
}

const USER = 'meterwall';
const PASSWORD = 'p@ss/word';

export async function startMailServer(): Promise<MailServer> {
  const received: Received[] = [];
  const asked: string[] = [];
  let refusal: Refusal;
  const server = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, callback) {
      if (username === USER && password === PASSWORD) callback(null, { user: USER });
      else callback(Object.assign(new Error('wrong password'), { responseCode: 535 }));
    },
    onRcptTo({ address }, _session, callback) {
      asked.push(address);
      if (refusal === 'hang') return;
      if (refusal === undefined) callback();
      else callback(Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
    },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        received.push({ from, to, ...parsed(Buffer.concat(chunks).toString()) });
        callback();
      });
    },
  });
  // Clients that give up on a hanging server break the connection: that is what is tested.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    received,
    asked,
    refuse(given) {
      refusal = given;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function parsed(raw: string): Pick<Received, 'headers' | 'text'> {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), decodedHeader(line.slice(at + 1).trim())];
    }),
  );
  const body = rest.join('\r\n\r\n');
  const encoding = headers['content-transfer-encoding'];
  if (encoding === 'base64') return { headers, text: Buffer.from(body, 'base64').toString() };
  return { headers, text: encoding === 'quoted-printable' ? fromQuotedPrintable(body) : body.replaceAll('\r\n', '\n') };
}

/** Encoded words (RFC 2047). */
function decodedHeader(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/(=\?utf-8\?[BQ]\?[^?]*\?=)+/gi, (words) =>
      Buffer.concat(
        [...words.matchAll(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi)].map(([, how, text = '']) =>
          how?.toUpperCase() === 'B'
            ? Buffer.from(text, 'base64')
            : Buffer.from(fromQuotedPrintable(text.replaceAll('_', ' ')), 'utf8'),
        ),
      ).toString(),
    );
}

function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replaceAll('\r\n', '\n')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
