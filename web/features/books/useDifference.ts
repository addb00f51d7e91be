import { useI18n } from 'vue-i18n';
import type { ReconciliationRow } from '#contract/settlement.ts';
import { formatMoney } from '../../ui/format.ts';
import { useFormat } from '../../ui/useFormat.ts';

/** How a difference is told: amounts as money, words of the server in the language of the screen. Only inside setup functions. */
export function useDifference(of: { readonly timeZone: () => string; readonly currency: () => string }) {
  const { t } = useI18n();
  const format = useFormat();
  const moment = (at: string) => format.moment(at, Date.now(), of.timeZone());

  function value(row: ReconciliationRow, text: string): string {
    if (row.differenceMinor !== undefined) return formatMoney(text, of.currency());
    const count = /^(\d+) purchases$/.exec(text)?.[1];
    if (count !== undefined) return t('books.purchases', { n: count });
    return text === 'none' ? t('books.nothing') : text === 'a read' ? t('books.aRead') : text;
  }

  return {
    value,
    moment,
    amount: (minor: string | undefined) => formatMoney(minor, of.currency()),
    /** Whom it is about. */
    subject({ meterNumber, customerName, detail, side }: ReconciliationRow): string {
      if (meterNumber !== undefined) return [meterNumber, customerName].filter(Boolean).join(' · ');
      if (side === 'payments') return customerName ?? detail.slice(0, 'vend 12345678'.length);
      return t('books.property');
    },
    /** When and where from. */
    detail({ detail }: ReconciliationRow): string {
      const at = /read (\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(detail)?.[1];
      return at === undefined ? detail : t('books.readAt', { at: moment(at) });
    },
    /** The sale that it is about. */
    saleId: ({ detail, side }: ReconciliationRow) =>
      side === 'payments' ? /^vend ([0-9a-f-]{36})/.exec(detail)?.[1] : undefined,
  };
}
