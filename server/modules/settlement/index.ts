import type { ZonedCalendar } from '#domain/calendar.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { AccountsReader, ChargingSource } from '#server/modules/accounts/types.ts';
import type { Commands } from '#server/modules/commands/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Ledger } from '#server/modules/ledger/index.ts';
import type { Tariffs } from '#server/modules/tariffs/index.ts';
import type { Vending } from '#server/modules/vending/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import { selectNoticed } from './arrearsStore.ts';
import { createArrearsWatch } from './arrearsWatch.ts';
import { type ChargeRun, createChargeRuns } from './chargeRuns.ts';
import { createChargingSource } from './chargingSource.ts';
import { reconcileTonight } from './reconciliation.ts';
import { createReconciliationService } from './reconciliationService.ts';
import { addSettlementRoutes } from './routes.ts';
import { createSettlementService } from './service.ts';
import type { StreamOutcome } from './streamCharge.ts';

export type { ChargeRun } from './chargeRuns.ts';

/** How often it is looked whether a billing instant has passed for which registers are in. */
const LOOK_EVERY_MS = 30_000;
/** How long after the local midnight a property is compared. */
const COMPARE_AFTER_MS = 2 * 3_600_000;
/** Minutes after a billing instant at which what was read is charged: most reads are in, then stragglers. */
const CHARGE_AT_MINUTES = [3, 10, 25];

export interface SettlementDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: EstateReader;
  readonly ledger: Ledger;
  readonly tariffs: Tariffs;
  readonly accounts: AccountsReader;
  readonly commands: Pick<Commands, 'order' | 'wantedRelay' | 'inFlight' | 'isProtected' | 'setNoticeSource'>;
  readonly vending: Pick<Vending, 'openVends' | 'listen'>;
}

export interface Settlement {
  /** For the use cases of accounts. */
  readonly chargingSource: ChargingSource;
  addRoutes(routes: RouteServer): void;
  start(): void;
  stop(): Promise<void>;
  /** Charges what was read of a property up to now. */
  chargeProperty(propertyId: number): Promise<ChargeRun>;
  /** Weighs now the arrears of all accounts whose wallets or rules changed. */
  weighArrears(): Promise<void>;
}

/** Charges what is used, watches arrears, and compares meters, books and payments every night. */
export function createSettlement(deps: SettlementDeps): Settlement {
  const { db, clock, log, estate, ledger, tariffs, accounts, commands, vending } = deps;
  const calendars = createCalendars();
  const calendarOf = (propertyId: number): ZonedCalendar => calendars(estate.place(propertyId)?.timeZone ?? 'UTC');
  const nowMs = () => clock.nowMs();
  const charging = { ledger, tariffs, calendarOf, nowMs };
  const charged = (tx: Tx, _propertyId: number, outcomes: readonly StreamOutcome[]): void => {
    const platform = outcomes.filter(({ stream, charges }) => stream.custody === 'platform' && charges.length > 0);
    if (platform.length === 0) return;
    const accountIds = new Set(platform.map(({ stream }) => stream.accountId));
    accounts.walletsChanged(tx, accountIds);
    tx.afterCommit(() => arrears.look(accountIds));
  };
  const runs = createChargeRuns({ ...charging, db, accounts, charged });
  const source = createChargingSource({ ...charging, runs, accounts, charged });
  const openVends: Vending['openVends'] = (tx, meterIds) => vending.openVends(tx, meterIds);
  const arrears = createArrearsWatch({
    ...{ db, clock, log, accounts, ledger, commands, openVends, calendarOf, nowMs },
  });
  commands.setNoticeSource(async (tx, meterIds) => {
    const accountOf = new Map(meterIds.map((meterId) => [meterId, accounts.accountOfMeter(meterId)?.id]));
    const noticed = await selectNoticed(
      tx,
      [...accountOf.values()].flatMap((id) => id ?? []),
    );
    return new Map(
      [...accountOf].flatMap(([meterId, accountId]) => {
        const atMs = accountId === undefined ? undefined : noticed.get(accountId);
        return atMs === undefined ? [] : [[meterId, atMs]];
      }),
    );
  });
  const comparing = { db, ledger, calendarOf, nowMs };
  const unlisten: (() => void)[] = [];
  const lastRunMs = new Map<number, number>();
  let looking: ReturnType<typeof repeat> | undefined;

  async function look(): Promise<void> {
    for (const { id } of estate.properties()) {
      const now = nowMs();
      const instant = calendarOf(id).billingInstant(now);
      const dueMs = CHARGE_AT_MINUTES.map((minutes) => instant + minutes * 60_000).findLast((atMs) => atMs <= now);
      if (dueMs === undefined || (lastRunMs.get(id) ?? 0) >= dueMs) continue;
      lastRunMs.set(id, now);
      if (accounts.accountsOfProperty(id).length === 0) continue;
      await runs.run(id);
      // After the charges of the night's first instants: what was used is known.
      if (now - calendarOf(id).startOfDay(now) >= COMPARE_AFTER_MS) await reconcileTonight(id, comparing);
    }
  }

  return {
    chargingSource: source,
    addRoutes(routes) {
      const service = createSettlementService({ db, estate, nowMs, chargeProperty: (id) => runs.run(id) });
      addSettlementRoutes(routes, service, createReconciliationService({ ...comparing, estate, ledger }));
    },
    start() {
      unlisten.push(
        accounts.onChange(({ accountId }) => arrears.look([accountId])),
        vending.listen(({ accountId }) => arrears.look([accountId])),
      );
      arrears.start(
        estate.properties().flatMap(({ id }) => accounts.accountsOfProperty(id).map((account) => account.id)),
      );
      looking = repeat(clock, {
        everyMs: LOOK_EVERY_MS,
        startNow: true,
        work: look,
        failed: (error) => log.error('charging failed and goes on at the next look', { reason: error.message }),
      });
    },
    async stop() {
      for (const end of unlisten.splice(0)) end();
      await looking?.stop();
      await arrears.stop();
    },
    chargeProperty: (propertyId) => runs.run(propertyId),
    weighArrears: () => arrears.settle(),
  };
}
