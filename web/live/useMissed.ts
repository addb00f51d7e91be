import { onScopeDispose } from 'vue';
import { useLive } from './liveClient.ts';

/** Properties that come back one after the other are one question. */
const TOGETHER_MS = 300;

/**
 * Asks for alarms or commands anew when some may have been missed: the snapshot after a gap has the meters, but not these.
 * `concerns`: whether a property is one of those that are kept. Only inside setup functions.
 */
export function useMissed(
  askAnew: () => void | Promise<void>,
  concerns: (propertyId: number) => boolean = () => true,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = useLive().onMissed((propertyId) => {
    if (!concerns(propertyId)) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void askAnew();
    }, TOGETHER_MS);
  });
  onScopeDispose(() => {
    stop();
    clearTimeout(timer);
  });
}
