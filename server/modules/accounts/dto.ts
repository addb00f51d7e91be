import type { Account, AccountCase, AccountMeterDto } from '#contract/index.ts';
import { leftAfterEnd } from './afterEnd.ts';
import type { CaseRow } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { toCustomer } from './customers.ts';
import { givesBack } from './rules.ts';
import type { AccountMeter, AccountView } from './types.ts';
import { walletOf } from './wallets.ts';

/** How often money is asked again when accounts changed while it was asked for. */
const LOOKS_MAX = 3;

/** Accounts as screens show them; money is asked from the ledger, all of a property at once. */
export async function toAccounts(context: AccountsContext, views: readonly AccountView[]): Promise<Account[]> {
  const { book } = context;
  const nowOf = (view: AccountView) => book.account(view.id) ?? view;
  const money = new Map<number, BookMoney>();
  for (const [propertyId, own] of Map.groupBy(views, (view) => view.propertyId)) {
    for (let look = 1; look <= LOOKS_MAX; look += 1) {
      // An account and its money of one moment: not "closed" beside the deposit that it had before.
      const seen = own.map(nowOf);
      for (const [id, asked] of await moneyOf(context, propertyId, seen)) money.set(id, asked);
      if (seen.every((view) => nowOf(view) === view)) break;
    }
  }
  // Looked at again after each wait, so that it is not "closing" beside nothing that closes it.
  return views.map((view) => toAccount(context, nowOf(view), money.get(view.id) ?? NO_MONEY));
}

async function moneyOf({ ledger, db }: AccountsContext, propertyId: number, views: readonly AccountView[]) {
  const subjects = views.map(({ id }) => walletOf(id));
  const deposits = await ledger.balances(db, propertyId, 'deposit', subjects);
  // Only what is closed in memory is closed in the book for certain.
  const ended = views.filter(({ state }) => state === 'closed').map(({ id }) => id);
  const left = await leftAfterEnd(ledger, db, propertyId, ended);
  return views.map(({ id }): [number, BookMoney] => [
    id,
    { depositMinor: -(deposits.get(walletOf(id)) ?? 0n), owedMinor: left.get(id) },
  ]);
}

/** The account as it stands after a use case. */
export async function answerAccount(context: AccountsContext, accountId: number): Promise<Account> {
  const view = context.book.account(accountId);
  if (view === undefined) throw new Error(`account ${accountId} is not in memory after its commit`);
  await context.wallets.settled();
  const [account] = await toAccounts(context, [view]);
  if (account === undefined) throw new Error('no answer for an account');
  return account;
}

interface BookMoney {
  readonly depositMinor: bigint;
  readonly owedMinor: bigint | undefined;
}
const NO_MONEY: BookMoney = { depositMinor: 0n, owedMinor: undefined };

function toAccount(context: AccountsContext, view: AccountView, { depositMinor, owedMinor }: BookMoney): Account {
  const { book, tariffs, wallets, estate } = context;
  const customer = book.customer(view.customerId);
  if (customer === undefined) throw new Error(`customer ${view.customerId} is not in memory`);
  const tariffName = tariffs.tariff(view.tariffId)?.name;
  const wallet = view.custody === 'platform' ? wallets.of(view.id)?.balanceMinor : undefined;
  const running = book.openCase(view.id);
  return {
    id: view.id,
    propertyId: view.propertyId,
    customer: toCustomer(customer),
    state: view.state,
    custody: view.custody,
    deduction: view.deduction,
    tariffId: view.tariffId,
    ...(tariffName === undefined ? {} : { tariffName }),
    alarm1Minor: view.alarm1Minor.toString(),
    alarm2Minor: view.alarm2Minor.toString(),
    cutLineMinor: view.cutLineMinor.toString(),
    ...(view.hoardingLimitMinor === undefined ? {} : { hoardingLimitMinor: view.hoardingLimitMinor.toString() }),
    ...(view.overloadLimitW === undefined ? {} : { overloadLimitW: view.overloadLimitW }),
    ...(wallet === undefined ? {} : { balanceMinor: wallet.toString() }),
    depositMinor: depositMinor.toString(),
    meters: view.meters.map((meter) => toMeterDto(context, view, meter)),
    rooms: view.placeIds.map((placeId) => ({ placeId, names: estate.place(placeId)?.names ?? { en: `#${placeId}` } })),
    openedAt: new Date(view.openedAtMs).toISOString(),
    ...(view.closedAtMs === undefined ? {} : { closedAt: new Date(view.closedAtMs).toISOString() }),
    ...(owedMinor === undefined ? {} : { owedMinor: owedMinor.toString() }),
    ...(running === undefined ? {} : { running: toCase(running) }),
    version: view.version,
  };
}

function toMeterDto(context: AccountsContext, account: AccountView, meter: AccountMeter): AccountMeterDto {
  const { metering, estate } = context;
  const profile = estate.meter(meter.meterId);
  const now = metering.meter(meter.meterId);
  const room = profile?.path.at(-1);
  const balance = account.custody === 'meter' ? now?.last?.balanceMinor : undefined;
  return {
    meterId: meter.meterId,
    meterNumber: profile?.meter.meterNumber ?? `#${meter.meterId}`,
    ...(profile?.meter.names === undefined ? {} : { names: profile.meter.names }),
    ...(room === undefined ? {} : { room: room.names }),
    epoch: meter.epoch,
    from: new Date(meter.fromMs).toISOString(),
    ctRatio: meter.ctRatio,
    ptRatio: meter.ptRatio,
    openingRegisters: toText(meter.openingRegisters),
    ...(balance === undefined || now?.last === undefined
      ? {}
      : { balanceMinor: balance.toString(), balanceAt: new Date(now.last.readAtMs).toISOString() }),
    ...(account.custody === 'meter' ? { givesBack: givesBack(context, account.propertyId, meter.meterId) } : {}),
    ...(now === undefined ? {} : pick(now.state.facts)),
  };
}

export function toCase(row: CaseRow): AccountCase {
  return {
    caseId: row.id,
    accountId: row.account_id,
    kind: row.kind,
    state: row.state,
    ...(row.step === null ? {} : { step: row.step }),
    ...(row.waiting === null ? {} : { waiting: row.waiting }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    by: row.user_name,
    ...(row.approved_name === null ? {} : { approvedBy: row.approved_name }),
    at: row.at.toISOString(),
    ...(row.done_at === null ? {} : { doneAt: row.done_at.toISOString() }),
    facts: { ...row.facts },
  };
}

function toText(registers: AccountMeter['openingRegisters']): Record<string, string> {
  return Object.fromEntries(Object.entries(registers).map(([quantity, wh]) => [quantity, wh.toString()]));
}

function pick({ money, link, relay }: { readonly money: string; readonly link: string; readonly relay: string }) {
  return { money, link, relay };
}
