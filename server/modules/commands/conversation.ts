import type { CommandHappening } from '#domain/commandRules.ts';
import type {
  Clock,
  CommandOutcome,
  CommError,
  MeterCommand,
  MeterPrices,
  MeterSettings,
  PurseRead,
  Reading,
  RelayMode,
} from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { CommandOrder } from './types.ts';

/** A relay moves within a second, and some meters tell of it a little later. */
const SETTLE_MS = 1_000;
const SETTLE_READS_MAX = 2;
const CANCELLED_MAX = 3;
/** A clock that was set is right when it is off by no more than this. */
const CLOCK_OFF_MS_MAX = 60_000;

export interface Told {
  readonly happening: CommandHappening;
  /** Bytes of it were handed to a transport. */
  readonly sent: boolean;
  /** Somebody tried to read back. */
  readonly reads: number;
  readonly detail: string | undefined;
  readonly exceptionCode: number | undefined;
}

export interface ConversationDeps {
  readonly lines: Pick<LineDesk, 'execute' | 'readBack' | 'readNow' | 'readPurse'>;
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
}

export interface Telling {
  readonly meterId: number;
  readonly order: CommandOrder;
  /** What the relay is to be; undefined for what is no relay command. */
  readonly mode: RelayMode | undefined;
  /** False: it was sent before; it is only read what became of it. */
  readonly send: boolean;
  /** How often it could not be reached before. */
  readonly unreached: number;
  /** Local time minus UTC at the property, ms. */
  readonly offsetMs: number;
}

/** Says it (once) and reads back. Never rejects. */
export async function converse(deps: ConversationDeps, telling: Telling): Promise<Told> {
  if (telling.order.kind === 'read') return readOnly(deps, telling);
  let reply: CommandOutcome | undefined;
  if (telling.send) {
    reply = await deps.lines.execute(telling.meterId, toMeterCommand(telling, deps.clock.nowMs()));
    if (reply === undefined) return unreached(telling, true, 'Its line is not run.');
    if (!reply.sent) return unreached(telling, false, reply.error.message, mayBeReached(telling, reply.error));
  }
  return confirm(deps, telling, reply);
}

async function confirm(deps: ConversationDeps, telling: Telling, reply: CommandOutcome | undefined): Promise<Told> {
  const refused = reply?.sent === true && reply.reply === 'refused' ? reply : undefined;
  const refusal = refused === undefined ? 'none' : refused.why === 'unsupported' ? 'unsupported' : 'other';
  const said = { sent: telling.send, exceptionCode: refused?.exceptionCode };
  for (let reads = 1; ; reads += 1) {
    const seen = await look(deps, telling);
    if (!seen.ok) return { ...said, happening: { kind: 'unread' }, reads, detail: seen.detail };
    const settles = telling.mode !== undefined && refusal === 'none' && reads <= SETTLE_READS_MAX;
    if (seen.matches || !settles) {
      const detail = seen.matches ? undefined : seen.detail;
      return { ...said, happening: { kind: 'read', matches: seen.matches, refusal }, reads, detail };
    }
    await new Promise<void>((resolve) => deps.clock.after(SETTLE_MS, resolve));
  }
}

async function readOnly({ lines }: ConversationDeps, telling: Telling): Promise<Told> {
  const outcome = await lines.readNow(telling.meterId);
  if (outcome === undefined) return unreached(telling, true, 'Its line is not run.');
  if (!outcome.ok) return unreached(telling, false, outcome.error.message, mayBeReached(telling, outcome.error));
  return {
    ...{ happening: { kind: 'read', matches: true, refusal: 'none' }, sent: true, reads: 1 },
    ...{ detail: undefined, exceptionCode: undefined },
  };
}

/** A line that drops what waits is starting anew, or says that this model cannot be told that: it is asked a few times. */
function mayBeReached({ unreached: before }: Telling, { kind }: CommError): boolean {
  return kind !== 'exception' && (kind !== 'cancelled' || before < CANCELLED_MAX);
}

function unreached({ unreached: before }: Telling, lineStopped: boolean, detail: string, retryable = true): Told {
  return {
    happening: { kind: 'unreached', lineStopped, retryable, tries: before + 1 },
    ...{ sent: false, reads: 0, detail, exceptionCode: undefined },
  };
}

