import type { listVendBatches, QueryOf, ResponseOf, VendBatchSummary } from '#contract/index.ts';
import { type Actor, AppError, PAGE_ROWS } from '#server/platform/http/index.ts';
import type { Context } from './context.ts';
import { type SheetSummaryRow, selectSheetSummaries } from './sheetListStore.ts';

/** Sheets of refunds and makeups, newest first. Refuses a cursor that is none of ours. */
export async function listSheets(
  context: Context,
  actor: Actor,
  query: QueryOf<typeof listVendBatches>,
): Promise<ResponseOf<typeof listVendBatches>> {
  const limit = query.limit ?? PAGE_ROWS;
  const scope = actor.scope('account.view');
  const rows = await selectSheetSummaries(context.db, scope, query, placeOf(query.cursor), limit + 1);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(toSummary), ...(more ? { nextCursor: `${last.at.getTime()}.${last.id}` } : {}) };
}

/** Where a page begins: the instant and the id of the sheet before it. */
function placeOf(cursor: string | undefined) {
  if (cursor === undefined) return undefined;
  const [, at, id] = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (at !== undefined && id !== undefined) return { at: new Date(Number(at)), id };
  throw new AppError('request.invalid', 'The cursor is none of ours: begin without one.', [
    { field: 'cursor', message: 'must be the nextCursor of a page' },
  ]);
}

function toSummary(row: SheetSummaryRow): VendBatchSummary {
  return {
    ...{ batchId: row.id, propertyId: row.property_id, kind: row.kind, state: row.state, reason: row.reason },
    ...{ givenBy: row.user_name, givenById: row.user_id, givenAt: row.at.toISOString() },
    ...(row.decided_name === null ? {} : { decidedBy: row.decided_name }),
    ...{ total: row.total, accepted: row.accepted, refused: row.refused, acceptedMinor: row.accepted_minor },
  };
}
