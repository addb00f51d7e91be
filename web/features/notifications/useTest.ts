import { shallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import type { TestOutcome } from '#contract/notifications.ts';
import { useErrorText } from '../../api/errorText.ts';

/** A test under way, and how the last one went in words. Only inside setup functions. */
export function useTest() {
  const { t } = useI18n();
  const errorText = useErrorText();
  const busy = shallowRef(false);
  const result = shallowRef<{ readonly good: boolean; readonly text: string }>();

  function wordsOf({ state, reason, error }: TestOutcome): string {
    if (state === 'suppressed')
      return t('notifications.test.suppressed', { reason: t(`notifications.reason.${reason ?? 'turnedOff'}`) });
    return t(`notifications.test.${state}`, { error: error ?? '' });
  }

  return {
    busy,
    result,
    async run(send: () => Promise<TestOutcome>): Promise<void> {
      if (busy.value) return;
      busy.value = true;
      result.value = undefined;
      try {
        const outcome = await send();
        result.value = { good: outcome.state === 'sent', text: wordsOf(outcome) };
      } catch (error) {
        result.value = { good: false, text: errorText(error) };
      } finally {
        busy.value = false;
      }
    },
  };
}
