import type { MeterStatus } from '#drivers/core/index.ts';
import { inMeter, type MeterAccount, moneyStateOf } from './account/moneyState.ts';
import type { LinkState, MeterFacts, MoneyState, ProtectionState, RelayState } from './meterState.ts';
import { MARKS } from './meterState.ts';

/** An answer is late after so many missed polls. */
const LATE_AFTER_POLLS = 2;
/** A meter is lost after so many missed polls or failures in a row, and never before `LOST_AFTER_MS`. */
const LOST_AFTER_POLLS = 3;
const LOST_AFTER_FAILURES = 3;
const LOST_AFTER_MS = 60_000;
/** Reply times wander: a poll is missed only when it is so much overdue. */
const POLL_SLACK_MS = 2_000;
/** A connection that drops and comes back within this time does not turn its meters lost. */
const PATH_LOST_AFTER_MS = 5_000;
/** An overload mark goes when the load falls below this share of the limit. */
export const OVERLOAD_CLEAR_RATIO = 0.95;

/** The way to a meter. `stopped`: nobody listens, by decision (gateway disabled). */
export type PathState = 'up' | 'down' | 'stopped';

/** All that is known about a meter when it is evaluated. Times are ms since epoch. */
export interface MeterInput {
  /** Last answer; undefined until the first one. */
  readonly heardMs: number | undefined;
  /** Since when we have been able to hear it: the later of our start and the last return of its path. */
  readonly listeningSinceMs: number;
  /** Failures in a row since the last answer. */
  readonly failures: number;
  readonly path: PathState;
  readonly pathSinceMs: number;
  /** What the meter last said of itself; undefined until the first answer. */
  readonly status: MeterStatus | undefined;
  /** Who pays for it; undefined on a property without any account, where the meter's own word decides. */
  readonly account: MeterAccount | undefined;
  /** What the meter last said that it holds, minor units. */
  readonly balanceMinor: bigint | undefined;
  /** What it was last told to do, once there are commands. */
  readonly commandedRelay: 'closed' | 'open' | undefined;
  readonly commandInFlight: boolean;
  /** Why its supply is kept on whatever the balance: a person wants it, or the hours without cuts. */
  readonly protectedFor: 'person' | 'window' | undefined;
  readonly loadW: number | undefined;
  readonly alarmUnacknowledged: boolean;
  /** Known only from before our start. */
  readonly stale: boolean;
}

export interface MeterPolicy {
  /** Time between two polls that can be kept: the configured one, or the line's cycle where that is longer. */
  readonly pollMs: number;
  readonly prepaid: boolean;
  readonly overloadLimitW: number | undefined;
}

/** Why contact is lost: the meter itself, or the way to it. */
export type LostCause = 'meter' | 'path' | 'stopped';

export type SinceMs = Readonly<Record<keyof MeterFacts, number>>;

export interface MeterState {
  readonly facts: MeterFacts;
  /** Since when each fact holds; a late or lost link counts from the last answer. */
  readonly since: SinceMs;
  readonly marks: number;
  readonly lostCause: LostCause | undefined;
  /** Without news the link may change at this instant; Infinity when only news can change it. */
  readonly dueMs: number;
}

/** A fact that changed. */
export type FactEvent = {
  [Fact in keyof MeterFacts]: {
    readonly fact: Fact;
    readonly from: MeterFacts[Fact];
    readonly to: MeterFacts[Fact];
    readonly atMs: number;
  };
}[keyof MeterFacts];

/**
 * The state of a meter after news or the passing of time: its four facts, since when they hold, the marks on its tile
 * and what changed. Pure; the same input gives the same state however often it is asked.
 */
export function evaluate(
  previous: MeterState | undefined,
  input: MeterInput,
  policy: MeterPolicy,
  nowMs: number,
): { readonly state: MeterState; readonly events: readonly FactEvent[] } {
  const link = judgeLink(input, policy, nowMs);
  const facts = held<MeterFacts>(previous?.facts, {
    money: judgeMoney(input, policy),
    link: link.link,
    relay: judgeRelay(input.status, input.commandedRelay),
    protection: judgeProtection(input),
  });
  const events = previous === undefined ? NO_EVENTS : changes(previous.facts, facts, nowMs);
  const heldSince = (fact: keyof MeterFacts): number =>
    previous !== undefined && previous.facts[fact] === facts[fact] ? previous.since[fact] : nowMs;
  const since = held<SinceMs>(previous?.since, {
    money: heldSince('money'),
    link: facts.link === 'online' ? heldSince('link') : (input.heardMs ?? heldSince('link')),
    relay: heldSince('relay'),
    protection: heldSince('protection'),
  });
  const marks = judgeMarks(previous?.marks ?? 0, input, policy);
  return { state: { facts, since, marks, lostCause: link.cause, dueMs: link.dueMs }, events };
}

const NO_EVENTS: readonly FactEvent[] = [];

/** The object held before where nothing changed: a meter's facts outlive thousands of readings. */
function held<T extends Readonly<Record<keyof MeterFacts, unknown>>>(before: T | undefined, now: T): T {
  const same =
    before !== undefined &&
    before.money === now.money &&
    before.link === now.link &&
    before.relay === now.relay &&
    before.protection === now.protection;
  return same ? before : now;
}

