import { AppError } from './types.ts';

/** The id after which the next page begins; undefined on the first page. Throws `request.invalid` on another text. */
export function cursorId(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new AppError('request.invalid', 'The cursor is none of ours: begin without one.', [
    { field: 'cursor', message: 'must be the nextCursor of a page' },
  ]);
}

/** Cuts `rows`, of which one more than `limit` was fetched, to a page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  idOf: (row: Row) => number | bigint,
  toItem: (row: Row) => Item,
) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(toItem), ...(more ? { nextCursor: String(idOf(last)) } : {}) };
}

/** Rows of a page when the contract's default did not apply. */
export const PAGE_ROWS = 100;
