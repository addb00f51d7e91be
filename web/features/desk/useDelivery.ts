import { computed, onScopeDispose, type Ref, type ShallowRef, shallowRef, watch } from 'vue';
import { getSale, listVendSteps, type Sale, type VendStep } from '#contract/vending.ts';
import { useApi } from '../../api/client.ts';
import { deliveryOf, isAtRest } from './delivery.ts';

const ASK_EVERY_MS = 1_000;

/** Follows a sale until the meter itself says the money is there. A lost line is tried again. Only inside setup functions. */
export function useDelivery(sold: ShallowRef<Sale | undefined>, nowMs: Readonly<Ref<number>>) {
  const api = useApi();
  const steps = shallowRef<readonly VendStep[]>([]);
  const fault = shallowRef<unknown>();
  let asking: AbortController | undefined;

  async function ask(): Promise<void> {
    const saleId = sold.value?.saleId;
    if (saleId === undefined || asking !== undefined) return;
    const question = new AbortController();
    asking = question;
    try {
      const params = { saleId };
      const [sale, { items }] = await Promise.all([
        api.call(getSale, { params }, { signal: question.signal }),
        api.call(listVendSteps, { params: { vendId: saleId } }, { signal: question.signal }),
      ]);
      if (sold.value?.saleId !== saleId) return;
      sold.value = sale;
      steps.value = items;
      fault.value = undefined;
    } catch (error) {
      if (sold.value?.saleId === saleId) fault.value = error;
    } finally {
      if (asking === question) asking = undefined;
    }
  }

  watch(
    () => sold.value?.saleId,
    () => {
      asking?.abort();
      asking = undefined;
      steps.value = [];
      fault.value = undefined;
      void ask();
    },
    { immediate: true },
  );
  const timer = setInterval(() => {
    if (sold.value !== undefined && !isAtRest(sold.value)) void ask();
  }, ASK_EVERY_MS);
  onScopeDispose(() => {
    clearInterval(timer);
    asking?.abort();
  });

  return {
    /** Why it is not known how far it is; undefined while it is. */
    fault,
    delivery: computed(() => sold.value && deliveryOf(sold.value, steps.value, nowMs.value)),
    ask,
  };
}
