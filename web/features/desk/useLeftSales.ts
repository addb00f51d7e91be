import { onScopeDispose, shallowRef } from 'vue';
import { getSale, type Sale } from '#contract/vending.ts';
import { ApiError, useApi } from '../../api/client.ts';
import type { UnansweredSale, UnansweredSales } from './unansweredSales.ts';

const AGAIN_MS = 5_000;

/**
 * Sales that an earlier page confirmed and that had no answer then: those that reached the server are shown, the others are
 * for the cashier to send again or to drop. Only inside setup functions.
 */
export function useLeftSales(book: UnansweredSales, found: (sale: Sale) => void) {
  const api = useApi();
  /** Known not to have reached the server so far. */
  const left = shallowRef<readonly UnansweredSale[]>([]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));

  async function look(sales: readonly UnansweredSale[]): Promise<void> {
    const unknown: UnansweredSale[] = [];
    for (const sale of sales) {
      try {
        const known = await api.call(getSale, { params: { saleId: sale.saleId } });
        book.drop(sale.saleId);
        found(known);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) left.value = [...left.value, sale];
        else unknown.push(sale);
      }
    }
    if (unknown.length > 0) timer = setTimeout(() => void look(unknown), AGAIN_MS);
  }
  void look(book.all());

  const forget = (saleId: string) => {
    left.value = left.value.filter((sale) => sale.saleId !== saleId);
  };
  return {
    left,
    /** It goes to the server after all: it is no longer left. */
    forget,
    drop(saleId: string): void {
      book.drop(saleId);
      forget(saleId);
    },
  };
}
