import type { AccountsReader, AccountView, ChargePoint, ChargingSource } from '#server/modules/accounts/types.ts';
import type { Tx } from '#server/platform/db/index.ts';
import type { ChargeRuns } from './chargeRuns.ts';
import { newStreamsOf } from './chargeRuns.ts';
import { type ChargingDeps, chargeStreams } from './charging.ts';
import type { StreamOutcome } from './streamCharge.ts';
import {
  changeStreams,
  endStream,
  insertModeSwitch,
  insertStreams,
  lockCharging,
  selectStreamsOfAccount,
} from './streamStore.ts';

export interface ChargingSourceDeps extends ChargingDeps {
  readonly runs: Pick<ChargeRuns, 'ensure'>;
  readonly accounts: Pick<AccountsReader, 'account'>;
  readonly charged: (tx: Tx, outcomes: readonly StreamOutcome[]) => void;
}

/** What the use cases of accounts tell of: where charging begins, ends and changes, in their own transaction. */
export function createChargingSource(deps: ChargingSourceDeps): ChargingSource & {
  /** Charges what was read of an account's meters up to now. */
  chargeAccount(tx: Tx, account: AccountView): Promise<readonly StreamOutcome[]>;
} {
  async function chargeMeters(
    tx: Tx,
    { accountId, propertyId }: { readonly accountId: number; readonly propertyId: number },
    which: (meterId: number) => boolean,
    now?: 'modeSwitch',
  ): Promise<readonly StreamOutcome[]> {
    const dues = (await selectStreamsOfAccount(tx, accountId)).filter(({ stream }) => which(stream.meterId));
    const outcomes = await chargeStreams(tx, propertyId, dues, deps, now);
    deps.charged(tx, outcomes);
    return outcomes;
  }

  return {
    async begin(tx, account, meter) {
      await insertStreams(tx, newStreamsOf({ ...account, meters: [meter] }, deps.tariffs));
    },
    async end(tx, accountId, point: ChargePoint) {
      const account = deps.accounts.account(accountId);
      if (account === undefined) return { settled: true, why: undefined, chargedMinor: 0n };
      await lockCharging(tx, account.propertyId);
      await deps.runs.ensure(tx, [account]);
      await endStream(tx, { accountId, ...point });
      const outcomes = await chargeMeters(
        tx,
        { accountId, propertyId: account.propertyId },
        (meterId) => meterId === point.meterId,
      );
      const held = outcomes.find(({ closed }) => !closed);
      return { settled: held === undefined, why: held?.hold, chargedMinor: sumOf(outcomes) };
    },
    async changed(tx, account, atMs) {
      const { id: accountId, propertyId } = account;
      await lockCharging(tx, propertyId);
      await deps.runs.ensure(tx, [account]);
      const streams = (await selectStreamsOfAccount(tx, accountId)).map(({ stream }) => stream);
      const [first] = streams;
      if (first === undefined) return;
      const mode = account.custody === 'meter' ? 'monthEnd' : account.deduction;
      const now = first.tariffs.at(-1)?.tariffId;
      const tariffs =
        now === account.tariffId ? undefined : [...first.tariffs, { fromMs: atMs, tariffId: account.tariffId }];
      if (mode !== first.mode) {
        // What ran up until now is closed by the rules under which it ran; the bill's lines go on.
        await chargeMeters(tx, { accountId, propertyId }, () => true, 'modeSwitch');
        await insertModeSwitch(tx, { propertyId, accountId, fromMode: first.mode, toMode: mode, atMs });
      }
      await changeStreams(tx, { accountId, tariffs, mode });
    },
    async chargeAccount(tx, account) {
      await lockCharging(tx, account.propertyId);
      await deps.runs.ensure(tx, [account]);
      return chargeMeters(tx, { accountId: account.id, propertyId: account.propertyId }, () => true);
    },
  };
}

function sumOf(outcomes: readonly StreamOutcome[]): bigint {
  return outcomes.flatMap(({ charges }) => charges).reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}
