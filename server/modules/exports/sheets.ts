import { errorSentence } from '#contract/errorWords.ts';
import { type exportSheet, getVendBatch, type ParamsOf, type QueryOf, type VendBatch } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { Actor, FileAnswer } from '#server/platform/http/index.ts';
import type { FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, toFile } from './context.ts';

type SheetRow = VendBatch['rows'][number];

const TITLE: FileWords = { zh: '批量', en: 'Sheet' };
const WORDS = {
  kind: { zh: '类型', en: 'Kind' },
  reason: { zh: '事由', en: 'Reason given' },
  givenBy: { zh: '发出人', en: 'Given by' },
  decidedBy: { zh: '复核人', en: 'Decided by' },
  state: { zh: '状态', en: 'State' },
} as const;
/** Why a row was refused: as the screen says it, the English with its figures. */
function whyOf({ code, message }: SheetRow, lang: FileLang): string | undefined {
  return lang === 'en' || code === undefined ? message : (errorSentence(code, lang) ?? message);
}

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<SheetRow>[] = [
  { header: { zh: '行', en: 'Row' }, kind: 'integer', width: 8, of: ({ no }) => no },
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ meterNumber }) => meterNumber },
  { header: { zh: '金额', en: 'Amount' }, kind: 'money', of: ({ amountMinor }) => amountMinor === '' ? undefined : amountMinor },
  { header: { zh: '结果', en: 'Outcome' }, kind: 'text', width: 12, of: ({ outcome }, lang) => STATE_WORDS[lang].sheetRow[outcome] },
  { header: { zh: '交易状态', en: 'State' }, kind: 'text', width: 16, of: ({ vendState }, lang) => vendState && STATE_WORDS[lang].saleState[vendState] },
  { header: { zh: '原因', en: 'Why' }, kind: 'text', width: 50, of: (row, lang) => whyOf(row, lang) },
  { header: { zh: '交易编号', en: 'Sale' }, kind: 'text', width: 38, of: ({ vendId }) => vendId },
];

/** One sheet of refunds or makeups with all its rows. */
export async function sheetFile(
  context: ExportsContext,
  call: {
    readonly actor: Actor;
    readonly params: ParamsOf<typeof exportSheet>;
    readonly query: QueryOf<typeof exportSheet>;
  },
): Promise<FileAnswer> {
  const { actor, params } = call;
  const { lang = 'zh' } = call.query;
  const sheet = await context.routes.ask(getVendBatch, actor, { params });
  async function* blocks() {
    yield sheet.rows;
  }
  const { decidedBy } = sheet;
  return toFile<SheetRow>(context, {
    ...{ actor, lang, title: TITLE[lang], propertyId: sheet.propertyId },
    about: [
      { name: WORDS.kind[lang], text: STATE_WORDS[lang].saleKind[sheet.kind] },
      { name: WORDS.state[lang], text: STATE_WORDS[lang].sheetState[sheet.state] },
      { name: WORDS.reason[lang], text: sheet.reason },
      { name: WORDS.givenBy[lang], text: sheet.givenBy },
      ...(decidedBy === undefined ? [] : [{ name: WORDS.decidedBy[lang], text: decidedBy }]),
    ],
    columns: COLUMNS,
    blocks: blocks(),
  });
}
