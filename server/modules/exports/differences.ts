import { differenceReadAt, differenceValue } from '#contract/differenceTexts.ts';
import { listReconciliationRows, type ReconciliationRow } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { stateWords } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

const SIDE: Readonly<Record<FileLang, Readonly<Record<ReconciliationRow['side'], string>>>> = {
  zh: { meter: '表计', payments: '收款', book: '账本' },
  en: { meter: 'Meter', payments: 'Payments', book: 'Book' },
};
const PURCHASES: FileWords = { zh: '次购电', en: 'purchases' };
const SAID = { nothing: { zh: '无', en: 'none' }, aRead: { zh: '一次读数', en: 'a read' } } as const;

const money = (row: ReconciliationRow, text: string): string | undefined =>
  differenceValue(row, text).kind === 'money' ? text : undefined;

/** What is no money: in the language of the file. */
function worded(row: ReconciliationRow, text: string, lang: FileLang): string | undefined {
  const said = differenceValue(row, text);
  if (said.kind === 'money') return undefined;
  if (said.kind === 'purchases') return `${said.count} ${PURCHASES[lang]}`;
  return said.kind === 'text' ? said.text : SAID[said.kind][lang];
}

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<ReconciliationRow>[] = [
  { header: { zh: '编号', en: 'Number' }, kind: 'text', width: 10, of: ({ id }) => id },
  { header: { zh: '比对', en: 'Side' }, kind: 'text', width: 10, of: ({ side }, lang) => SIDE[lang][side] },
  { header: { zh: '原因', en: 'Cause' }, kind: 'text', width: 24, of: ({ cause }, lang) => STATE_WORDS[lang].difference[cause] },
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ meterNumber }) => meterNumber },
  { header: { zh: '客户', en: 'Customer' }, kind: 'text', width: 24, of: ({ customerName }) => customerName },
  { header: { zh: '应为（金额）', en: 'Expected (money)' }, kind: 'money', of: (row) => money(row, row.expected) },
  { header: { zh: '实为（金额）', en: 'Found (money)' }, kind: 'money', of: (row) => money(row, row.found) },
  { header: { zh: '差额', en: 'Difference' }, kind: 'money', of: ({ differenceMinor }) => differenceMinor },
  { header: { zh: '应为（其他）', en: 'Expected (other)' }, kind: 'text', width: 18, of: (row, lang) => worded(row, row.expected, lang) },
  { header: { zh: '实为（其他）', en: 'Found (other)' }, kind: 'text', width: 18, of: (row, lang) => worded(row, row.found, lang) },
  { header: { zh: '读表时间', en: 'Read at' }, kind: 'instant', of: differenceReadAt },
  { header: { zh: '明细', en: 'Detail' }, kind: 'text', width: 44, of: (row) => (differenceReadAt(row) === undefined ? row.detail : undefined) },
  { header: { zh: '入账差额', en: 'Taken into the books' }, kind: 'money', of: ({ drift }) => drift?.amountMinor },
  { header: { zh: '入账时间', en: 'Taken at' }, kind: 'instant', of: ({ drift }) => drift?.at },
  { header: { zh: '入账人', en: 'Taken by' }, kind: 'text', width: 14, of: ({ drift }) => drift?.by },
  { header: { zh: '事由', en: 'Reason' }, kind: 'text', width: 30, of: ({ drift }) => drift?.reason },
];

export const DIFFERENCES: ListFile<typeof listReconciliationRows, ReconciliationRow, ReconciliationRow> = {
  list: listReconciliationRows,
  title: { zh: '对账差异', en: 'Differences of books' },
  columns: () => COLUMNS,
  rowsOf: (row) => [row],
  words: { cause: stateWords('difference') },
};
export const COMPARED_DAY: FileWords = { zh: '对账日', en: 'Day compared' };
