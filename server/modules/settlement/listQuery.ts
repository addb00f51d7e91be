import { AppError, cursorId, PAGE_ROWS, type Scope, scopeCovers } from '#server/platform/http/index.ts';
import type { PageOf } from './listStore.ts';

/** What every list of a property may be asked with. */
export interface ListQuery {
  readonly propertyId?: number;
  readonly cursor?: string;
  readonly limit?: number;
}

/** The page that is asked for, with one row more, which tells whether there is another page. */
export function pageOf(scope: Scope, { propertyId, cursor, limit = PAGE_ROWS }: ListQuery): PageOf {
  if (propertyId !== undefined && !scopeCovers(scope, propertyId))
    throw new AppError('not-found', 'There is no such property.');
  return { scope, propertyId, beforeId: cursorId(cursor), limit: limit + 1 };
}
