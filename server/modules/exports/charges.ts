import { CHARGE_REASON_WORDS } from '#contract/chargeWords.ts';
import { type Charge, listCharges } from '#contract/index.ts';
import type { XlsxColumn } from '#server/platform/xlsx/index.ts';
import { textOf } from './context.ts';
import { yesNo } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

/** Litres are to a cubic metre what watt hours are to a kilowatt hour. */
const UNITS = { electricity: 'kWh', water: 'm³' } as const;

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<Charge>[] = [
  { header: { zh: '编号', en: 'Number' }, kind: 'text', width: 10, of: ({ id }) => id },
  { header: { zh: '扣费时间', en: 'Charged' }, kind: 'instant', of: ({ chargedAt }) => chargedAt },
  { header: { zh: '起', en: 'From' }, kind: 'instant', of: ({ from }) => from },
  { header: { zh: '止', en: 'To' }, kind: 'instant', of: ({ to }) => to },
  { header: { zh: '账期', en: 'Month' }, kind: 'text', width: 10, of: ({ month }) => month },
  { header: { zh: '类型', en: 'Kind' }, kind: 'text', width: 20, of: ({ reason }, lang) => CHARGE_REASON_WORDS[lang][reason] },
  { header: { zh: '账户', en: 'Account' }, kind: 'integer', of: ({ accountId }) => accountId },
  { header: { zh: '客户', en: 'Customer' }, kind: 'text', width: 24, of: ({ customerName }) => customerName },
  { header: { zh: '房间', en: 'Room' }, kind: 'text', width: 18, of: ({ room }, lang) => textOf(room, lang) },
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ meterNumber }) => meterNumber },
  { header: { zh: '用量', en: 'Used' }, kind: 'energy', of: ({ quantityWh }) => quantityWh },
  { header: { zh: '单位', en: 'Unit' }, kind: 'text', width: 8, of: ({ medium }) => UNITS[medium] },
  { header: { zh: '金额', en: 'Amount' }, kind: 'money', of: ({ amountMinor }) => amountMinor },
  { header: { zh: '记账', en: 'Posting' }, kind: 'text', width: 10, of: ({ ledgerTxnId }) => ledgerTxnId },
  { header: { zh: '已更正', en: 'Put right since' }, kind: 'text', width: 12, of: ({ corrected }, lang) => yesNo(corrected === true, lang) },
];

export const CHARGES: ListFile<typeof listCharges, Charge, Charge> = {
  list: listCharges,
  title: { zh: '扣费记录', en: 'Charges' },
  columns: () => COLUMNS,
  rowsOf: (charge) => [charge],
  propertyOf: ({ propertyId }) => propertyId,
};
