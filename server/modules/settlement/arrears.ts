import { randomUUID } from 'node:crypto';
import { inWallet, moneyStateOf, type Position } from '#domain/account/moneyState.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { type CutDecision, decideCut } from '#domain/cutGuard.ts';
import type { AccountsReader, AccountView } from '#server/modules/accounts/types.ts';
import type { Commands } from '#server/modules/commands/index.ts';
import type { Ledger } from '#server/modules/ledger/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import {
  type ArrearsState,
  clearNotices,
  endArrears,
  insertNotices,
  lockArrears,
  type NewNotice,
  selectNoticed,
  upsertArrears,
} from './arrearsStore.ts';
import type { ArrearsLevel } from './types.ts';

/** A relay that was told and did not follow is told again after so long; the command itself has tried until then. */
export const TELL_AGAIN_MS = 10 * 60_000;

export interface ArrearsDeps {
  readonly accounts: Pick<AccountsReader, 'account' | 'policy'>;
  readonly ledger: Pick<Ledger, 'balances'>;
  readonly commands: Pick<Commands, 'order' | 'openBy' | 'inFlight' | 'isProtected'>;
  readonly openVends: (tx: Tx, meterIds: readonly number[]) => Promise<ReadonlySet<number>>;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
  readonly nowMs: () => number;
}

/** Each level with the line below which it begins. */
const NOTICES = [
  { level: 'alarm1', lineOf: (account: AccountView) => account.alarm1Minor },
  { level: 'alarm2', lineOf: (account: AccountView) => account.alarm2Minor },
  { level: 'arrears', lineOf: (account: AccountView) => account.cutLineMinor },
] as const;
const RANK: Readonly<Record<ArrearsLevel, number>> = { normal: 0, alarm1: 1, alarm2: 2, arrears: 3 };

/** Meters without supply by the newest order, and who wanted it last. */
type OpenBy = ReadonlyMap<number, 'person' | 'rule'>;

/** What is known of one account when its arrears are weighed. */
interface Weighed {
  readonly account: AccountView;
  readonly position: Position;
  readonly before: ArrearsState | undefined;
  readonly level: ArrearsLevel;
}

/**
 * Weighs the wallets of these accounts, in one transaction: notices as lines are crossed, trips where the guard lets supply
 * be cut, and the way back when money came. Only meters that a rule was the last to cut are closed by it: what a person
 * tripped stays so until a person closes it. Those that keep their own balance cut and close by themselves. Said twice,
 * nothing changes.
 */
export async function weighArrears(tx: Tx, accountIds: readonly number[], deps: ArrearsDeps): Promise<void> {
  const known = [...new Set(accountIds)].toSorted((a, b) => a - b).flatMap((id) => deps.accounts.account(id) ?? []);
  const accounts = known.filter(hasWallet);
  const others = known.filter((account) => !hasWallet(account)).map(({ id }) => id);
  await endArrears(tx, others, deps.nowMs());
  if (accounts.length === 0) return;
  const states = await lockArrears(
    tx,
    accounts.map(({ id }) => id),
  );
  const balances = await walletsOf(tx, accounts, deps.ledger);
  const weighed = accounts.map((account): Weighed => {
    const position = inWallet(balances.get(account.id));
    // The same lines as on the screens.
    return { account, position, before: states.get(account.id), level: moneyStateOf(position, account) };
  });
  await tellCustomers(tx, weighed, deps.nowMs());
  const noticed = await selectNoticed(
    tx,
    accounts.map(({ id }) => id),
  );
  const meterIds = weighed.flatMap(({ account, level }) => (level === 'arrears' ? meterIdsOf(account) : []));
  const openVends = meterIds.length === 0 ? new Set<number>() : await deps.openVends(tx, meterIds);
  const openBy = await deps.commands.openBy(tx, accounts.flatMap(meterIdsOf));
  const after: ArrearsState[] = [];
  for (const item of weighed) {
    const decision = item.level === 'arrears' ? decide(item, openVends, noticed.get(item.account.id), deps) : undefined;
    const told = await tellRelays(tx, item, decision, openBy, deps);
    after.push(stateAfter(item, { decision, told, left: isLeft(item, openBy) }, deps.nowMs()));
  }
  await upsertArrears(tx, after, deps.nowMs());
}

/** Others cannot be in arrears here: they are closed, or their meters keep their balance. */
function hasWallet({ custody, state }: AccountView): boolean {
  return custody === 'platform' && state !== 'closed';
}

async function walletsOf(tx: Tx, accounts: readonly AccountView[], ledger: ArrearsDeps['ledger']) {
  const wallets = new Map<number, bigint>();
  for (const [propertyId, group] of Map.groupBy(accounts, (account) => account.propertyId)) {
    const subjects = group.map(({ id }) => `account:${id}`);
    const balances = await ledger.balances(tx, propertyId, 'wallet', subjects);
    // What the customer has is the property's debt.
    for (const { id } of group) {
      const balance = balances.get(`account:${id}`);
      if (balance !== undefined) wallets.set(id, -balance);
    }
  }
  return wallets;
}

