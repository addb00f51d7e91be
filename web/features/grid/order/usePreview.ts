import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { type CommandOrderBody, previewBatch } from '#contract/commands.ts';
import { useApi } from '../../../api/client.ts';
import { useLive } from '../../../live/liveClient.ts';
import type { Preview } from './previewParts.ts';

/** What is typed is asked about when the hand rests. */
const REST_MS = 300;

/** What an order would do now, asked anew whenever it changes. Nothing is sent by it. */
export function usePreview(meterIds: readonly number[], order: Ref<CommandOrderBody | undefined>) {
  const api = useApi();
  const live = useLive();
  const preview = shallowRef<Preview>();
  const error = shallowRef<unknown>();
  const asking = shallowRef(false);
  const askedAtMs = shallowRef(0);
  let question: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    question?.abort();
    const body = order.value;
    if (body === undefined) {
      preview.value = undefined;
      asking.value = false;
      return;
    }
    const mine = new AbortController();
    question = mine;
    asking.value = true;
    try {
      const answer = await api.call(
        previewBatch,
        { body: { meterIds: [...meterIds], order: body } },
        { signal: mine.signal },
      );
      if (question !== mine) return;
      preview.value = answer;
      error.value = undefined;
      askedAtMs.value = live.nowMs();
    } catch (cause) {
      if (question !== mine) return;
      preview.value = undefined;
      error.value = cause;
    } finally {
      if (question === mine) asking.value = false;
    }
  }

  watch(order, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), REST_MS);
  });
  void ask();
  onScopeDispose(() => {
    clearTimeout(timer);
    question?.abort();
    question = undefined;
  });
  return { preview, error, asking, askedAtMs, ask: () => void ask() };
}
