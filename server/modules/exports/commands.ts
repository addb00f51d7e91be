import { type Command, listCommands, listProtections, type Protection } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { FileLang, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, placeText } from './context.ts';
import { stateWords } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

const BY_RULE = { zh: '平台规则', en: 'rule' };
const RULES: Readonly<Record<FileLang, Readonly<Record<string, string>>>> = {
  zh: STATE_WORDS.zh.giverRule,
  en: STATE_WORDS.en.giverRule,
};
const ruleText = (rule: string, lang: FileLang): string => RULES[lang][rule] ?? rule;

const placeColumn = <Row extends { readonly meterId: number }>({ estate }: ExportsContext): XlsxColumn<Row> => ({
  ...{ header: { zh: '位置', en: 'Place' }, kind: 'text', width: 30 },
  of: ({ meterId }, lang) => placeText(estate.meter(meterId)?.path ?? [], lang),
});

// biome-ignore format: a table, one column per line
const commandColumns = (context: ExportsContext): readonly XlsxColumn<Command>[] => [
  { header: { zh: '编号', en: 'Number' }, kind: 'text', width: 12, of: ({ number }) => number },
  placeColumn(context),
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ meterNumber }) => meterNumber },
  { header: { zh: '命令', en: 'Order' }, kind: 'text', width: 14, of: ({ order }, lang) => STATE_WORDS[lang].commandKind[order.kind] },
  { header: { zh: '结果', en: 'State' }, kind: 'text', width: 14, of: ({ state }, lang) => STATE_WORDS[lang].commandState[state] },
  { header: { zh: '原因', en: 'Why' }, kind: 'text', width: 28, of: ({ why }, lang) => why.map((one) => STATE_WORDS[lang].commandWhy[one]).join(lang === 'zh' ? '；' : '; ') },
  { header: { zh: '说明', en: 'Detail' }, kind: 'text', width: 30, of: ({ detail }) => detail },
  { header: { zh: '事由', en: 'Reason given' }, kind: 'text', width: 30, of: ({ reason }) => reason },
  { header: { zh: '发出人', en: 'Given by' }, kind: 'text', width: 14, of: ({ givenBy, rule }, lang) => rule === undefined ? givenBy : `${BY_RULE[lang]}: ${ruleText(rule, lang)}` },
  { header: { zh: '发出时间', en: 'Given' }, kind: 'instant', of: ({ givenAt }) => givenAt },
  { header: { zh: '复核人', en: 'Decided by' }, kind: 'text', width: 14, of: ({ decidedBy }) => decidedBy },
  { header: { zh: '复核时间', en: 'Decided' }, kind: 'instant', of: ({ decidedAt }) => decidedAt },
  { header: { zh: '发送时间', en: 'Sent' }, kind: 'instant', of: ({ sentAt }) => sentAt },
  { header: { zh: '完成时间', en: 'Finished' }, kind: 'instant', of: ({ finishedAt }) => finishedAt },
  { header: { zh: '发送次数', en: 'Attempts' }, kind: 'integer', of: ({ attempts }) => attempts },
  { header: { zh: '回读次数', en: 'Reads' }, kind: 'integer', of: ({ reads }) => reads },
];

export const COMMANDS: ListFile<typeof listCommands, Command, Command> = {
  list: listCommands,
  title: { zh: '命令记录', en: 'Commands' },
  columns: (_lang, context) => commandColumns(context),
  rowsOf: (command) => [command],
  propertyOf: ({ propertyId }) => propertyId,
  words: { kind: stateWords('commandKind'), state: stateWords('commandState') },
};

// biome-ignore format: a table, one column per line
const protectionColumns = (context: ExportsContext): readonly XlsxColumn<Protection>[] => [
  placeColumn(context),
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ meterId }) => context.estate.meter(meterId)?.meter.meterNumber },
  { header: { zh: '事由', en: 'Reason' }, kind: 'text', width: 36, of: ({ reason }) => reason },
  { header: { zh: '起', en: 'From' }, kind: 'instant', of: ({ from }) => from },
  { header: { zh: '止', en: 'Until' }, kind: 'instant', of: ({ until }) => until },
  { header: { zh: '设置人', en: 'Given by' }, kind: 'text', width: 14, of: ({ givenBy }) => givenBy },
  { header: { zh: '结束时间', en: 'Ended' }, kind: 'instant', of: ({ endedAt }) => endedAt },
  { header: { zh: '结束人', en: 'Ended by' }, kind: 'text', width: 14, of: ({ endedBy }) => endedBy },
];

export const PROTECTIONS: ListFile<typeof listProtections, Protection, Protection> = {
  list: listProtections,
  title: { zh: '保电名单', en: 'Protective list' },
  columns: (_lang, context) => protectionColumns(context),
  rowsOf: (protection) => [protection],
  propertyOf: ({ propertyId }) => propertyId,
};
