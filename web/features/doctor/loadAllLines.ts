import type { DoctorLine } from '#contract/index.ts';

/** Most lines that the list shows at once: fifty thousand meters have some 1,600. */
export const LINES_MAX = 2_000;
const PAGE_SIZE = 500;

interface Page {
  readonly items: readonly DoctorLine[];
  readonly nextCursor?: string;
}

/** Every line that the session may see, page by page, up to the bound; each once, although the order may change meanwhile. */
export async function loadAllLines(
  load: (query: { readonly limit: number; readonly cursor?: string }) => Promise<Page>,
): Promise<readonly DoctorLine[]> {
  const byId = new Map<number, DoctorLine>();
  let cursor: string | undefined;
  do {
    const page = await load({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    for (const line of page.items) byId.set(line.lineId, line);
    cursor = page.nextCursor;
  } while (cursor !== undefined && byId.size < LINES_MAX);
  return [...byId.values()];
}
