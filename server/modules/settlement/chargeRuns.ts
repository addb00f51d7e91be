import type { AccountsReader, AccountView } from '#server/modules/accounts/types.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { finishRun, insertRun, type RunSums } from './chargeStore.ts';
import { type ChargingDeps, chargeStreams } from './charging.ts';
import { type LateReadDeps, settleLateReads } from './lateReads.ts';
import { settleNamedDays } from './namedDays.ts';
import type { StreamOutcome } from './streamCharge.ts';
import { insertStreams, lockCharging, type NewStream, selectDueStreams } from './streamStore.ts';

/** Streams of one transaction: some ten thousand rows in about half a second, so that nobody waits long for a wallet. */
export const STREAMS_PER_STEP = 2_000;

export interface ChargeRunDeps extends LateReadDeps {
  readonly accounts: Pick<AccountsReader, 'accountsOfProperty' | 'walletsChanged'>;
  /** Told in the transaction, for what must hold with the charges or after them. */
  readonly charged: (tx: Tx, outcomes: readonly StreamOutcome[]) => void;
}

export interface ChargeRun extends RunSums {
  readonly id: bigint;
  readonly propertyId: number;
  readonly toMs: number;
  /** Spans that were computed anew because reads came late or days were named. */
  readonly corrections: number;
}

export interface ChargeRuns {
  /** Charges everything of a property that was read up to now. A run that is cut short goes on with the next. */
  run(propertyId: number): Promise<ChargeRun>;
  /** Begins streams for meters of an account that have none yet. */
  ensure(tx: Tx, accounts: readonly AccountView[]): Promise<void>;
}

export function createChargeRuns(deps: ChargeRunDeps): ChargeRuns {
  const { db, accounts, calendarOf, tariffs, nowMs } = deps;
  /** Epochs whose stream is known to exist: an insert for each meter at each run would cost more than the charging. */
  const known = new Set<string>();

  async function ensure(tx: Tx, wanted: readonly AccountView[]): Promise<void> {
    const fresh = wanted
      .flatMap((account) => newStreamsOf(account, tariffs))
      .filter((stream) => !known.has(keyOf(stream)));
    for (let from = 0; from < fresh.length; from += STREAMS_PER_STEP)
      await insertStreams(tx, fresh.slice(from, from + STREAMS_PER_STEP));
    tx.afterCommit(() => {
      for (const stream of fresh) known.add(keyOf(stream));
    });
  }

  async function step(propertyId: number, afterId: bigint, untilMs: number): Promise<readonly StreamOutcome[]> {
    return db.tx(async (tx) => {
      await lockCharging(tx, propertyId);
      const dues = await selectDueStreams(tx, {
        propertyId,
        afterId,
        realTimeUntilMs: untilMs,
        // Accumulated once a day, at the local midnight: charged when the month is over.
        monthEndUntilMs: calendarOf(propertyId).startOfDay(untilMs),
        limit: STREAMS_PER_STEP,
      });
      const outcomes = await chargeStreams(tx, propertyId, dues, deps);
      deps.charged(tx, outcomes);
      return outcomes;
    });
  }

  return {
    ensure,
    async run(propertyId) {
      const toMs = calendarOf(propertyId).billingInstant(nowMs());
      await db.tx((tx) => ensure(tx, accounts.accountsOfProperty(propertyId)));
      const id = await insertRun(db, propertyId, toMs, nowMs());
      let sums: RunSums = { streams: 0, charges: 0, amountMinor: 0n, held: 0 };
      let afterId = 0n;
      for (;;) {
        const outcomes = await step(propertyId, afterId, toMs);
        sums = addTo(sums, outcomes);
        const last = outcomes.at(-1);
        if (last === undefined || outcomes.length < STREAMS_PER_STEP) break;
        afterId = last.stream.id;
      }
      const late = await settleLateReads(propertyId, deps);
      const corrections = late + (await settleNamedDays(propertyId, deps));
      await finishRun(db, id, sums, nowMs());
      return { id, propertyId, toMs, corrections, ...sums };
    },
  };
}

function addTo(sums: RunSums, outcomes: readonly StreamOutcome[]): RunSums {
  const charges = outcomes.flatMap((outcome) => outcome.charges);
  return {
    streams: sums.streams + outcomes.length,
    charges: sums.charges + charges.length,
    amountMinor: charges.reduce((sum, { amountMinor }) => sum + amountMinor, sums.amountMinor),
    held: sums.held + outcomes.filter(({ hold }) => hold !== undefined).length,
  };
}

/** Meters in the running epochs of an account, from where each epoch began. */
export function newStreamsOf(account: AccountView, tariffs: ChargingDeps['tariffs']): NewStream[] {
  if (account.state === 'closed') return [];
  return account.meters.flatMap((meter) => {
    const beganWh = meter.openingRegisters.energyWh;
    if (beganWh === undefined || meter.toMs !== undefined) return [];
    return [
      {
        propertyId: account.propertyId,
        accountId: account.id,
        meterId: meter.meterId,
        epoch: meter.epoch,
        custody: account.custody,
        // The meter takes its money as it goes; the books follow once a month.
        mode: account.custody === 'meter' ? ('monthEnd' as const) : account.deduction,
        utility: tariffs.tariff(account.tariffId)?.medium ?? 'electricity',
        multiplier: BigInt(meter.ctRatio) * BigInt(meter.ptRatio),
        tariffId: account.tariffId,
        beganAtMs: meter.fromMs,
        beganWh,
      },
    ];
  });
}

function keyOf({ accountId, meterId, epoch, custody }: NewStream): string {
  return `${accountId}/${meterId}/${epoch}/${custody}`;
}
