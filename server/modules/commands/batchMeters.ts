import type { BatchMeters } from '#contract/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { Batches } from './batches.ts';
import { selectBatchMeterStates } from './batchMetersStore.ts';

/** Where each meter of a batch stands: what a screen begins with, and begins anew with after a gap in the feed. */
export async function metersOfBatch(db: Db, batches: Batches, scope: Scope, batchId: string): Promise<BatchMeters> {
  // Not found where it is not the asker's.
  await batches.get(scope, batchId);
  const rows = await selectBatchMeterStates(db, batchId);
  return {
    batchId,
    meterId: rows.map((row) => row.meter_id),
    state: rows.map(({ state }) => state),
    why: rows.map(({ why }) => why),
    detail: rows.map(({ detail }) => detail ?? ''),
    finishedAt: rows.map((row) => row.finished_at?.toISOString() ?? null),
  };
}
