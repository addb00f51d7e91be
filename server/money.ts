import type { Chance } from '#drivers/core/index.ts';
import { modelById } from '#drivers/models/index.ts';
import type { Measuring } from './measuring.ts';
import type { Access } from './modules/access/index.ts';
import { type Accounts, createAccounts } from './modules/accounts/index.ts';
import { type CommandsModule, createCommands } from './modules/commands/index.ts';
import type { Estate } from './modules/estate/index.ts';
import { createLedger, type LedgerModule } from './modules/ledger/index.ts';
import { createSettlement, type Settlement } from './modules/settlement/index.ts';
import { createTariffs, type TariffsModule } from './modules/tariffs/index.ts';
import { createVending, type DeliveryTimes, type VendingModule } from './modules/vending/index.ts';
import type { Db } from './platform/db/index.ts';
import type { HouseClock } from './platform/houseClock.ts';
import type { RouteServer } from './platform/http/index.ts';
import type { Log } from './platform/log.ts';
import type { Metrics } from './platform/metricsFigures.ts';

export interface MoneyDeps {
  readonly db: Db;
  readonly clock: HouseClock;
  readonly chance: Chance;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: Estate;
  readonly access: Access;
  readonly measuring: Measuring;
  /** Stands between what is stored of long use cases. */
  readonly probe: (point: string, caseId: string) => void;
  /** Bounds of delivery that differ from those of vending. */
  readonly vendTimes: Partial<DeliveryTimes>;
}

/** Everything between a customer's money and the meter. */
export interface Money {
  readonly tariffs: TariffsModule;
  readonly ledger: LedgerModule;
  readonly accounts: Accounts;
  readonly commands: CommandsModule;
  readonly vending: VendingModule;
  readonly settlement: Settlement;
  addRoutes(routes: RouteServer): void;
  /** Takes what is stored into memory, before the meters are judged for the first time. */
  load(): Promise<void>;
  /** Takes up what was under way. After the measuring side has started. */
  start(): Promise<void>;
  /** Before the measuring side stops: what is under way stays as it stands in the database. */
  stop(): Promise<void>;
}

/**
 * Puts the money side together: tariffs → ledger → accounts → commands → vending → settlement. Nothing runs before `start`;
 * parts start in this order and stop in the reverse one.
 */
export function createMoney(deps: MoneyDeps): Money {
  const { db, estate, clock } = deps;
  const tariffs = createTariffs({ db, estate, clock });
  const ledger = createLedger({ db, clock, timeZoneOf: (propertyId) => estate.place(propertyId)?.timeZone });
  const accounts = createAccounts({
    ...{ db, clock, estate, tariffs, ledger },
    probe: deps.probe,
    log: deps.log.child('accounts'),
    metering: deps.measuring.metering,
    lines: deps.measuring.acquisition,
  });
  const commands = createCommands({
    ...{ db, clock, estate, tariffs, ledger, accounts, metrics: deps.metrics, modelOf: modelById },
    log: deps.log.child('commands'),
    metering: deps.measuring.metering,
    lines: deps.measuring.acquisition,
  });
  deps.measuring.follow(commands);
  const vending = createVending({
    ...{ db, clock, estate, accounts, ledger, metrics: deps.metrics },
    log: deps.log.child('vending'),
    lines: deps.measuring.acquisition,
    capabilitiesOf: (meterId) => commands.capabilitiesOf(meterId),
    lastBalanceOf: (meterId) => deps.measuring.metering.meter(meterId)?.last?.balanceMinor,
    alarms: { set: (kind, meterIds) => deps.measuring.alarms.setMoneyTrouble(kind, meterIds) },
    times: deps.vendTimes,
  });
  commands.setVendSource((tx, meterIds) => vending.openVends(tx, meterIds));
  accounts.setNeighbours({
    capabilitiesOf: (meterId) => commands.capabilitiesOf(meterId),
    order: (tx, request) => commands.order(tx, { ...request, giver: { rule: 'account' } }),
    openVends: (tx, meterIds) => vending.unfinishedVends(tx, meterIds),
    leftByMethod: (from, accountId, method) => vending.leftByMethod(from, accountId, method),
    startMove: (tx, move) => vending.startMove(tx, move),
    move: (tx, moveId) => vending.move(tx, moveId),
  });
  const settlement = createSettlement({
    ...{ db, clock, estate, tariffs, ledger, accounts, commands, vending, metrics: deps.metrics },
    log: deps.log.child('settlement'),
    metering: deps.measuring.metering,
    lines: deps.measuring.acquisition,
  });
  accounts.setChargingSource(settlement.chargingSource);
  return {
    tariffs,
    ledger,
    accounts,
    commands,
    vending,
    settlement,
    addRoutes(routes) {
      tariffs.addRoutes(routes);
      ledger.addRoutes(routes);
      accounts.addRoutes(routes);
      commands.addRoutes(routes);
      vending.addRoutes(routes);
      settlement.addRoutes(routes);
    },
    async load() {
      await tariffs.load(db);
      await accounts.load();
      await commands.load();
    },
    async start() {
      accounts.start();
      commands.start();
      await vending.start();
      settlement.start();
    },
    async stop() {
      await settlement.stop();
      await vending.stop();
      await commands.stop();
      await accounts.stop();
    },
  };
}
