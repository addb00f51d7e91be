import { useI18n } from 'vue-i18n';
import { differenceReadAt, differenceValue } from '#contract/differenceTexts.ts';
import type { ReconciliationRow } from '#contract/reconciliation.ts';
import { formatMoney } from '../../ui/format.ts';
import { useFormat } from '../../ui/useFormat.ts';

/** How a difference is told: amounts as money, words of the server in the language of the screen. Only inside setup functions. */
export function useDifference(of: { readonly timeZone: () => string; readonly currency: () => string }) {
  const { t } = useI18n();
  const format = useFormat();
  const moment = (at: string) => format.moment(at, Date.now(), of.timeZone());

  function value(row: ReconciliationRow, text: string): string {
    const said = differenceValue(row, text);
    switch (said.kind) {
      case 'money':
        return formatMoney(said.text, of.currency());
      case 'purchases':
        return t('books.purchases', { n: said.count });
      case 'text':
        return said.text;
      default:
        return t(`books.${said.kind}`);
    }
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
    detail(row: ReconciliationRow): string {
      const at = differenceReadAt(row);
      return at === undefined ? row.detail : t('books.readAt', { at: moment(at) });
    },
    /** The sale that it is about. */
    saleId: ({ detail, side }: ReconciliationRow) =>
      side === 'payments' ? /^vend ([0-9a-f-]{36})/.exec(detail)?.[1] : undefined,
  };
}
