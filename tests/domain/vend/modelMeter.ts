import type { MeterCommand, PurseRead } from '#drivers/core/index.ts';

/** What a meter does with money, as far as the search looks at it. */
export interface Meter {
  readonly count: number;
  readonly balanceMinor: bigint;
  /** Of purchases and refunds; what is set is none of them. */
  readonly records: readonly { readonly count: number; readonly amountMinor: bigint }[];
  readonly refusing: boolean;
  /** How often each vend is in the balance: what nobody in the field sees. */
  readonly holds: readonly number[];
}

/** A command on its way. */
export interface Frame {
  /** −1: a fence. */
  readonly vend: number;
  readonly command: PurseCommand;
  /** What the meter held when the vend was bound: what is set puts that back, and the vend with it. */
  readonly base: readonly number[];
}

type PurseCommand = Extract<MeterCommand, { kind: 'purchase' | 'refund' | 'setPurse' }>;

/** What a model shows of its purse, beside count and balance. */
export type Shows = 'records' | 'cumulative' | 'balance';

export const START_COUNT = 7;
const START_BALANCE = 20n;

export function newMeter(vends: number): Meter {
  const holds = Array.from({ length: vends }, () => 0);
  return { count: START_COUNT, balanceMinor: START_BALANCE, records: [], refusing: false, holds };
}

/** The meter after a frame. What is set is set whatever the count says; a purchase wants the next one, where the meter looks. */
export function afterFrame(meter: Meter, { vend, command, base }: Frame, meterChecks: boolean): Meter {
  if (meter.refusing) return meter;
  if (command.kind === 'setPurse') {
    const { balanceMinor, count } = command;
    return { ...meter, balanceMinor, count, holds: withOne(base, vend) };
  }
  if (meterChecks && command.count !== meter.count + 1) return meter;
  const amount = command.kind === 'refund' ? -command.amountMinor : command.amountMinor;
  return { ...withPurchase(meter, amount), holds: withOne(meter.holds, vend) };
}

export function withPurchase(meter: Meter, amountMinor: bigint): Meter {
  const count = meter.count + 1;
  const records = [...meter.records, { count, amountMinor }];
  return { ...meter, count, balanceMinor: meter.balanceMinor + amountMinor, records };
}

const withOne = (holds: readonly number[], vend: number): readonly number[] =>
  holds.map((times, index) => (index === vend ? times + 1 : times));

export function purseOf({ count, balanceMinor, records }: Meter, shows: Shows): PurseRead {
  const sum = records.reduce((total, { amountMinor }) => total + amountMinor, 0n);
  return {
    atMs: 0,
    receivedMs: 0,
    count,
    balanceMinor,
    records: shows === 'records' ? records.toReversed() : undefined,
    cumulativeMinor: shows === 'balance' ? undefined : sum,
    energyWh: 0n,
    settings: undefined,
    prices: undefined,
    backup: undefined,
  };
}

export function meterKey({ count, balanceMinor, records, refusing, holds }: Meter): string {
  const written = records.map((record) => `${record.count}.${record.amountMinor}`);
  return `${count}:${balanceMinor}:${written.join()}:${refusing ? 1 : 0}:${holds.join()}`;
}

export function frameKey({ vend, command, base }: Frame): string {
  const amount = command.kind === 'setPurse' ? `=${command.balanceMinor}/${base.join('')}` : command.amountMinor;
  return `${vend}.${command.kind}.${command.count}.${amount}`;
}
