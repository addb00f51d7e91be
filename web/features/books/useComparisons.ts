import { computed, type Ref, watch } from 'vue';
import {
  listReconciliationRows,
  listReconciliationRuns,
  type ReconciliationRow,
  type ReconciliationRun,
  runReconciliation,
} from '#contract/reconciliation.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSaving } from '../gateways/useSaving.ts';
import { type BooksFilter, rowsQuery } from './useBooks.ts';

const RUNS = 30;
const ROWS = 100;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | undefined;
}
const joined = <T>(first: Page<T>, next: Page<T>): Page<T> => ({ ...next, items: [...first.items, ...next.items] });

/** Comparisons of the property and what did not match in the chosen one, page by page. Only inside setup functions. */
export function useComparisons(propertyId: Ref<number | undefined>, filter: Ref<BooksFilter>) {
  const api = useApi();
  const comparing = useSaving();
  const paging = useSaving();

  const askRuns = async (cursor: string | undefined, signal?: AbortSignal): Promise<Page<ReconciliationRun>> => {
    if (propertyId.value === undefined) return { items: [] };
    const query = { propertyId: propertyId.value, limit: RUNS, ...(cursor === undefined ? {} : { cursor }) };
    return api.call(listReconciliationRuns, { query }, signal === undefined ? {} : { signal });
  };
  const runs = useResource((signal) => askRuns(undefined, signal), { on: propertyId });
  const chosen = computed(() => {
    const items = runs.data.value?.items ?? [];
    return items.find(({ id }) => id === filter.value.run) ?? items[0];
  });

  const askRows = async (cursor: string | undefined, signal?: AbortSignal): Promise<Page<ReconciliationRow>> => {
    if (chosen.value === undefined) return { items: [] };
    const query = { limit: ROWS, ...rowsQuery(filter.value), ...(cursor === undefined ? {} : { cursor }) };
    const params = { runId: chosen.value.id };
    return api.call(listReconciliationRows, { params, query }, signal === undefined ? {} : { signal });
  };
  const what = computed(() => `${chosen.value?.id} ${filter.value.all} ${filter.value.cause}`);
  const rows = useResource((signal) => askRows(undefined, signal), { on: what });
  watch(propertyId, () => comparing.forget());

  return {
    ...{ runs, rows, chosen, comparing, paging },
    /** Compares now; the new comparison stands first. */
    async compare(): Promise<ReconciliationRun | undefined> {
      const property = propertyId.value;
      if (property === undefined) return undefined;
      const run = await comparing.run(() => api.call(runReconciliation, { body: { propertyId: property } }));
      if (run !== undefined) await runs.reload();
      return run;
    },
    async moreRuns(): Promise<void> {
      const known = runs.data.value;
      if (known?.nextCursor === undefined) return;
      const next = await paging.run(() => askRuns(known.nextCursor));
      if (next !== undefined) runs.set(joined(known, next));
    },
    async moreRows(): Promise<void> {
      const known = rows.data.value;
      if (known?.nextCursor === undefined) return;
      const next = await paging.run(() => askRows(known.nextCursor));
      if (next !== undefined) rows.set(joined(known, next));
    },
    replace(row: ReconciliationRow): void {
      const known = rows.data.value;
      if (known !== undefined)
        rows.set({ ...known, items: known.items.map((item) => (item.id === row.id ? row : item)) });
    },
  };
}
