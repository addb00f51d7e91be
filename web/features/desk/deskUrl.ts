import { type WatchSource, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** What the address of the desk names, so that a reload finds it again. */
export interface DeskUrl {
  readonly accountId: number | undefined;
  readonly meterId: number | undefined;
  readonly saleId: string | undefined;
}

/** Reads the address once and keeps it up to date. Only inside setup functions. */
export function useDeskUrl() {
  const route = useRoute();
  const router = useRouter();
  const text = (name: string) => {
    const value = route.query[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const first: DeskUrl = {
    accountId: Number(text('account')) || undefined,
    meterId: Number(text('meter')) || undefined,
    saleId: text('sale'),
  };
  return {
    first,
    follow(now: WatchSource<DeskUrl>): void {
      watch(now, ({ accountId, meterId, saleId }) => {
        const named = { account: accountId?.toString(), meter: meterId?.toString(), sale: saleId };
        const query = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
        void router.replace({ query: Object.fromEntries(query) });
      });
    },
  };
}
