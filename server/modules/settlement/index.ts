import type { ZonedCalendar } from '#domain/calendar.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { AccountsReader, ChargingSource } from '#server/modules/accounts/types.ts';
import type { Commands } from '#server/modules/commands/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Ledger } from '#server/modules/ledger/index.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Tariffs } from '#server/modules/tariffs/index.ts';
import type { Vending } from '#server/modules/vending/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { Metrics } from '#server/platform/metricsFigures.ts';
import { selectNoticed } from './arrearsStore.ts';
import { createArrearsWatch } from './arrearsWatch.ts';
import { type ChargeRun, createChargeRuns } from './chargeRuns.ts';
import { createChargingSource } from './chargingSource.ts';
import { readPurses } from './comparisonReads.ts';
import { addSettlementFigures, SettlementCounts } from './figures.ts';
import { createNoCutWatch } from './noCutWatch.ts';
import { reconcileTonight } from './reconciliation.ts';
import { createReconciliationService } from './reconciliationService.ts';
import { createRegisterEdits } from './registerEdits.ts';
import { addSettlementRoutes } from './routes.ts';
import { startSchedule } from './schedule.ts';
import { createSettlementService } from './service.ts';
import type { StreamOutcome } from './streamCharge.ts';
import type { Stream } from './types.ts';

export type { ChargeRun } from './chargeRuns.ts';

export interface SettlementDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: EstateReader;
  readonly ledger: Ledger;
  readonly tariffs: Tariffs;
  readonly accounts: AccountsReader;
  readonly commands: Pick<
    Commands,
    | 'order'
    | 'openBy'
    | 'inFlight'
    | 'isProtected'
    | 'protectOverWindow'
    | 'setNoticeSource'
    | 'listen'
    | 'capabilitiesOf'
  >;
  readonly vending: Pick<Vending, 'openVends' | 'listen'>;
  readonly metering: Pick<Metering, 'meter'>;
  readonly lines: Pick<LineDesk, 'readPurse'>;
}

export interface Settlement {
  /** For the use cases of accounts. */
  readonly chargingSource: ChargingSource;
  addRoutes(routes: RouteServer): void;
  start(): void;
  stop(): Promise<void>;
  /** Charges what was read of a property up to now. */
  chargeProperty(propertyId: number): Promise<ChargeRun>;
  /** Weighs now the arrears of all accounts that changed or are out of order, without waiting for the next sweep. */
  weighArrears(): Promise<void>;
  /** Protects now the meters that could trip by themselves in hours without cuts, without waiting for the next sweep. */
  guardNoCutHours(): Promise<void>;
}

/** Charges what is used, watches arrears, and compares meters, books and payments every night. */
export function createSettlement(deps: SettlementDeps): Settlement {
  const { db, clock, log, estate, ledger, tariffs, accounts, commands, vending } = deps;
  const calendars = createCalendars();
  const calendarOf = (propertyId: number): ZonedCalendar => calendars(estate.place(propertyId)?.timeZone ?? 'UTC');
  const nowMs = () => clock.nowMs();
  const counts = new SettlementCounts();
  const charged = (tx: Tx, outcomes: readonly StreamOutcome[]): void => {
    tx.afterCommit(() => counts.add(outcomes));
    const platform = outcomes.filter(({ stream, charges }) => stream.custody === 'platform' && charges.length > 0);
    if (platform.length === 0) return;
    const accountIds = new Set(platform.map(({ stream }) => stream.accountId));
    accounts.walletsChanged(tx, accountIds);
    tx.afterCommit(() => arrears.look(accountIds));
  };
  const corrected = (tx: Tx, { custody, accountId }: Stream): void => {
    if (custody !== 'platform') return;
    accounts.walletsChanged(tx, [accountId]);
    tx.afterCommit(() => arrears.look([accountId]));
  };
  const charging = { ledger, tariffs, calendarOf, nowMs, charged, corrected };
  const runs = createChargeRuns({ ...charging, db, accounts });
  const source = createChargingSource({ ...charging, runs, accounts });
  const openVends: Vending['openVends'] = (tx, meterIds) => vending.openVends(tx, meterIds);
  const arrears = createArrearsWatch({
    ...{ db, clock, log, accounts, ledger, commands, openVends, calendarOf, nowMs },
  });
  const noCut = createNoCutWatch({
    ...{ db, clock, log, estate, accounts, tariffs, commands, calendarOf, metering: deps.metering },
    told: (meters) => {
      counts.coverOrders += meters;
    },
  });
  commands.setNoticeSource(noticesByMeter(accounts));
  addSettlementFigures(deps.metrics, counts, () => arrears.waiting);
  let stopping = false;
  const capabilitiesOf: Commands['capabilitiesOf'] = (meterId) => commands.capabilitiesOf(meterId);
  const reading = { db, clock, estate, lines: deps.lines, capabilitiesOf, isStopping: () => stopping };
  const comparing = {
    ...{ db, ledger, calendarOf, nowMs },
    tellsCumulative: (meterId: number) => capabilitiesOf(meterId).readCumulative,
    readPurses: (propertyId: number, msMax: number) => readPurses(propertyId, reading, msMax),
  };
  const running: (() => Promise<void> | void)[] = [];

  return {
    chargingSource: source,
    addRoutes(routes) {
      const service = createSettlementService({ db, estate, nowMs, chargeProperty: (id) => runs.run(id) });
      const edits = createRegisterEdits({ ...charging, db, estate });
      addSettlementRoutes(routes, service, createReconciliationService({ ...comparing, estate, ledger }), edits);
    },
    start() {
      const schedule = startSchedule({
        ...{ clock, log, estate, accounts, calendarOf },
        charge: (propertyId) => runs.run(propertyId),
        compare: (propertyId) => reconcileTonight(propertyId, comparing),
      });
      const all = estate.properties().flatMap(({ id }) => accounts.accountsOfProperty(id));
      noCut.start();
      arrears.start(all.map(({ id }) => id));
      running.push(
        accounts.onChange(({ accountId }) => arrears.look([accountId])),
        vending.listen(({ accountId }) => arrears.look([accountId])),
        // What a relay was told may be out of date by the time it has followed.
        commands.listen(({ meterId, state }) => {
          const account = state === 'verified' ? accounts.accountOfMeter(meterId) : undefined;
          if (account !== undefined) arrears.look([account.id]);
        }),
        () => schedule.stop(),
        () => noCut.stop(),
        () => arrears.stop(),
      );
    },
    async stop() {
      stopping = true;
      for (const end of running.splice(0)) await end();
    },
    chargeProperty: (propertyId) => runs.run(propertyId),
    weighArrears: () => arrears.weighNow(),
    guardNoCutHours: () => noCut.sweep(),
  };
}

/** When customers were told of a coming cut, by meter: the guard waits the hours of the property's policy. */
function noticesByMeter(accounts: AccountsReader): Parameters<Commands['setNoticeSource']>[0] {
  return async (tx, meterIds) => {
    const known = meterIds.flatMap((meterId) => {
      const accountId = accounts.accountOfMeter(meterId)?.id;
      return accountId === undefined ? [] : [{ meterId, accountId }];
    });
    const noticed = await selectNoticed(
      tx,
      known.map(({ accountId }) => accountId),
    );
    return new Map(
      known.flatMap(({ meterId, accountId }) => {
        const atMs = noticed.get(accountId);
        return atMs === undefined ? [] : [[meterId, atMs]];
      }),
    );
  };
}
