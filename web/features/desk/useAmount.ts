import { computed, ref } from 'vue';
import { useI18n } from 'vue-i18n';
import type { PaymentMethod } from '#contract/common.ts';
import { readAmount } from './amount.ts';

/** How much and how it is paid, as it is typed. Only inside setup functions. */
export function useAmount() {
  const { t } = useI18n();
  const text = ref('');
  const method = ref<PaymentMethod>('cash');
  const tradeNo = ref('');
  /** After the first Enter an empty amount says so. */
  const attempted = ref(false);
  const typed = computed(() => readAmount(text.value));
  return {
    text,
    method,
    tradeNo,
    attempted,
    typed,
    minor: computed(() => (typed.value.ok ? typed.value.minor : undefined)),
    fault: computed(() => {
      if (typed.value.ok || (typed.value.fault === 'empty' && !attempted.value)) return '';
      return t(`desk.amount.fault.${typed.value.fault}`);
    }),
    clear(): void {
      text.value = '';
      tradeNo.value = '';
      method.value = 'cash';
      attempted.value = false;
    },
  };
}
