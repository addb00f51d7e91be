import { wayOf } from '#domain/vend/delivery.ts';
import type { Machine } from '#domain/vend/machine.ts';
import type { Clock, PurseCapabilities } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Ledger } from '#server/modules/ledger/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { Metrics } from '#server/platform/metricsFigures.ts';
import { resumeBatches } from './batches.ts';
import { createClockSteps } from './clockSteps.ts';
import type { Context } from './context.ts';
import { addVendFigures } from './figures.ts';
import { moveTold, progressOf, startMove } from './moves.ts';
import { createNewsroom } from './newsroom.ts';
import { addVendingRoutes } from './routes.ts';
import { createSaleQueue } from './saleQueue.ts';
import { insertSales } from './saleStore.ts';
import { createStepper, DELIVERY_TIMES, type DeliveryTimes } from './stepper.ts';
import { selectUnderWay, selectUnfinished } from './store.ts';
import { createTroubleWatch, type TroubleAlarms } from './troubles.ts';
import type { Vending } from './types.ts';
import { selectWaySums } from './wayStore.ts';
import { createWorker } from './worker.ts';

export { DELIVERY_TIMES, type DeliveryTimes } from './stepper.ts';
export type { TroubleAlarms } from './troubles.ts';
export type { VendEvent, Vending } from './types.ts';

/** How often the table of vends is looked at without being told. */
const SWEEP_MS = 1_000;

export interface VendingDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: EstateReader;
  readonly accounts: AccountsReader;
  readonly ledger: Ledger;
  readonly lines: Pick<LineDesk, 'execute' | 'readPurse'>;
  readonly capabilitiesOf: (meterId: number) => PurseCapabilities | undefined;
  /** What the meter said it holds, at its last read. */
  readonly lastBalanceOf: (meterId: number) => bigint | undefined;
  readonly alarms: TroubleAlarms;
  /** Bounds of delivery; those of DELIVERY_TIMES that are left out stay. */
  readonly times?: Partial<DeliveryTimes>;
  readonly sweepMs?: number;
  /** Another machine in tests that show what each guard is good for. */
  readonly machine?: Machine;
}

export interface VendingModule extends Vending {
  addRoutes(routes: RouteServer): void;
  /** Takes up what was under way: nothing is sent before a read. After the lines have started. */
  start(): Promise<void>;
  /** Lets frames under way come to their end. */
  stop(): Promise<void>;
  /** Looks at the table now; resolves when it has been looked at. */
  wake(): void;
}

/** Sells: money of customers on its way into meters and wallets, and back. */
export function createVending(deps: VendingDeps): VendingModule {
  const { db, clock, log } = deps;
  const times: DeliveryTimes = { ...DELIVERY_TIMES, ...deps.times };
  const sweepMs = deps.sweepMs ?? SWEEP_MS;
  const newsroom = createNewsroom({ db, clock, log, everyMs: sweepMs });
  const troubles = createTroubleWatch({ db, clock, log, alarms: deps.alarms, everyMs: sweepMs * 5 });
  const stepper = createStepper({
    ledger: deps.ledger,
    nowMs: () => clock.nowMs(),
    times,
    wayOf: (row, amountMinor) =>
      wayOf(
        amountMinor,
        deps.capabilitiesOf(row.meter_id),
        deps.accounts.policy(row.property_id).unprovenMeters === 'writeOnce',
      ),
    ...(deps.machine === undefined ? {} : { machine: deps.machine }),
    async told(tx, row) {
      if (row.custody === 'platform') deps.accounts.walletsChanged(tx, [row.account_id]);
      await moveTold(context, tx, row);
    },
    foreignWrite: (row) => troubles.foreignWrite(row),
    news: () => newsroom.wake(),
  });
  const followClock = createClockSteps({ db, clock, log });
  const worker = createWorker({ db, clock, log, lines: deps.lines, stepper, times, followClock, sweepMs });
  const sales = createSaleQueue((group) => insertSales(db, group));
  const { estate, accounts, ledger, lines, capabilitiesOf, lastBalanceOf } = deps;
  const context: Context = {
    ...{ db, clock, estate, accounts, ledger, lines, capabilitiesOf, lastBalanceOf, stepper, sales, followClock },
    limits: times,
    background: backgroundWork(log),
    wake() {
      worker.wake();
      newsroom.wake();
    },
  };
  addVendFigures(deps.metrics, { worker, troubles, sales });

  return {
    addRoutes: (routes) => addVendingRoutes(routes, context),
    async start() {
      await worker.start();
      newsroom.start();
      troubles.start();
      await resumeBatches(context);
    },
    async stop() {
      await worker.stop();
      await newsroom.stop();
      await troubles.stop();
    },
    wake: () => context.wake(),
    openVends: async (tx, meterIds) => new Set(await selectUnderWay(tx, meterIds)),
    unfinishedVends: async (tx, meterIds) => new Set(await selectUnfinished(tx, meterIds)),
    leftByMethod: async (from, accountId, method) => (await selectWaySums(from, accountId)).get(method)?.minor ?? 0n,
    startMove: (tx, move) => startMove(context, tx, move),
    move: progressOf,
    listen: (listener) => newsroom.listen(listener),
  };
}

function backgroundWork(log: Log): Context['background'] {
  return (what, work) => void work().catch((error: unknown) => log.error('was not finished', { what, error }));
}
