import { computed, type Ref, ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { PAY_METHODS, type PaymentMethod } from '#contract/common.ts';
import { getRefundLimits } from '#contract/vending.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { formatMoney } from '../../ui/format.ts';

/**
 * By which way money goes back: the way by which most of it came is chosen until the person takes another. The list says what
 * may go back by each without a second person; cash alone is offered first while that is not known. Only inside setup functions.
 */
export function useRefundWay(meterId: number, currency: string, minor: Readonly<Ref<bigint | undefined>>) {
  const { t } = useI18n();
  const api = useApi();
  const limits = useResource((signal) => api.call(getRefundLimits, { query: { meterId } }, { signal }));
  const taken = ref<PaymentMethod>();
  const leftOf = computed(
    () => new Map(limits.data.value?.methods.map(({ method, leftMinor }) => [method, leftMinor])),
  );
  const method = computed<PaymentMethod | undefined>({
    get: () => taken.value ?? limits.data.value?.methods[0]?.method ?? 'cash',
    set: (value) => {
      taken.value = value;
    },
  });

  const options = computed(() =>
    [...leftOf.value.keys(), ...PAY_METHODS.filter((one) => !leftOf.value.has(one))].map((value) => {
      const left = leftOf.value.get(value);
      const name = t(`desk.method.${value}`);
      const words = { method: name, left: formatMoney(left, currency) };
      return { value, label: left === undefined ? name : t('desk.refund.way', words) };
    }),
  );

  /** Why this one waits for a second person; empty where it does not. */
  const waits = computed(() => {
    const known = limits.data.value;
    const amount = minor.value;
    const by = method.value;
    if (known === undefined || amount === undefined || by === undefined) return '';
    if (amount > BigInt(known.secondPersonMinor)) return t('desk.cause.largeAmount');
    return amount > BigInt(leftOf.value.get(by) ?? '0') ? t('desk.cause.methodExceeded') : '';
  });

  return { method, options, waits };
}
