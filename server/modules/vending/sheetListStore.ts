import sql, { empty } from 'sql-template-tag';
import type { VendBatchSummary } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';

export interface SheetSummaryRow {
  readonly id: string;
  readonly property_id: number;
  readonly kind: VendBatchSummary['kind'];
  readonly state: VendBatchSummary['state'];
  readonly reason: string;
  readonly user_id: number;
  readonly user_name: string;
  readonly at: Date;
  readonly decided_name: string | null;
  readonly total: number;
  readonly accepted: number;
  readonly refused: number;
  /** Minor units as text. */
  readonly accepted_minor: string;
}

export interface SheetListFilter {
  readonly propertyId?: number | undefined;
  readonly waiting?: boolean | undefined;
}

/** Sheets, newest first, older than `before`. A sheet spans buildings: it is seen with a right on its property. */
export function selectSheetSummaries(
  db: Queryable,
  scope: Scope,
  filter: SheetListFilter,
  before: { readonly at: Date; readonly id: string } | undefined,
  rows: number,
): Promise<SheetSummaryRow[]> {
  return db.query<SheetSummaryRow>(sql`
    select b.id, b.property_id, b.kind, b.state, b.reason, b.user_id, b.user_name, b.at, b.decided_name,
      r.total, r.accepted, r.refused, r.accepted_minor
    from (
      select * from vend_batch where ${scope.all ? sql`true` : sql`property_id = any(${[...scope.propertyIds]}::int[])`}
        ${filter.propertyId === undefined ? empty : sql`and property_id = ${filter.propertyId}`}
        ${filter.waiting === undefined ? empty : sql`and (state = 'awaitingApproval') = ${filter.waiting}`}
        ${before === undefined ? empty : sql`and (at, id) < (${before.at}, ${before.id}::uuid)`}
      order by at desc, id desc limit ${rows}) b
    cross join lateral (
      select count(*)::int as total, (count(*) filter (where outcome = 'accepted'))::int as accepted,
        (count(*) filter (where outcome = 'refused'))::int as refused,
        coalesce(sum(amount::bigint) filter (where outcome = 'accepted'), 0)::text as accepted_minor
      from vend_batch_row where batch_id = b.id) r
    order by b.at desc, b.id desc`);
}
