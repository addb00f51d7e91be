import { onScopeDispose, watch } from 'vue';
import { useLive } from '../../live/liveClient.ts';
import { useAlarmOutbox } from './outboxStore.ts';

/** How often what waits is tried; the feed and the browser also say when there is signal again, ms. */
const TRY_MS = 5_000;

/** Sends what was done to alarms without signal as soon as there is some, on every page. Once, in the frame. */
export function useOutboxSender(): void {
  const outbox = useAlarmOutbox();
  const live = useLive();
  const send = () => void outbox.flush();
  const timer = setInterval(send, TRY_MS);
  window.addEventListener('online', send);
  watch(
    () => live.health.value.state,
    (state) => state === 'live' && send(),
  );
  onScopeDispose(() => {
    clearInterval(timer);
    window.removeEventListener('online', send);
  });
  send();
}
