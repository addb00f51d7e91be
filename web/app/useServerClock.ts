import { onBeforeUnmount, readonly, shallowRef } from 'vue';
import { useLive } from '../live/liveClient.ts';

const SECOND_MS = 1_000;

/** Server time, ms, once a second on the second: the clock of the page and the "now" of every age. */
export function useServerClock() {
  const live = useLive();
  const nowMs = shallowRef(live.nowMs());
  let timer: ReturnType<typeof setTimeout>;
  function tick(): void {
    nowMs.value = live.nowMs();
    timer = setTimeout(tick, SECOND_MS - (nowMs.value % SECOND_MS) + 5);
  }
  tick();
  onBeforeUnmount(() => clearTimeout(timer));
  return readonly(nowMs);
}
