import { computed, type Ref, ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { REASON_LEAST } from '#contract/vending.ts';
import type { useSaving } from '../gateways/useSaving.ts';

/**
 * The reason of what is taken back. `given` is what is sent; `fault` is for beside the field: what is missing once the
 * form was `attempted` (nothing where the reason may be left out), else what the server found. Only inside setup functions.
 */
export function useReason(
  attempted: Ref<boolean>,
  saving: Pick<ReturnType<typeof useSaving>, 'fields'>,
  optional: () => boolean = () => false,
) {
  const { t } = useI18n();
  const text = ref('');
  const given = computed(() => text.value.trim());
  const missing = computed(() => given.value.length < REASON_LEAST && !(optional() && given.value === ''));
  const fault = computed(() =>
    attempted.value && missing.value
      ? t('desk.reason.tooShort', { n: REASON_LEAST })
      : (saving.fields.value.get('reason') ?? ''),
  );
  return { text, given, missing, fault };
}
