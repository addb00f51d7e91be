import { inMeter, inWallet, type Position } from '#domain/account/moneyState.ts';
import { createCalendars, type ZonedCalendar } from '#domain/calendar.ts';
import { type CutCause, type CutDecision, type CutFacts, type CutRules, decideCut } from '#domain/cutGuard.ts';
import type { AccountsReader, AccountView } from '#server/modules/accounts/types.ts';
import type { EstateReader, MeterProfile } from '#server/modules/estate/types.ts';
import type { Ledger } from '#server/modules/ledger/types.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { isForWindow, type ProtectionRow } from './rows.ts';
import type { CommandOrder, Giver, Overdue } from './types.ts';
import { selectProtections } from './wishStore.ts';

/** Those to the right who know something that may hold a cut. Nobody asked: nothing known. */
export interface FactSources {
  openVend: (tx: Tx, meterIds: readonly number[]) => Promise<ReadonlySet<number>>;
  /** Nobody yet: the house has no bills, rent or fees, so that nothing is overdue and a cut for fees is always held. */
  overdue: (tx: Tx, accountIds: readonly number[]) => Promise<ReadonlyMap<number, Overdue>>;
  notice: (tx: Tx, meterIds: readonly number[]) => Promise<ReadonlyMap<number, number>>;
}

export interface FactsDeps {
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'meter'>;
  readonly accounts: Pick<AccountsReader, 'accountOfMeter' | 'policy'>;
  readonly ledger: Pick<Ledger, 'balances'>;
  readonly sources: FactSources;
}

/** What is asked of the guard for one meter. */
export interface CutQuestion {
  readonly profile: MeterProfile;
  readonly cause: CutCause;
}

/** A decision with what it rested on, for people. */
export interface WeighedCut {
  readonly decision: CutDecision;
  readonly facts: CutFacts;
  readonly rules: CutRules;
  readonly protection: ProtectionRow | undefined;
  readonly account: AccountView | undefined;
}

export type Guard = ReturnType<typeof createGuard>;

/** Asks the guard about many meters at once: facts come in a handful of statements, whatever their number. */
export function createGuard(deps: FactsDeps) {
  const calendars = createCalendars();
  const calendarOf = (propertyId: number): ZonedCalendar => calendars(deps.estate.place(propertyId)?.timeZone ?? 'UTC');

  async function weigh(
    tx: Tx,
    questions: readonly CutQuestion[],
    nowMs: number,
  ): Promise<ReadonlyMap<number, WeighedCut>> {
    if (questions.length === 0) return new Map();
    const meterIds = questions.map(({ profile }) => profile.meter.id);
    const accounts = new Map(meterIds.map((id) => [id, deps.accounts.accountOfMeter(id)]));
    const known = [...accounts.values()].flatMap((account) => account ?? []);
    // One connection, one statement after the other.
    const openVends = await deps.sources.openVend(tx, meterIds);
    const overdue = await deps.sources.overdue(tx, [...new Set(known.map(({ id }) => id))]);
    const notices = await deps.sources.notice(tx, meterIds);
    const protections = new Map((await selectProtections(tx, meterIds)).map((row) => [row.meter_id, row]));
    const wallets = await walletsOf(tx, known);
    const weighed = questions.map(({ profile, cause }): [number, WeighedCut] => {
      const meterId = profile.meter.id;
      const account = accounts.get(meterId);
      const protection = protections.get(meterId);
      const debts = account === undefined ? undefined : overdue.get(account.id);
      const facts: CutFacts = {
        cause,
        openVend: openVends.has(meterId),
        // Nothing in the house announces a payment before it is taken: money that was taken and is not proven yet is an
        // open vend. Whoever brings payments of a channel says here which of them are still to be proven.
        unverifiedPayment: false,
        protection: protection && { untilMs: protection.until_at?.getTime(), forWindow: isForWindow(protection) },
        account: account && {
          paused: account.state === 'paused',
          position: account.custody === 'platform' ? inWallet(wallets.get(account.id)) : saidBy(meterId),
          cutLineMinor: account.cutLineMinor,
          overdueMinor: debts?.billsMinor ?? 0n,
          overdueFeesMinor: debts?.propertyFeesMinor ?? 0n,
        },
        noticedAtMs: notices.get(meterId),
      };
      const { propertyId } = profile.meter;
      const rules = { ...deps.accounts.policy(propertyId), calendar: calendarOf(propertyId) };
      return [meterId, { decision: decideCut(facts, rules, nowMs), facts, rules, protection, account }];
    });
    return new Map(weighed);
  }

  /** What the meter itself said last. */
  function saidBy(meterId: number): Position | undefined {
    const balanceMinor = deps.metering.meter(meterId)?.last?.balanceMinor;
    return balanceMinor === undefined ? undefined : inMeter(balanceMinor);
  }

  /** What wallets hold: they are debts of the property, so that their entries are negative. Not there: no entry yet. */
  async function walletsOf(tx: Tx, accounts: readonly AccountView[]): Promise<ReadonlyMap<number, bigint>> {
    const inPlatform = accounts.filter(({ custody }) => custody === 'platform');
    const held = new Map<number, bigint>();
    for (const [propertyId, group] of Map.groupBy(inPlatform, (account) => account.propertyId)) {
      const subjects = group.map(({ id }) => `account:${id}`);
      const balances = await deps.ledger.balances(tx, propertyId, 'wallet', subjects);
      for (const { id } of group) {
        const balance = balances.get(`account:${id}`);
        if (balance !== undefined) held.set(id, -balance);
      }
    }
    return held;
  }

  return { weigh, calendarOf };
}

/** The cause that a trip is weighed by: rules cut for arrears, persons say what else they mean. */
export function causeOf(order: CommandOrder, byRule: boolean): CutCause {
  const named = order.kind === 'trip' ? order.cause : undefined;
  return named ?? (byRule ? 'arrears' : 'operator');
}

export function isRule(giver: Giver): giver is Extract<Giver, { readonly rule: string }> {
  return 'rule' in giver;
}
