import type { Gateway, Meter } from '#contract/index.ts';

/** Most gateways that the list shows at once; the demo of ten thousand meters has fewer. */
export const GATEWAYS_MAX = 2_000;
/** Most meters of one gateway: 32 lines of 247 addresses. */
export const METERS_MAX = 8_000;
const PAGE_SIZE = 500;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}
type PageQuery = { readonly limit: number; readonly cursor?: string };

async function loadAll<T>(load: (query: PageQuery) => Promise<Page<T>>, max: number): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await load({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < max);
  return items;
}

/** Every gateway that the session may see, page by page, up to the bound. */
export const loadAllGateways = (load: (query: PageQuery) => Promise<Page<Gateway>>) => loadAll(load, GATEWAYS_MAX);

/** Every meter of a query, page by page, up to the bound. */
export const loadAllMeters = (load: (query: PageQuery) => Promise<Page<Meter>>) => loadAll(load, METERS_MAX);
