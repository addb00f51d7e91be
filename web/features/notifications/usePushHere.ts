import { computed, shallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { addPushDevice, type MyNotifications, type PushDevice, removePushDevice } from '#contract/notifications.ts';
import { useApi } from '../../api/client.ts';
import { useErrorText } from '../../api/errorText.ts';
import {
  browserName,
  browserParts,
  obstacleOf,
  PermissionRefused,
  subscribeHere,
  subscriptionHere,
  toStored,
} from './pushHere.ts';
import { hereZone } from './wishForm.ts';

/** Push on this device: whether it can be, whether it is, and the two ways between. Only inside setup functions. */
export function usePushHere(mine: () => MyNotifications | undefined, changed: () => Promise<void>) {
  const { t, locale } = useI18n();
  const api = useApi();
  const errorText = useErrorText();
  const obstacle = shallowRef(obstacleOf(browserParts()));
  const endpoint = shallowRef<string>();
  const busy = shallowRef(false);
  const fault = shallowRef('');
  const here = computed<PushDevice | undefined>(() =>
    mine()?.devices.find((device) => device.endpoint === endpoint.value),
  );

  async function look(): Promise<void> {
    endpoint.value = obstacle.value === undefined ? (await subscriptionHere())?.endpoint : undefined;
  }
  void look().catch(() => undefined);

  async function run(action: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    fault.value = '';
    try {
      await action();
    } catch (error) {
      fault.value = sentenceOf(error);
    } finally {
      obstacle.value = obstacleOf(browserParts());
      busy.value = false;
    }
  }

  function sentenceOf(error: unknown): string {
    const isRefused = error instanceof DOMException && error.name === 'NotAllowedError';
    if (error instanceof PermissionRefused || isRefused) return t('notifications.device.why.denied');
    // What the browser says of its push service, or what the server says.
    if (error instanceof DOMException) return t('notifications.device.why.noService', { reason: error.message });
    return errorText(error);
  }

  return {
    obstacle,
    busy,
    fault,
    here,
    turnOn: () =>
      run(async () => {
        const key = mine()?.pushKey;
        if (key === undefined) return;
        const stored = toStored(await subscribeHere(key));
        const name = browserName(navigator.userAgent);
        const language = locale.value === 'zh' ? 'zh' : 'en';
        await api.call(addPushDevice, { body: { ...stored, name, language, timeZone: hereZone() } });
        endpoint.value = stored.endpoint;
        await changed();
      }),
    remove: (device: PushDevice) =>
      run(async () => {
        await api.call(removePushDevice, { params: { deviceId: device.id } });
        if (device.endpoint === endpoint.value) await (await subscriptionHere())?.unsubscribe();
        await look();
        await changed();
      }),
  };
}