async function tellCustomers(tx: Tx, weighed: readonly Weighed[], nowMs: number): Promise<void> {
  const raised: NewNotice[] = [];
  const cleared: { accountId: number; level: ArrearsLevel }[] = [];
  for (const { account, position, before, level } of weighed) {
    const { balanceMinor } = position;
    if (before?.level === level) continue;
    for (const notice of NOTICES) {
      if (RANK[notice.level] > RANK[level]) cleared.push({ accountId: account.id, level: notice.level });
      else if (RANK[notice.level] > RANK[before?.level ?? 'normal'])
        raised.push({
          ...{ propertyId: account.propertyId, accountId: account.id, level: notice.level, balanceMinor },
          lineMinor: notice.lineOf(account),
        });
    }
  }
  await clearNotices(tx, cleared, nowMs);
  await insertNotices(tx, raised, nowMs);
}

function decide(
  { account, position }: Weighed,
  openVends: ReadonlySet<number>,
  noticedAtMs: number | undefined,
  { accounts, commands, calendarOf, nowMs }: ArrearsDeps,
): ReadonlyMap<number, CutDecision> {
  const rules = { ...accounts.policy(account.propertyId), calendar: calendarOf(account.propertyId) };
  return new Map(
    meterIdsOf(account).map((meterId) => {
      const facts = {
        cause: 'arrears' as const,
        openVend: openVends.has(meterId),
        // As in the guard's own facts: money that was taken and is not proven is an open vend.
        unverifiedPayment: false,
        protection: commands.isProtected(meterId) ? { untilMs: undefined } : undefined,
        account: {
          paused: account.state === 'paused',
          position,
          cutLineMinor: account.cutLineMinor,
          // This rule is about the energy balance; the house has no bills yet that could be overdue.
          overdueMinor: 0n,
          overdueFeesMinor: 0n,
        },
        noticedAtMs,
      };
      return [meterId, decideCut(facts, rules, nowMs())];
    }),
  );
}

/** Orders what is to be done; undefined: nothing was ordered. */
async function tellRelays(
  tx: Tx,
  { account, level, before }: Weighed,
  decisions: ReadonlyMap<number, CutDecision> | undefined,
  openBy: OpenBy,
  { commands, nowMs }: ArrearsDeps,
): Promise<'open' | 'closed' | undefined> {
  const rested = before?.wantedAtMs === undefined || nowMs() - before.wantedAtMs >= TELL_AGAIN_MS;
  const order = (meterId: number, kind: 'trip' | 'restorePrepaid', reason: string) =>
    commands.order(tx, {
      commandId: randomUUID(),
      meterId,
      order: { kind },
      giver: { rule: kind === 'trip' ? 'arrears' : 'restoreAfterPayment' },
      reason,
    });
  let told: 'open' | 'closed' | undefined;
  if (level === 'arrears') {
    if (before?.wanted === 'open' && !rested) return undefined;
    for (const meterId of meterIdsOf(account)) {
      const decision = decisions?.get(meterId);
      const isDue = decision?.cut === true && decision.atMs <= nowMs();
      if (!isDue || openBy.has(meterId) || commands.inFlight(meterId)) continue;
      await order(meterId, 'trip', 'the balance is used up');
      told = 'open';
    }
    return told;
  }
  for (const meterId of meterIdsOf(account)) {
    // Cut by the word of a rule, perhaps still on its way.
    if (openBy.get(meterId) !== 'rule') continue;
    await order(meterId, 'restorePrepaid', 'the balance is above the line again');
    told = 'closed';
  }
  return told;
}

/** Is there a meter that this rule cut, that money came for, and that stays without supply because a person tripped it? */
function isLeft({ account, level, before }: Weighed, openBy: OpenBy): boolean {
  if (level === 'arrears' || before?.wanted !== 'open') return false;
  return meterIdsOf(account).some((meterId) => openBy.get(meterId) === 'person');
}

interface Outcome {
  readonly decision: ReadonlyMap<number, CutDecision> | undefined;
  readonly told: 'open' | 'closed' | undefined;
  readonly left: boolean;
}

function stateAfter({ account, position, before, level }: Weighed, outcome: Outcome, nowMs: number): ArrearsState {
  const { decision, told, left } = outcome;
  // With money there and nothing left dark, whoever closed it, nothing of the cut remains.
  const paid = before?.wanted === undefined ? told : 'closed';
  const wanted = left ? 'open' : level === 'arrears' ? (told ?? before?.wanted) : paid;
  return {
    accountId: account.id,
    propertyId: account.propertyId,
    level,
    balanceMinor: position.balanceMinor,
    sinceMs: before?.level === level ? before.sinceMs : nowMs,
    decision: left ? 'leave trippedByPerson' : decision && inWords([...decision.values()]),
    wanted,
    wantedAtMs: told !== undefined || wanted !== before?.wanted ? nowMs : before?.wantedAtMs,
  };
}

/** `cut 2026-11-23T01:00:00.000Z` or `hold openVend, protected`: of the meter that is cut first, else of all that hold. */
function inWords(decisions: readonly CutDecision[]): string | undefined {
  const cuts = decisions.flatMap((decision) => (decision.cut ? [decision.atMs] : []));
  if (cuts.length > 0) return `cut ${new Date(Math.min(...cuts)).toISOString()}`;
  const why = new Set(decisions.flatMap((decision) => (decision.cut ? [] : decision.why)));
  return why.size === 0 ? undefined : `hold ${[...why].join(', ')}`;
}

function meterIdsOf({ meters }: AccountView): readonly number[] {
  return meters.filter(({ toMs }) => toMs === undefined).map(({ meterId }) => meterId);
}
