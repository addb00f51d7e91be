import { computed, shallowRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { exportDeliveries } from '#contract/exports.ts';
import { type Delivery, listDeliveries, retryDelivery } from '#contract/notifications.ts';
import { type DownloadOptions, useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSaving } from '../gateways/useSaving.ts';
import { addressOfFilter, filterOfAddress, type LogFilter } from './logFilter.ts';

const ROWS = 100;
const REFRESH_MS = 10_000;

/** The log by the filter in the address: the newest page follows by itself, older ones are asked for. */
export function useLog() {
  const api = useApi();
  const route = useRoute();
  const router = useRouter();
  const saving = useSaving();
  const filter = computed(() => filterOfAddress(route.query));
  const key = computed(() => JSON.stringify(filter.value));
  const older = shallowRef<{
    readonly key: string;
    readonly items: readonly Delivery[];
    readonly next: string | undefined;
  }>();

  const wanted = computed(() => {
    const { propertyId, channel, state, bundleId, q } = filter.value;
    return {
      ...(propertyId !== undefined && { propertyId }),
      ...(channel !== undefined && { channel }),
      ...(state !== undefined && { state }),
      ...(bundleId !== undefined && { bundleId }),
      ...(q !== '' && { q }),
    };
  });
  const ask = (cursor: string | undefined, signal?: AbortSignal) => {
    const query = { limit: ROWS, ...wanted.value, ...(cursor !== undefined && { cursor }) };
    return api.call(listDeliveries, { query }, signal === undefined ? {} : { signal });
  };
  const newest = useResource((signal) => ask(undefined, signal), { on: key, everyMs: REFRESH_MS });
  const more = computed(() => (older.value?.key === key.value ? older.value : undefined));
  const next = computed(() => (more.value === undefined ? newest.data.value?.nextCursor : more.value.next));
  const rows = computed(() => {
    const first = newest.data.value?.items ?? [];
    const known = new Set(first.map(({ id }) => id));
    return [...first, ...(more.value?.items ?? []).filter(({ id }) => !known.has(id))];
  });

  return {
    filter,
    rows,
    next,
    error: newest.error,
    loaded: computed(() => newest.data.value !== undefined),
    busy: saving.busy,
    message: saving.message,
    reload: newest.reload,
    /** Exactly what the filter shows, as a workbook. */
    takeExcel: (lang: 'zh' | 'en', options: DownloadOptions) =>
      api.download(exportDeliveries, { query: { ...wanted.value, lang } }, options),
    change: (change: Partial<LogFilter>) =>
      void router.replace({ query: addressOfFilter({ ...filter.value, ...change }) }),
    loadMore: () =>
      saving.run(async () => {
        const asked = key.value;
        const page = await ask(next.value);
        const items = [...(more.value?.items ?? []), ...page.items];
        older.value = { key: asked, items, next: page.nextCursor };
      }),
    retry: async (delivery: Delivery) => {
      await saving.run(() => api.call(retryDelivery, { params: { deliveryId: Number(delivery.id) } }));
      await newest.reload();
    },
  };
}
