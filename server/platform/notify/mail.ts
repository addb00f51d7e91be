import { createTransport } from 'nodemailer';
import { oneLine } from './httpPost.ts';
import type { Outcome } from './types.ts';

/** For the whole of one message, from connecting to the last answer. */
export const MAIL_MS_MAX = 30_000;
/** For one step of the conversation. */
const STEP_MS_MAX = 15_000;

export interface MailSettings {
  /** smtp:// (STARTTLS where the server offers it) or smtps://, with user and password where it asks for them. */
  readonly url: string;
  /** Name and address, or an address. */
  readonly from: string;
}

export interface MailTimes {
  readonly stepMs: number;
  readonly wholeMs: number;
}

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for every attempt: mail programs and receivers know a twin by it. */
  readonly key: string;
  /** What mails about the same thing have in common; mail programs show them together. */
  readonly thread: string;
}

export interface MailSender {
  /** Host and port, for people. */
  readonly server: string;
  readonly from: string;
  send(mail: Mail): Promise<Outcome>;
}

/** E-mail by SMTP. Every message has a connection of its own: floods are bundled before they get here. */
export function createMailSender(
  { url, from }: MailSettings,
  { stepMs, wholeMs }: MailTimes = { stepMs: STEP_MS_MAX, wholeMs: MAIL_MS_MAX },
): MailSender {
  const transport = createTransport({
    url,
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
    // Texts are ours; none of them names a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = new URL(url);
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? 'meterwall.invalid';
  return {
    server: `${host.hostname}:${host.port === '' ? (host.protocol === 'smtps:' ? '465' : '587') : host.port}`,
    from,
    async send({ to, subject, text, key, thread }) {
      const signal = AbortSignal.timeout(wholeMs);
      try {
        await transport.sendMail({
          from,
          to,
          subject: oneLine(subject),
          text,
          messageId: `<${key}@${domain}>`,
          references: [`<${thread}@${domain}>`],
          // No answers of machines, no loops.
          headers: { 'auto-submitted': 'auto-generated', 'x-auto-response-suppress': 'All' },
          signal,
        });
        return { kind: 'sent' };
      } catch (error) {
        if (signal.aborted) return { kind: 'failed', reason: `no end within ${wholeMs / 1_000} s` };
        return outcomeOf(error);
      }
    },
  };
}

/** 5xx to the envelope is for good; a refused sign-in is not: an administrator puts it right. */
function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof Error)) return { kind: 'failed', reason: String(error) };
  const code: unknown = Reflect.get(error, 'code');
  const status: unknown = Reflect.get(error, 'responseCode');
  const forGood = typeof status === 'number' && status >= 500 && code !== 'EAUTH';
  return { kind: forGood ? 'refused' : 'failed', reason: oneLine(error.message) };
}
