import { nextTick, onScopeDispose, shallowRef } from 'vue';
import { printReceipt, type ResponseOf } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';

export type Receipt = ResponseOf<typeof printReceipt>;

const PAPER_MM = 80;
const PX_PER_MM = 96 / 25.4;

/**
 * Prints receipts: the server counts the print, the page shows nothing but the sheet, the paper ends where the sheet does.
 * Only inside setup functions.
 */
export function usePrinting() {
  const api = useApi();
  /** What is being printed; the page renders it as `.receipt-print` below the body. */
  const printed = shallowRef<Receipt>();
  // A style sheet made by script is no inline style, which our content security policy refuses.
  const paper = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, paper];
  onScopeDispose(() => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== paper);
  });
  const fault = shallowRef<unknown>();
  return {
    printed,
    /** Why it could not be printed. */
    fault,
    async print(saleId: string): Promise<void> {
      fault.value = undefined;
      try {
        printed.value = await api.call(printReceipt, { params: { saleId } });
      } catch (error) {
        fault.value = error;
        return;
      }
      await nextTick();
      const height = document.querySelector('.receipt-measure .receipt-sheet')?.getBoundingClientRect().height ?? 0;
      const heightMm = Math.max(PAPER_MM, Math.ceil(height / PX_PER_MM) + 1);
      paper.replaceSync(`@page receipt { size: ${PAPER_MM}mm ${heightMm}mm; margin: 0 4mm; }`);
      window.print();
    },
    forget(): void {
      printed.value = undefined;
      fault.value = undefined;
    },
  };
}
