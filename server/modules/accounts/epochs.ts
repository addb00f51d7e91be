import type { Tx } from '#server/platform/db/index.ts';
import type { AccountsContext } from './context.ts';
import type { Snapshot, StatedRegisters } from './reads.ts';
import { endEpoch, type RegisterQuality, type StoredRegisters } from './store.ts';
import type { AccountMeter, AccountView, EndedCharging } from './types.ts';

/** Ends the running epoch of a meter at a read, and charges up to it. Undefined when it had ended before. */
export async function finishEpoch(
  context: AccountsContext,
  tx: Tx,
  account: AccountView,
  snapshot: Snapshot,
): Promise<EndedCharging | undefined> {
  const meter = account.meters.find(({ meterId }) => meterId === snapshot.meterId);
  if (meter === undefined) return undefined;
  const { registers, quality, atMs } = snapshot;
  await endEpoch(tx, meter.meterId, meter.epoch, { at: new Date(atMs), registers, quality });
  const charged = await chargeToEnd(context, tx, account.id, meter, snapshot);
  context.wallets.changed(tx, [account.id]);
  return charged;
}

/** Charges an epoch up to its last read; may be asked again. */
export function chargeToEnd(
  context: AccountsContext,
  tx: Tx,
  accountId: number,
  { meterId, epoch }: Pick<AccountMeter, 'meterId' | 'epoch'>,
  { atMs, registers }: Pick<Snapshot, 'atMs' | 'registers'>,
): Promise<EndedCharging> {
  const energyWh = BigInt(registers['energyWh'] ?? 0);
  return context.charging().end(tx, accountId, { meterId, epoch, atMs, energyWh });
}

export function whyNotCharged(why: EndedCharging['why']): string {
  return why === 'noTariffVersion'
    ? 'what was used cannot be charged: the tariff has no price for all of the time'
    : 'what was used cannot be charged: a reading of the meter is in doubt and waits for a decision';
}

/** Snapshots as they stand in the facts of a case (see `snapshotFacts`). */
export function readsOf(facts: Readonly<Record<string, unknown>>, name = 'meters'): readonly Snapshot[] {
  const list: unknown = facts[name];
  return Array.isArray(list) ? list.map(toSnapshot) : [];
}

export function toSnapshot(fact: unknown): Snapshot {
  const { meterId, at, registers, quality, balanceMinor, count, leftInMeter } = fact as {
    readonly meterId: number;
    readonly at: string;
    readonly registers: StoredRegisters & StatedRegisters;
    readonly quality: RegisterQuality;
    readonly balanceMinor?: string;
    readonly count?: number;
    readonly leftInMeter?: true;
  };
  return {
    ...{ meterId, registers, quality, count },
    atMs: Date.parse(at),
    balanceMinor: balanceMinor === undefined ? undefined : BigInt(balanceMinor),
    ...(leftInMeter === undefined ? {} : { leftInMeter }),
  };
}
