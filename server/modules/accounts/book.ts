import type { MeterAccount, Position } from '#domain/account/moneyState.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type CaseRow, selectOpenCases } from './caseStore.ts';
import { type CustomerRow, selectCustomers } from './customerStore.ts';
import { defaultPolicy, fromStored } from './policy.ts';
import { selectPolicies } from './policyStore.ts';
import {
  type AccountRow,
  type EpochRow,
  selectAccount,
  selectAccounts,
  selectEpochs,
  selectRunningEpochs,
} from './store.ts';
import type { AccountMeter, AccountView, MoneyPolicy } from './types.ts';

const NOBODY_PAYS: MeterAccount = { opened: false };
const NONE: readonly never[] = [];

export interface BookDeps {
  readonly propertyOfMeter: (meterId: number) => number | undefined;
  readonly walletOf: (accountId: number) => Position | undefined;
}

/** Accounts, customers and policies in memory, as of the last commit. Closed accounts are kept: people look them up. */
export class AccountBook {
  readonly #deps: BookDeps;
  readonly #accounts = new Map<number, AccountView>();
  readonly #customers = new Map<number, CustomerRow>();
  readonly #policies = new Map<number, MoneyPolicy>();
  readonly #cases = new Map<number, CaseRow>();
  readonly #byMeter = new Map<number, AccountView>();
  readonly #byProperty = new Map<number, Map<number, AccountView>>();
  readonly #moneyOf = new Map<number, MeterAccount>();

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  async load(db: Queryable): Promise<void> {
    const epochs = Map.groupBy(await selectRunningEpochs(db), (row) => row.account_id);
    for (const row of await selectAccounts(db)) this.#put(toView(row, epochs.get(row.id) ?? NONE));
    for (const row of await selectCustomers(db)) this.#customers.set(row.id, row);
    for (const { property_id: id, settings } of await selectPolicies(db))
      this.#policies.set(id, fromStored(id, settings));
    for (const row of await selectOpenCases(db)) this.#cases.set(row.account_id, row);
  }

  account(accountId: number): AccountView | undefined {
    return this.#accounts.get(accountId);
  }

  accountOfMeter(meterId: number): AccountView | undefined {
    return this.#byMeter.get(meterId);
  }

  /** By id. */
  accounts(): Iterable<AccountView> {
    return this.#accounts.values();
  }

