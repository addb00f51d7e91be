const PAGE_SIZE = 500;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}
export type PageQuery = { readonly limit: number; readonly cursor?: string };

/** Everything that a list has, page by page, up to `max`: for what a page shows whole. */
export async function loadAll<T>(load: (query: PageQuery) => Promise<Page<T>>, max: number): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await load({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < max);
  return items;
}
