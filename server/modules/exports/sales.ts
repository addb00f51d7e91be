import { listSales, type Sale } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { XlsxColumn } from '#server/platform/xlsx/index.ts';
import { alsoWords, stateWords } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

const CUSTODY = { zh: { meter: '表内', platform: '平台' }, en: { meter: 'Meter', platform: 'Platform' } };
/** What the filter asks for beside the states that a sale can have. */
const UNDER_WAY = {
  zh: { open: '处理中', late: '处理中，已超过一天' },
  en: { open: 'Under way', late: 'Under way for a day' },
};

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<Sale>[] = [
  { header: { zh: '流水号', en: 'Serial' }, kind: 'text', width: 12, of: ({ serial }) => serial },
  { header: { zh: '时间', en: 'Time' }, kind: 'instant', of: ({ at }) => at },
  { header: { zh: '业务日', en: 'Business day' }, kind: 'date', of: ({ businessDay }) => businessDay },
  { header: { zh: '类型', en: 'Kind' }, kind: 'text', width: 10, of: ({ kind }, lang) => STATE_WORDS[lang].saleKind[kind] },
  { header: { zh: '状态', en: 'State' }, kind: 'text', width: 14, of: ({ state }, lang) => STATE_WORDS[lang].saleState[state] },
  { header: { zh: '客户', en: 'Customer' }, kind: 'text', width: 24, of: ({ customerName }) => customerName },
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ meterNumber }) => meterNumber },
  { header: { zh: '实收', en: 'Paid' }, kind: 'money', of: ({ paidMinor }) => paidMinor },
  { header: { zh: '服务费', en: 'Service fee' }, kind: 'money', of: ({ feeMinor }) => feeMinor },
  { header: { zh: '充入', en: 'Credited' }, kind: 'money', of: ({ netMinor }) => netMinor },
  { header: { zh: '充前余额', en: 'Balance before' }, kind: 'money', of: ({ balanceBeforeMinor }) => balanceBeforeMinor },
  { header: { zh: '充后余额', en: 'Balance after' }, kind: 'money', of: ({ balanceAfterMinor }) => balanceAfterMinor },
  { header: { zh: '付款方式', en: 'Method' }, kind: 'text', width: 12, of: ({ method }, lang) => method && STATE_WORDS[lang].payMethod[method] },
  { header: { zh: '渠道单号', en: 'Channel number' }, kind: 'text', of: ({ channelTradeNo }) => channelTradeNo },
  { header: { zh: '购电次数', en: 'Purchase count' }, kind: 'integer', of: ({ count }) => count },
  { header: { zh: '余额在', en: 'Balance held by' }, kind: 'text', width: 10, of: ({ custody }, lang) => CUSTODY[lang][custody] },
  { header: { zh: '操作员', en: 'Operator' }, kind: 'text', width: 14, of: ({ operator }) => operator },
  { header: { zh: '事由', en: 'Reason' }, kind: 'text', width: 30, of: ({ reason }) => reason },
  { header: { zh: '完成时间', en: 'Finished' }, kind: 'instant', of: ({ finishedAt }) => finishedAt },
  { header: { zh: '应退', en: 'Owed' }, kind: 'money', of: ({ owedMinor }) => owedMinor },
  { header: { zh: '退还时间', en: 'Paid out' }, kind: 'instant', of: ({ paidOutAt }) => paidOutAt },
];

export const SALES: ListFile<typeof listSales, Sale, Sale> = {
  list: listSales,
  title: { zh: '售电记录', en: 'Sales' },
  columns: () => COLUMNS,
  rowsOf: (sale) => [sale],
  propertyOf: ({ propertyId }) => propertyId,
  words: { kind: stateWords('saleKind'), state: alsoWords(stateWords('saleState'), UNDER_WAY) },
};
