import type { Meter } from '#contract/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { EstateCache } from './cache.ts';
import type { Mutate } from './mutation.ts';
import { toMeter } from './rows.ts';
import { updateMeterRow } from './store.ts';

export interface NewRatios {
  readonly meterId: number;
  readonly ctRatio: number;
  readonly ptRatio: number;
}

/** New transformer ratios together with `alongside`, in one transaction: for those who know what they mean to an account. */
export function changeRatios<T>(
  { cache, mutate }: { readonly cache: EstateCache; readonly mutate: Mutate },
  { meterId, ctRatio, ptRatio }: NewRatios,
  alongside: (tx: Tx, before: Meter) => Promise<T>,
): Promise<T> {
  return mutate(async (tx, changes) => {
    const before = cache.meter(meterId)?.meter;
    if (before === undefined) throw new AppError('not-found', `There is no meter ${meterId}.`);
    const result = await alongside(tx, before);
    const fields = { ...before, ctRatio, ptRatio, overloadLimitW: before.overloadLimitW };
    const row = await updateMeterRow(tx, meterId, before.version, fields);
    if (row === undefined) throw new AppError('conflict.changed-meanwhile', 'The meter changed meanwhile: repeat.');
    changes.push({ kind: 'meter', meter: toMeter(row) });
    return result;
  });
}
