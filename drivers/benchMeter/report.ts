import type { PurseCapabilities } from '#drivers/core/index.ts';
import type { Finding } from './procedure.ts';

const MEANINGS: Readonly<Record<keyof PurseCapabilities, string>> = {
  seqChecked: 'applies a purchase only with its own count + 1',
  dupReported: 'says so when a count comes again',
  readRecord: 'tells which amount came with which count',
  readCumulative: 'tells the sum of all purchases',
  readBalance: 'tells its balance',
  zeroPurchase: 'takes a purchase of 0 (the fence)',
  refundCommand: 'gives money back',
  setAbsolute: 'takes balance and count as told',
  secondTariffSet: 'keeps a second price set that takes effect by itself',
};

/** The findings as a table for a person, in the order of the capabilities. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, holds, seen }) => [name, holds ? 'yes' : 'no', MEANINGS[name], seen]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

/** The findings as the server keeps them. What was not looked at does not hold. */
export function capabilitiesOf(findings: readonly Finding[]): PurseCapabilities {
  const holds = (name: keyof PurseCapabilities): boolean => findings.some((one) => one.name === name && one.holds);
  return {
    seqChecked: holds('seqChecked'),
    dupReported: holds('dupReported'),
    readRecord: holds('readRecord'),
    readCumulative: holds('readCumulative'),
    readBalance: holds('readBalance'),
    zeroPurchase: holds('zeroPurchase'),
    refundCommand: holds('refundCommand'),
    setAbsolute: holds('setAbsolute'),
    secondTariffSet: holds('secondTariffSet'),
  };
}

/** What is recorded of a model and firmware. */
export interface Posting {
  readonly modelId: string;
  readonly firmware: string;
  readonly simulated: boolean;
  readonly capabilities: PurseCapabilities;
  readonly note: string;
}

/** Signs in at a running server and records the result there. Returns what went wrong as a sentence. */
export async function post(server: URL, user: string, password: string, posting: Posting): Promise<string | undefined> {
  const headers = { 'content-type': 'application/json' };
  const signedIn = await fetch(new URL('/api/session', server), {
    method: 'POST',
    headers,
    body: JSON.stringify({ user, password }),
  });
  if (!signedIn.ok) return `${server.origin} does not let ${user} in: ${await signedIn.text()}`;
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .join('; ');
  const put = await fetch(new URL('/api/meter-capabilities', server), {
    method: 'PUT',
    headers: { ...headers, cookie },
    body: JSON.stringify(posting),
  });
  await fetch(new URL('/api/session', server), { method: 'DELETE', headers: { cookie } });
  return put.ok ? undefined : `${server.origin} does not record it: ${await put.text()}`;
}
