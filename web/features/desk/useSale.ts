import { onScopeDispose, shallowRef } from 'vue';
import type { PaymentMethod } from '#contract/common.ts';
import { getSale, type Sale, sell } from '#contract/vending.ts';
import { ApiError, useApi } from '../../api/client.ts';
import { newId } from './newId.ts';
import type { UnansweredSale, UnansweredSales } from './unansweredSales.ts';

/** Pauses before an unanswered sale is sent again, ms; the last one for ever after. */
const AGAIN_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000] as const;

/** What the cashier confirms. */
export interface SaleForm {
  readonly accountId: number;
  readonly meterId: number;
  readonly customer: string;
  readonly paidMinor: bigint;
  readonly method: PaymentMethod;
  readonly tradeNo: string;
}

/** True where nobody can tell whether the server took it: no answer, a fault on the way, a session that ended. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  return error.status === 0 || error.status >= 500 || error.status === 429 || error.code === 'session.required';
}

/**
 * Selling from one form. Its id is made once and kept until the server answered: a double click, a lost line, a reload send
 * the same sale, never a second one. Only inside setup functions.
 */
export function useSale(book: UnansweredSales, nowMs: () => number) {
  const api = useApi();
  const sold = shallowRef<Sale>();
  const sending = shallowRef<UnansweredSale>();
  /** Why the last attempt had no answer; undefined after one. */
  const silence = shallowRef<unknown>();
  /** The server's refusal: nothing was taken. */
  const refusal = shallowRef<unknown>();
  let formId = newId();
  let disposed = false;
  let wake: (() => void) | undefined;
  onScopeDispose(() => {
    disposed = true;
    wake?.();
  });

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function send(sale: UnansweredSale): Promise<void> {
    if (sending.value !== undefined) return;
    sending.value = sale;
    refusal.value = undefined;
    book.keep(sale);
    for (let attempt = 0; !disposed; attempt++) {
      try {
        return answered(sale, await post(sale));
      } catch (error) {
        if (!isUnanswered(error)) return refused(sale, error);
        silence.value = error;
      }
      await pause(AGAIN_AFTER_MS[Math.min(attempt, AGAIN_AFTER_MS.length - 1)] ?? 0);
    }
  }

  function post(sale: UnansweredSale): Promise<Sale> {
    const { saleId, meterId, paidMinor, method, channelTradeNo } = sale;
    const paid = { saleId, meterId, paidMinor, method };
    return api.call(sell, { body: channelTradeNo === undefined ? paid : { ...paid, channelTradeNo } });
  }

  function answered(sale: UnansweredSale, answer: Sale): void {
    book.drop(sale.saleId);
    sending.value = undefined;
    silence.value = undefined;
    sold.value = answer;
    formId = newId();
  }

  async function refused(sale: UnansweredSale, error: unknown): Promise<void> {
    // The id is known with another content: what the server has under it is the truth.
    const known = error instanceof ApiError && error.code === 'request.key-reused';
    const kept = known
      ? await api.call(getSale, { params: { saleId: sale.saleId } }).catch(() => undefined)
      : undefined;
    if (kept !== undefined) return answered(sale, kept);
    book.drop(sale.saleId);
    sending.value = undefined;
    silence.value = undefined;
    refusal.value = error;
    formId = newId();
  }

  return {
    sold,
    sending,
    silence,
    refusal,
    /** Sends what was confirmed, once: while it is under way, or after it was sold, another confirm does nothing. */
    confirm(form: SaleForm): Promise<void> {
      if (sending.value !== undefined || sold.value !== undefined) return Promise.resolve();
      const { accountId, meterId, customer, method, tradeNo } = form;
      const paid = { saleId: formId, accountId, meterId, customer, method, paidMinor: form.paidMinor.toString() };
      const trade = tradeNo.trim();
      return send({ ...paid, confirmedMs: nowMs(), ...(trade !== '' && { channelTradeNo: trade }) });
    },
    /** Sends one that an earlier page left unanswered, with its own id. */
    sendAgain: send,
    /** Does not wait for the pause to end. */
    askNow: () => wake?.(),
    /** Shows a sale that is known already. */
    async open(saleId: string, signal?: AbortSignal): Promise<void> {
      sold.value = await api.call(getSale, { params: { saleId } }, signal === undefined ? {} : { signal });
    },
    /** The next customer: a new form with a new id. What is unanswered stays. */
    next() {
      if (sending.value !== undefined) return false;
      sold.value = undefined;
      refusal.value = undefined;
      formId = newId();
      return true;
    },
  };
}
