import type { Clock } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { Estate } from '#server/modules/estate/index.ts';
import type { Ledger } from '#server/modules/ledger/index.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Tariffs } from '#server/modules/tariffs/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import { AccountBook, toMeter } from './book.ts';
import { CLOSING_STEPS } from './closing.ts';
import type { AccountsContext } from './context.ts';
import { CUSTODY_STEPS } from './custody.ts';
import { REPLACEMENT_STEPS } from './replacement.ts';
import { addAccountRoutes } from './routes.ts';
import { createCaseRunner, type Step } from './runner.ts';
import { createSearch } from './search.ts';
import { selectEpochs, selectHeldMeters } from './store.ts';
import type { AccountCaseKind, AccountEvent, AccountsReader, ChargingSource, Neighbours } from './types.ts';
import { lockView } from './useCase.ts';
import { createWallets } from './wallets.ts';

export type {
  AccountCaseKind,
  AccountEvent,
  AccountMeter,
  AccountOrder,
  AccountState,
  AccountsReader,
  AccountView,
  ChargePoint,
  ChargingSource,
  Custody,
  Deduction,
  EndedCharging,
  MoneyPolicy,
  Neighbours,
} from './types.ts';

export interface AccountsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: Estate;
  readonly metering: Metering;
  readonly tariffs: Tariffs;
  readonly ledger: Ledger;
  readonly lines: LineDesk;
  /** Stands before and after everything that is stored of a long use case; tests stop the program there. */
  readonly probe: (point: string, caseId: string) => void;
}

export interface Accounts extends AccountsReader {
  /** Loads everything; before the meters are judged for the first time. */
  load(): Promise<void>;
  /** Goes on with what was under way. */
  start(): void;
  stop(): Promise<void>;
  addRoutes(routes: RouteServer): void;
  /** Lends the use cases what the modules to the right can do; until then nobody asks for it. */
  setNeighbours(neighbours: Neighbours): void;
  /** Who charges what is used; until then nothing is charged. */
  setChargingSource(source: ChargingSource): void;
}

/** Customers and accounts. Kept in Postgres, read from memory. */
export function createAccounts(deps: AccountsDeps): Accounts {
  const { db, clock, log, estate, metering, ledger } = deps;
  const listeners = new Set<(event: AccountEvent) => void>();
  let neighbours = NO_NEIGHBOURS;
  let charging = NO_CHARGING;
  const book = new AccountBook({
    propertyOfMeter: (meterId) => estate.meter(meterId)?.meter.propertyId,
    walletOf: (accountId) => wallets.of(accountId),
  });
  const wallets = createWallets({
    ...{ db, ledger, clock, log },
    propertyOf: (accountId) => book.account(accountId)?.propertyId,
    read: (accountIds) => metering.judgeAnew(accountIds.flatMap((accountId) => book.walletRead(accountId))),
  });
  const context: AccountsContext = {
    ...{ db, clock, log, estate, metering, ledger, book, wallets },
    tariffs: deps.tariffs,
    lines: deps.lines,
    neighbours: () => neighbours,
    charging: () => charging,
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    probe: deps.probe,
    wake: (caseId) => runner.wake(caseId),
  };
  const runner = createCaseRunner(context, (kind, step) => STEPS[kind]?.[step]);
  const search = createSearch(context);
  metering.setMoneySource({ of: (meterId) => book.moneyOf(meterId) });
  estate.setMeterGuard((tx, meterIds) => selectHeldMeters(tx, meterIds));

  return {
    async load() {
      await book.load(db);
      await wallets.load([...book.accounts()].map(({ id }) => id));
    },
    start() {
      for (const { id } of book.runningCases()) runner.wake(id);
    },
    async stop() {
      await runner.stop();
      search.stop();
      wallets.stop();
      await wallets.settled();
    },
    addRoutes: (routes) => addAccountRoutes(routes, context, search),
    setNeighbours(given) {
      neighbours = given;
    },
    setChargingSource(source) {
      charging = source;
    },
    account: (accountId) => book.account(accountId),
    accountOfMeter: (meterId) => book.accountOfMeter(meterId),
    accountsOfProperty: (propertyId) => book.ofProperty(propertyId),
    policy: (propertyId) => book.policy(propertyId),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    lock: (tx, accountId) => lockView(tx, accountId),
    epochs: async (from, accountId) => (await selectEpochs(from, accountId)).map(toMeter),
    runningCase: (accountId) => book.openCase(accountId)?.kind,
    walletMinor: (accountId) =>
      book.account(accountId)?.custody === 'platform' ? wallets.of(accountId)?.balanceMinor : undefined,
    walletsChanged: (tx, accountIds) => wallets.changed(tx, accountIds),
  };
}

/** Use cases of several steps; all others are one transaction. */
const STEPS: Partial<Record<AccountCaseKind, Readonly<Record<string, Step>>>> = {
  closing: CLOSING_STEPS,
  meterReplacement: REPLACEMENT_STEPS,
  custodyChange: CUSTODY_STEPS,
};

const NO_NEIGHBOURS: Neighbours = {
  capabilitiesOf: () => undefined,
  order: async () => undefined,
  openVends: async () => new Set(),
  leftByMethod: async () => 0n,
  startMove: async () => {
    throw new Error('nobody moves money between meters here');
  },
  move: async () => undefined,
};

const NO_CHARGING: ChargingSource = {
  begin: async () => undefined,
  end: async () => ({ settled: true, why: undefined, chargedMinor: 0n }),
  changed: async () => undefined,
};
