import { computed, type Ref } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { RECONCILIATION_CAUSES, type ReconciliationCause } from '#contract/reconciliation.ts';

/** What the page shows, as its address says it. */
export interface BooksFilter {
  readonly run: string | undefined;
  /** Explained and posted differences, too. */
  readonly all: boolean;
  readonly cause: ReconciliationCause | undefined;
}

export function filterOfAddress(query: Readonly<Record<string, unknown>>): BooksFilter {
  const { run, cause, show } = query;
  return {
    run: typeof run === 'string' && /^[1-9]\d{0,17}$/.test(run) ? run : undefined,
    all: show === 'all',
    cause: RECONCILIATION_CAUSES.find((known) => known === cause),
  };
}

export function addressOfFilter({ run, all, cause }: BooksFilter): Record<string, string> {
  return {
    ...(run === undefined ? {} : { run }),
    ...(all ? { show: 'all' } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** What is asked of the server, for the list and for its file. */
export function rowsQuery({ all, cause }: BooksFilter) {
  return { ...(all ? {} : { open: true }), ...(cause === undefined ? {} : { cause }) };
}

/** The filter of the page, kept in its address. Only inside setup functions. */
export function useBooksFilter(): { readonly filter: Ref<BooksFilter>; change(part: Partial<BooksFilter>): void } {
  const route = useRoute();
  const router = useRouter();
  const filter = computed(() => filterOfAddress(route.query));
  return {
    filter,
    change: (part) => void router.replace({ query: addressOfFilter({ ...filter.value, ...part }) }),
  };
}