interface LinkJudgement {
  readonly link: LinkState;
  readonly cause: LostCause | undefined;
  readonly dueMs: number;
}

function judgeLink(input: MeterInput, policy: MeterPolicy, nowMs: number): LinkJudgement {
  if (input.path === 'stopped') return { link: 'lost', cause: 'stopped', dueMs: Number.POSITIVE_INFINITY };
  if (input.path === 'down') {
    const lostAtMs = input.pathSinceMs + PATH_LOST_AFTER_MS;
    if (nowMs < lostAtMs) return { link: 'late', cause: undefined, dueMs: lostAtMs };
    return { link: 'lost', cause: 'path', dueMs: Number.POSITIVE_INFINITY };
  }
  const heardHere = input.heardMs !== undefined && !input.stale && input.heardMs >= input.listeningSinceMs;
  // Silence while nobody could hear does not count: after a restart or an outage every meter gets its full time again.
  const quietSinceMs = heardHere ? (input.heardMs ?? nowMs) : input.listeningSinceMs;
  const lateAtMs = quietSinceMs + LATE_AFTER_POLLS * policy.pollMs + POLL_SLACK_MS;
  const silentTooLongMs = input.failures >= LOST_AFTER_FAILURES ? 0 : LOST_AFTER_POLLS * policy.pollMs + POLL_SLACK_MS;
  const lostAtMs = quietSinceMs + Math.max(LOST_AFTER_MS, silentTooLongMs);
  if (nowMs >= lostAtMs) return { link: 'lost', cause: 'meter', dueMs: Number.POSITIVE_INFINITY };
  // Not a matter of time: news of a line may be older than our knowledge of its meters.
  if (!heardHere || nowMs >= lateAtMs) return { link: 'late', cause: undefined, dueMs: lostAtMs };
  return { link: 'online', cause: undefined, dueMs: Math.min(lateAtMs, lostAtMs) };
}

function judgeMoney({ status, account, balanceMinor }: MeterInput, policy: MeterPolicy): MoneyState {
  if (account?.opened === true) {
    const said = balanceMinor === undefined ? undefined : inMeter(balanceMinor);
    const position = account.custody === 'platform' ? account.platform : said;
    if (position !== undefined) return moneyStateOf(position, account);
  }
  if (account?.opened === false) return policy.prepaid ? 'notOpened' : 'normal';
  if (!policy.prepaid) return 'normal';
  // A prepaid meter that never answered is shown empty, never as in good order.
  return status === undefined ? 'notOpened' : (status.money ?? 'normal');
}

function judgeRelay(status: MeterStatus | undefined, commanded: 'closed' | 'open' | undefined): RelayState {
  const read = status?.relay;
  if (read === undefined) return 'unknown';
  // Phases that do not agree with each other agree with no command either.
  if (read === 'partial') return 'disagrees';
  // A meter in forced mode carries its last command with it.
  const forced = status?.forced === 'closed' || status?.forced === 'open' ? status.forced : undefined;
  const wanted = commanded ?? forced;
  return wanted === undefined || wanted === read ? read : 'disagrees';
}

function judgeProtection({ status, account, protectedFor }: MeterInput): ProtectionState {
  const kept = protectedFor === 'window' ? 'noCutWindow' : 'forcedClosed';
  // Where the wallet is kept here, forced modes are how its relay is held day by day: they protect nobody.
  if (account?.opened === true && account.custody === 'platform') return protectedFor === undefined ? 'none' : kept;
  switch (status?.forced) {
    case 'closed':
      return kept;
    case 'open':
      return 'forcedOpen';
    case 'none':
    case undefined:
      return 'none';
  }
}

function judgeMarks(previousMarks: number, input: MeterInput, policy: MeterPolicy): number {
  const overload = isOverloaded((previousMarks & MARKS.overload) !== 0, input, policy);
  return (
    (input.commandInFlight ? MARKS.commandInFlight : 0) |
    (input.alarmUnacknowledged ? MARKS.unacknowledgedAlarm : 0) |
    (overload ? MARKS.overload : 0) |
    (input.stale ? MARKS.stale : 0)
  );
}

function isOverloaded(was: boolean, input: MeterInput, policy: MeterPolicy): boolean {
  if (input.status?.overLimit === true) return true;
  if (policy.overloadLimitW === undefined || input.loadW === undefined) return false;
  return input.loadW > policy.overloadLimitW * (was ? OVERLOAD_CLEAR_RATIO : 1);
}

function changes(from: MeterFacts, to: MeterFacts, atMs: number): readonly FactEvent[] {
  if (from === to) return NO_EVENTS;
  const events: FactEvent[] = [];
  if (from.money !== to.money) events.push({ fact: 'money', from: from.money, to: to.money, atMs });
  if (from.link !== to.link) events.push({ fact: 'link', from: from.link, to: to.link, atMs });
  if (from.relay !== to.relay) events.push({ fact: 'relay', from: from.relay, to: to.relay, atMs });
  if (from.protection !== to.protection)
    events.push({ fact: 'protection', from: from.protection, to: to.protection, atMs });
  return events;
}