function toMeterCommand({ order, mode }: Telling, nowMs: number): MeterCommand {
  switch (order.kind) {
    case 'trip':
    case 'close':
    case 'protect':
    case 'restorePrepaid':
      return { kind: 'relay', mode: mode ?? 'automatic' };
    case 'prices': {
      const { prices, switchAtMs } = order;
      return { kind: 'prices', prices, ...(switchAtMs === undefined ? {} : { switchAtMs }) };
    }
    case 'settings':
      return { kind: 'settings', settings: order.settings };
    case 'clock':
    case 'read':
      return { kind: 'clock', atMs: nowMs };
  }
}

type Seen =
  | { readonly ok: true; readonly matches: boolean; readonly detail: string }
  | { readonly ok: false; readonly detail: string };

/** One look at what the meter holds. */
async function look({ lines }: ConversationDeps, { meterId, order, mode, offsetMs }: Telling): Promise<Seen> {
  if (order.kind === 'prices' || order.kind === 'settings') {
    const outcome = await lines.readPurse(meterId);
    if (outcome === undefined) return { ok: false, detail: 'Its line is not run.' };
    if (!outcome.ok) return { ok: false, detail: outcome.error.message };
    return {
      ok: true,
      ...(order.kind === 'prices' ? seePrices(outcome.purse, order) : seeSettings(outcome.purse, order.settings)),
    };
  }
  const outcome = await lines.readBack(meterId);
  if (outcome === undefined) return { ok: false, detail: 'Its line is not run.' };
  if (!outcome.ok) return { ok: false, detail: outcome.error.message };
  return {
    ok: true,
    ...(order.kind === 'clock' ? seeClock(outcome.reading, offsetMs) : seeRelay(outcome.reading, mode)),
  };
}

/** How a forced mode shows in the status of a meter. */
export const FORCED_OF_MODE = { automatic: 'none', forcedClosed: 'closed', forcedOpen: 'open' } as const;

/** Is the relay as it was told to be? In automatic mode it follows the balance, which is the meter's own affair. */
export function relayMatches(status: Reading['status'], mode: RelayMode): boolean {
  const { forced, relay } = status;
  if (forced !== undefined && forced !== FORCED_OF_MODE[mode]) return false;
  if (mode === 'automatic') return forced !== undefined;
  if (relay === undefined) return forced !== undefined;
  return relay === (mode === 'forcedOpen' ? 'open' : 'closed');
}

function seeRelay({ status }: Reading, mode: RelayMode | undefined) {
  const { forced = 'unknown', relay = 'unknown' } = status;
  return {
    matches: mode !== undefined && relayMatches(status, mode),
    detail: `The meter says relay ${relay}, forced ${forced}.`,
  };
}

function seeClock({ meterClockMs, atMs }: Reading, offsetMs: number) {
  if (meterClockMs === undefined) return { matches: false, detail: 'The meter does not tell its clock.' };
  const offMs = meterClockMs - (atMs + offsetMs);
  return {
    matches: Math.abs(offMs) <= CLOCK_OFF_MS_MAX,
    detail: `Its clock is off by ${Math.round(offMs / 1_000)} s.`,
  };
}

function seePrices(purse: PurseRead, { prices, switchAtMs }: Extract<CommandOrder, { kind: 'prices' }>) {
  const waits = switchAtMs !== undefined && purse.atMs < switchAtMs;
  const held = waits ? purse.backup?.prices : purse.prices;
  const sameTime = !waits || Math.abs((purse.backup?.switchAtMs ?? 0) - switchAtMs) < CLOCK_OFF_MS_MAX;
  const detail = `The meter holds ${held === undefined ? 'no prices that it tells' : JSON.stringify(held)}.`;
  return { matches: held !== undefined && sameTime && samePrices(prices, held), detail };
}

function samePrices(wanted: MeterPrices, held: MeterPrices): boolean {
  const { sharp, peak, flat, valley, deepValley } = wanted;
  const four = sharp === held.sharp && peak === held.peak && flat === held.flat && valley === held.valley;
  // A meter with four rates has no fifth price to be wrong.
  return four && (held.deepValley === undefined || deepValley === undefined || deepValley === held.deepValley);
}

function seeSettings({ settings = {} }: PurseRead, wanted: MeterSettings) {
  const names = Object.keys(wanted) as (keyof MeterSettings)[];
  const wrong = names.filter((name) => settings[name] !== wanted[name]);
  return { matches: wrong.length === 0, detail: `The meter holds something else in ${wrong.join(', ')}.` };
}
