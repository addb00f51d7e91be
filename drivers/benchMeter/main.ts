import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Line, type LineTransport, type MeterStatus, type RelayMode, systemClock } from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { MODELS, modelById } from '#drivers/models/index.ts';
import { type BenchMeter, findCapabilities } from './procedure.ts';
import { capabilitiesOf, post, tableOf } from './report.ts';

const USAGE = `npm run bench-meter -- <gateway> <address> --model <id> [options]
  Finds out what a prepaid meter does with money, on a meter that nobody lives behind.
  <gateway>        host:port of a transparent serial server, tcp://host:port of a Modbus TCP gateway, or a serial port
  <address>        the meter's address on its line, 1 to 247
  --model <id>     ${MODELS.filter(({ purse }) => purse !== undefined)
    .map(({ id }) => id)
    .join(', ')}
  --baud <rate>    of the line (default 9600)      --parity none|even|odd   --stop-bits 1|2
  --timeout <ms>   for the first byte of an answer (default 1000)
  --firmware <v>   as the meter's label tells it (default any)
  --server <url> --user <name> --password-file <path>   records the result at a running server
  --simulated      records it for simulated meters only
  --yes            do it
`;
/** The one meter of the line. */
const METER_ID = 1;
const NEVER_MS = 86_400_000;
const BAUDS = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200] as const;

interface Wish {
  readonly transport: LineTransport;
  readonly unitAddress: number;
  readonly modelId: string;
  readonly baud: (typeof BAUDS)[number];
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  readonly timeoutMs: number;
  readonly firmware: string;
  readonly simulated: boolean;
  readonly yes: boolean;
  readonly server: { readonly url: URL; readonly user: string; readonly password: string } | undefined;
}

/** What a person asked for; throws an Error whose sentence says what is wrong. */
function wishOf(words: readonly string[]): Wish {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      ...{ model: text, baud: text, parity: text, 'stop-bits': text, timeout: text, firmware: text },
      ...{ server: text, user: text, 'password-file': text },
      simulated: { type: 'boolean' },
      yes: { type: 'boolean' },
    },
  });
  const [gateway, address] = positionals;
  if (gateway === undefined || address === undefined) throw new Error(USAGE);
  const model = modelById(values.model ?? '');
  if (model?.purse === undefined) throw new Error(`--model ${values.model ?? ''} is no prepaid meter\n${USAGE}`);
  const baud = BAUDS.find((rate) => String(rate) === (values.baud ?? '9600'));
  const parity = (['none', 'even', 'odd'] as const).find((one) => one === (values.parity ?? 'none'));
  if (baud === undefined || parity === undefined) throw new Error(`no such --baud or --parity\n${USAGE}`);
  return {
    transport: transportOf(gateway),
    unitAddress: wholeNumber('<address>', address, 1, 247),
    modelId: model.id,
    baud,
    parity,
    stopBits: values['stop-bits'] === '2' ? 2 : 1,
    timeoutMs: wholeNumber('--timeout', values.timeout ?? '1000', 10, 60_000),
    firmware: values.firmware ?? 'any',
    simulated: values.simulated ?? false,
    yes: values.yes ?? false,
    server: serverOf(values.server, values.user, values['password-file']),
  };
}

function transportOf(gateway: string): LineTransport {
  if (gateway.startsWith('/') || /^COM\d+$/i.test(gateway)) return { kind: 'serial', path: gateway };
  const [, scheme, host = '', port = ''] = /^(?:(tcp|rtu):\/\/)?(.+):(\d+)$/.exec(gateway) ?? [];
  if (host === '') throw new Error(`${gateway} is neither host:port nor a serial port`);
  return {
    kind: scheme === 'tcp' ? 'modbus-tcp' : 'rtu-over-tcp',
    host,
    port: wholeNumber('the port', port, 1, 65_535),
  };
}

function serverOf(url: string | undefined, user: string | undefined, file: string | undefined): Wish['server'] {
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || user === undefined || file === undefined)
    throw new Error('--server needs an address like http://host:port, --user and --password-file');
  return { url: new URL(url), user, password: readFileSync(file, 'utf8').trim() };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${most}, not '${text}'`);
}

function lineTo({ transport, unitAddress, modelId, baud, parity, stopBits, timeoutMs }: Wish): Line {
  const model = modelById(modelId);
  if (model === undefined) throw new Error(`no model ${modelId}`);
  const polls = { livePollMs: NEVER_MS, registerPollMs: NEVER_MS };
  return createLine(
    {
      lineId: 1,
      gatewayId: 1,
      name: 'bench',
      transport,
      serial: { baud, parity, stopBits },
      responseTimeoutMs: timeoutMs,
      turnaroundMs: 20,
      meters: [{ meterId: METER_ID, unitAddress, model, ctRatio: 1, ptRatio: 1, ...polls }],
    },
    {
      clock: systemClock,
      chance: Math.random,
      sink: { reading: () => undefined, meterFailed: () => undefined, lineLink: () => undefined },
    },
  );
}

/** How the relay follows again what it followed before. */
function modeOf({ forced }: MeterStatus): RelayMode {
  if (forced === 'closed') return 'forcedClosed';
  return forced === 'open' ? 'forcedOpen' : 'automatic';
}

async function run(wish: Wish): Promise<number> {
  const line = lineTo(wish);
  line.start();
  try {
    const seen = await line.readNow(METER_ID, 'onDemand', 'readBack');
    if (!seen.ok) return fail(`the meter does not answer: ${seen.error.message}`);
    const { status, balanceMinor, values } = seen.reading;
    say(
      `${wish.modelId} at address ${wish.unitAddress}: balance ${balanceMinor ?? 'unknown'} (0.01), purchases ${values.purchaseCount ?? 'unknown'}, ${values.activePowerW ?? 0} W`,
    );
    if (!wish.yes) {
      say(
        'This cuts the supply behind the meter for half a minute, buys a few cents and uses up some six purchase counts.',
      );
      say(
        'A meter that is sold to by anybody would be out of step with its books. Say --yes where nobody lives behind it.',
      );
      return 1;
    }
    await line.execute(METER_ID, { kind: 'relay', mode: 'forcedOpen' });
    const meter: BenchMeter = {
      execute: (command) => line.execute(METER_ID, command),
      readPurse: () => line.readPurse(METER_ID),
    };
    const result = await findCapabilities(meter, () => Date.now());
    await line.execute(METER_ID, { kind: 'relay', mode: modeOf(status) });
    if (!result.ok) return fail(result.message);
    say(`${tableOf(result.findings)}\n\n${result.left}; the relay follows what it followed before`);
    return await record(wish, capabilitiesOf(result.findings), result.left);
  } finally {
    await line.stop();
  }
}

async function record(wish: Wish, capabilities: ReturnType<typeof capabilitiesOf>, note: string): Promise<number> {
  const { server, modelId, firmware, simulated } = wish;
  if (server === undefined) return 0;
  const problem = await post(server.url, server.user, server.password, {
    modelId,
    firmware,
    simulated,
    capabilities,
    note,
  });
  if (problem !== undefined) return fail(problem);
  say(`recorded at ${server.url.origin} for ${modelId}, firmware ${firmware}${simulated ? ', simulated' : ''}`);
  return 0;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(reason: string): number {
  process.stderr.write(`${reason}\n`);
  return 1;
}

try {
  process.exitCode = await run(wishOf(process.argv.slice(2)));
} catch (error) {
  process.exitCode = fail(error instanceof Error ? error.message : String(error));
}
