import { computed, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Sale } from '#contract/vending.ts';
import { useErrorText } from '../../api/errorText.ts';
import { formatMoney } from '../../ui/format.ts';
import { type Preview, usePreview, type Wanted } from './usePreview.ts';

/** What will happen, or of a sale that was made, what did; and in words what speaks against it. Only inside setup functions. */
export function useOutlook(
  wanted: Readonly<Ref<Wanted | undefined>>,
  sold: Readonly<Ref<Sale | undefined>>,
  refusal: Readonly<Ref<unknown>>,
  currency: Readonly<Ref<string>>,
) {
  const { t, te } = useI18n();
  const errorText = useErrorText();
  const asked = usePreview(wanted);
  const textOf = ({ code, message, limitMinor }: Preview['refusals'][number]) => {
    const key = `error.${code}`;
    const text = te(key) || te(key, 'en') ? t(key) : message;
    return limitMinor === undefined
      ? text
      : t('desk.preview.limit', { text, limit: formatMoney(limitMinor, currency.value) });
  };
  return {
    preview: computed(() => (sold.value === undefined ? asked.preview.value : previewOf(sold.value))),
    refusals: computed(() => {
      if (sold.value !== undefined) return [];
      const faults = [asked.fault.value, refusal.value].filter((fault) => fault !== undefined);
      return [...new Set([...(asked.preview.value?.refusals ?? []).map(textOf), ...faults.map(errorText)])];
    }),
    /** It was asked for exactly this, and nothing speaks against it. */
    allowed: computed(() => asked.preview.value?.refusals.length === 0),
  };
}

function previewOf(sale: Sale): Preview {
  const { paidMinor, feeMinor, netMinor, custody, balanceBeforeMinor, balanceAfterMinor } = sale;
  return {
    ...{ paidMinor, feeMinor, netMinor, custody, underWayMinor: '0', refusals: [] },
    ...(balanceBeforeMinor !== undefined && { balanceBeforeMinor }),
    ...(balanceAfterMinor !== undefined && { balanceAfterMinor }),
  };
}