  /** Those that are not closed. */
  ofProperty(propertyId: number): readonly AccountView[] {
    return [...(this.#byProperty.get(propertyId)?.values() ?? NONE)].filter(({ state }) => state !== 'closed');
  }

  accountsOfCustomer(customerId: number): readonly AccountView[] {
    return [...this.#accounts.values()].filter((account) => account.customerId === customerId);
  }

  customer(customerId: number): CustomerRow | undefined {
    return this.#customers.get(customerId);
  }

  customers(): Iterable<CustomerRow> {
    return this.#customers.values();
  }

  policy(propertyId: number): MoneyPolicy {
    return this.#policies.get(propertyId) ?? defaultPolicy(propertyId);
  }

  /** The use case that is under way on an account. */
  openCase(accountId: number): CaseRow | undefined {
    return this.#cases.get(accountId);
  }

  /** Cases that go on by themselves. */
  runningCases(): readonly CaseRow[] {
    return [...this.#cases.values()].filter(({ state }) => state === 'running');
  }

  /** For every reading of every meter: answers from a map. */
  moneyOf(meterId: number): MeterAccount | undefined {
    const found = this.#moneyOf.get(meterId);
    if (found !== undefined) return found;
    const propertyId = this.#deps.propertyOfMeter(meterId);
    return propertyId !== undefined && this.#byProperty.has(propertyId) ? NOBODY_PAYS : undefined;
  }

  /** The account as this transaction sees it; the memory follows when it commits, then `committed` is called. */
  async noteAccount(
    tx: Tx,
    accountId: number,
    committed?: (view: AccountView, before: AccountView | undefined, firstOfProperty: boolean) => void,
  ): Promise<AccountView> {
    const row = await selectAccount(tx, accountId);
    if (row === undefined) throw new Error(`account ${accountId} is not in the database`);
    const epochs = (await selectEpochs(tx, accountId)).filter((epoch) => epoch.to_at === null);
    const view = toView(row, epochs);
    tx.afterCommit(() => {
      const before = this.#accounts.get(accountId);
      const firstOfProperty = !this.#byProperty.has(view.propertyId);
      this.#put(view);
      committed?.(view, before, firstOfProperty);
    });
    return view;
  }

  noteCase(tx: Tx, row: CaseRow): void {
    tx.afterCommit(() => {
      const known = this.#cases.get(row.account_id);
      if (known !== undefined && known.no > row.no) return;
      if (row.state === 'done' || row.state === 'refused') {
        if (known?.id === row.id) this.#cases.delete(row.account_id);
      } else if (known === undefined || known.id !== row.id || known.version < row.version) {
        this.#cases.set(row.account_id, row);
      }
    });
  }

  noteCustomer(tx: Tx, row: CustomerRow): void {
    tx.afterCommit(() => {
      this.#customers.set(row.id, row);
      for (const account of this.#accounts.values())
        if (account.customerId === row.id) this.#put({ ...account, customerName: row.name });
    });
  }

  notePolicy(tx: Tx, policy: MoneyPolicy): void {
    tx.afterCommit(() => void this.#policies.set(policy.propertyId, policy));
  }

  /** The wallet of this account is another: what metering is told of its meters follows. */
  walletRead(accountId: number): readonly number[] {
    const account = this.#accounts.get(accountId);
    if (account === undefined) return NONE;
    for (const { meterId } of account.meters) this.#moneyOf.set(meterId, this.#toMoney(account));
    return account.meters.map(({ meterId }) => meterId);
  }

  #put(account: AccountView): void {
    const before = this.#accounts.get(account.id);
    // Two commits of one account may be told out of order; the later one has the higher version.
    if (before !== undefined && before.version > account.version) return;
    for (const { meterId } of before?.meters ?? NONE) {
      if (this.#byMeter.get(meterId)?.id !== account.id) continue;
      this.#byMeter.delete(meterId);
      this.#moneyOf.delete(meterId);
    }
    this.#accounts.set(account.id, account);
    const siblings = this.#byProperty.get(account.propertyId) ?? new Map<number, AccountView>();
    siblings.set(account.id, account);
    this.#byProperty.set(account.propertyId, siblings);
    for (const { meterId } of account.meters) {
      this.#byMeter.set(meterId, account);
      this.#moneyOf.set(meterId, this.#toMoney(account));
    }
  }

  #toMoney(account: AccountView): MeterAccount {
    const { custody, alarm1Minor, alarm2Minor, cutLineMinor } = account;
    const platform = custody === 'platform' ? this.#deps.walletOf(account.id) : undefined;
    return { opened: true, custody, platform, alarm1Minor, alarm2Minor, cutLineMinor };
  }
}

export function toMeter(row: EpochRow): AccountMeter {
  return {
    meterId: row.meter_id,
    epoch: row.epoch,
    fromMs: row.from_at.getTime(),
    toMs: row.to_at?.getTime(),
    ctRatio: row.ct_ratio,
    ptRatio: row.pt_ratio,
    openingRegisters: Object.fromEntries(
      Object.entries(row.opening_registers).map(([quantity, text]) => [quantity, BigInt(text)]),
    ),
  };
}

export function toView(row: AccountRow, epochs: readonly EpochRow[]): AccountView {
  return {
    id: row.id,
    propertyId: row.property_id,
    customerId: row.customer_id,
    customerName: row.customer_name,
    state: row.state,
    custody: row.custody,
    deduction: row.deduction,
    tariffId: row.tariff_id,
    alarm1Minor: row.alarm1_minor,
    alarm2Minor: row.alarm2_minor,
    cutLineMinor: row.cut_line_minor,
    hoardingLimitMinor: row.hoarding_limit_minor ?? undefined,
    overloadLimitW: row.overload_limit_w ?? undefined,
    meters: epochs.map(toMeter),
    placeIds: row.place_ids,
    openedAtMs: row.opened_at.getTime(),
    closedAtMs: row.closed_at?.getTime(),
    version: row.version,
  };
}
