import { onScopeDispose, shallowRef, type WatchSource, watch } from 'vue';
import { previewSale, type ResponseOf } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';

export type Preview = ResponseOf<typeof previewSale>;

/** What is wanted: so much for this meter. */
export interface Wanted {
  readonly meterId: number;
  readonly paidMinor: bigint;
}

/** Nobody types the next figure faster than this on purpose. */
const SETTLED_MS = 120;

/** What a sale would bring, asked while the amount is typed; the newest question wins. Only inside setup functions. */
export function usePreview(wanted: WatchSource<Wanted | undefined>) {
  const api = useApi();
  const preview = shallowRef<Preview>();
  const fault = shallowRef<unknown>();
  let asked: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask({ meterId, paidMinor }: Wanted): Promise<void> {
    const question = new AbortController();
    asked = question;
    try {
      const body = { meterId, paidMinor: paidMinor.toString() };
      const answer = await api.call(previewSale, { body }, { signal: question.signal });
      if (asked === question) preview.value = answer;
    } catch (error) {
      if (asked === question) fault.value = error;
    }
  }

  const forget = () => {
    asked?.abort();
    asked = undefined;
    clearTimeout(timer);
  };
  watch(
    wanted,
    (now, before) => {
      if (now?.meterId === before?.meterId && now?.paidMinor === before?.paidMinor) return;
      forget();
      preview.value = undefined;
      fault.value = undefined;
      if (now !== undefined) timer = setTimeout(() => void ask(now), SETTLED_MS);
    },
    { immediate: true },
  );
  onScopeDispose(forget);
  return {
    /** For exactly what is wanted now; undefined until it is known. */
    preview,
    fault,
  };
}
