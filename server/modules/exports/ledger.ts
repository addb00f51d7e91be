import { type LedgerTxn, listLedgerTxns } from '#contract/index.ts';
import type { XlsxColumn } from '#server/platform/xlsx/index.ts';
import type { WordList } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

/** One entry of a posting with the posting it belongs to. */
interface EntryRow {
  readonly txn: LedgerTxn;
  readonly entry: LedgerTxn['entries'][number];
}

/** The chart of accounts. */
const ACCOUNTS: WordList = {
  zh: {
    ...{ cash: '现金', bank: '银行', wechat: '微信', alipay: '支付宝', receivable: '应收', vendSuspense: '待到账' },
    ...{ prepaidInMeter: '表内预付', wallet: '钱包', deposit: '押金', refundPayable: '应退', electricity: '电费收入' },
    ...{ water: '水费收入', serviceFee: '服务费收入', meterDrift: '表计差额', opening: '开户余额', granted: '赠送' },
  },
  en: {
    ...{ cash: 'Cash', bank: 'Bank', wechat: 'WeChat', alipay: 'Alipay', receivable: 'Receivable' },
    ...{
      vendSuspense: 'Sales under way',
      prepaidInMeter: 'Prepaid in the meter',
      wallet: 'Wallet',
      deposit: 'Deposit',
    },
    ...{ refundPayable: 'Refunds owed', electricity: 'Income, electricity', water: 'Income, water' },
    ...{
      serviceFee: 'Income, service fee',
      meterDrift: 'Meter drift',
      opening: 'Opening balances',
      granted: 'Granted',
    },
  },
};
const REFERENCES: WordList = {
  zh: { vend: '售电', move: '转移', account: '账户', accountCase: '账户业务', reconciliationRow: '对账差异' },
  en: {
    ...{ vend: 'Sale', move: 'Move', account: 'Account', accountCase: 'Case of an account' },
    ...{ reconciliationRow: 'Difference of books' },
  },
};

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<EntryRow>[] = [
  { header: { zh: '凭证号', en: 'Posting' }, kind: 'text', width: 12, of: ({ txn }) => txn.id },
  { header: { zh: '类型', en: 'Kind' }, kind: 'text', width: 18, of: ({ txn }) => txn.kind },
  { header: { zh: '发生时间', en: 'Event' }, kind: 'instant', of: ({ txn }) => txn.eventAt },
  { header: { zh: '入账时间', en: 'Posted' }, kind: 'instant', of: ({ txn }) => txn.postedAt },
  { header: { zh: '账期', en: 'Month' }, kind: 'text', width: 10, of: ({ txn }) => txn.month },
  { header: { zh: '科目', en: 'Account' }, kind: 'text', width: 20, of: ({ entry }, lang) => ACCOUNTS[lang][entry.kind] ?? entry.kind },
  { header: { zh: '对象', en: 'Subject' }, kind: 'text', width: 24, of: ({ entry }) => entry.subject },
  { header: { zh: '借（＋）贷（−）', en: 'Debit (+), credit (−)' }, kind: 'money', width: 18, of: ({ entry }) => entry.amountMinor },
  { header: { zh: '之后余额', en: 'Balance after' }, kind: 'money', of: ({ entry }) => entry.balanceAfterMinor },
  { header: { zh: '凭据类型', en: 'Reference kind' }, kind: 'text', width: 14, of: ({ txn }, lang) => REFERENCES[lang][txn.refKind] ?? txn.refKind },
  { header: { zh: '凭据', en: 'Reference' }, kind: 'text', width: 38, of: ({ txn }) => txn.refId },
  { header: { zh: '冲销', en: 'Reverses' }, kind: 'text', width: 12, of: ({ txn }) => txn.reverses },
  { header: { zh: '被冲销', en: 'Reversed by' }, kind: 'text', width: 12, of: ({ txn }) => txn.reversedBy },
  { header: { zh: '经办', en: 'Actor' }, kind: 'text', width: 14, of: ({ txn }) => txn.actor },
  { header: { zh: '事由', en: 'Reason' }, kind: 'text', width: 30, of: ({ txn }) => txn.reason },
];

export const LEDGER: ListFile<typeof listLedgerTxns, LedgerTxn, EntryRow> = {
  list: listLedgerTxns,
  title: { zh: '总账流水', en: 'Ledger' },
  columns: () => COLUMNS,
  rowsOf: (txn) => txn.entries.map((entry) => ({ txn, entry })),
  words: { kind: ACCOUNTS, refKind: REFERENCES },
};
