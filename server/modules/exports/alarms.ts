import { type Alarm, listAlarms } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import { DISPLAY_STATES } from '#domain/meterState.ts';
import type { FileLang, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, placeText, textOf } from './context.ts';
import { alsoWords, stateWords } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

const SEVERITIES = [1, 2, 3] as const;

function severityText(severity: number, lang: FileLang): string | undefined {
  const level = SEVERITIES.find((one) => one === severity);
  return level === undefined ? undefined : STATE_WORDS[lang].severity[level];
}

/** Severities have the colours of the states that they are named after: amber, orange, red. */
const MONEY_STATES = DISPLAY_STATES.filter(({ key }) => key !== 'lost');
const SEVERITY_GROUND = {
  colours: MONEY_STATES.filter(({ severity }) => severity > 0).map(({ light }) => light),
  of: (alarm: Alarm) => MONEY_STATES.find(({ severity }) => severity === alarm.severity)?.light,
};

/** Balances come in minor units: shown as money of the property's currency, since a column of values has many units. */
function shown(value: number | undefined, unit: string | undefined): number | undefined {
  return value === undefined || unit !== 'minor' ? value : value / 100;
}
/** What the filter asks for beside the states that an alarm can have. */
const GROUPS = {
  zh: { current: '当前', open: '状况仍在', all: '全部' },
  en: { current: 'Current', open: 'Condition holds', all: 'All' },
};
const ASSIGNED = { zh: { nobody: '无人', somebody: '已指派' }, en: { nobody: 'Nobody', somebody: 'Somebody' } };

// biome-ignore format: a table, one column per line
const columnsOf = ({ estate }: ExportsContext): readonly XlsxColumn<Alarm>[] => [
  { header: { zh: '编号', en: 'Number' }, kind: 'text', width: 10, of: ({ id }) => String(id) },
  { header: { zh: '级别', en: 'Severity' }, kind: 'text', width: 10, of: ({ severity }, lang) => severityText(severity, lang), ground: SEVERITY_GROUND },
  { header: { zh: '报警', en: 'Alarm' }, kind: 'text', width: 24, of: ({ kind }, lang) => STATE_WORDS[lang].alarm[kind] },
  { header: { zh: '状态', en: 'State' }, kind: 'text', width: 18, of: ({ state }, lang) => STATE_WORDS[lang].alarmState[state] },
  { header: { zh: '位置', en: 'Place' }, kind: 'text', width: 34, of: ({ path }, lang) => placeText(path, lang) },
  { header: { zh: '名称', en: 'Name' }, kind: 'text', of: ({ label }, lang) => textOf(label, lang) },
  { header: { zh: '发生时间', en: 'Raised' }, kind: 'instant', of: ({ raisedAt }) => raisedAt },
  { header: { zh: '最近发生', en: 'Last raised' }, kind: 'instant', of: ({ lastRaisedAt }) => lastRaisedAt },
  { header: { zh: '次数', en: 'Times' }, kind: 'integer', width: 8, of: ({ occurrences }) => occurrences },
  { header: { zh: '恢复时间', en: 'Returned' }, kind: 'instant', of: ({ clearedAt }) => clearedAt },
  { header: { zh: '确认时间', en: 'Acknowledged' }, kind: 'instant', of: ({ acknowledgedAt }) => acknowledgedAt },
  { header: { zh: '确认人', en: 'Acknowledged by' }, kind: 'text', width: 14, of: ({ acknowledgedBy }) => acknowledgedBy },
  { header: { zh: '处理人', en: 'Assigned to' }, kind: 'text', width: 14, of: ({ assigned }) => assigned?.name },
  { header: { zh: '备注', en: 'Note' }, kind: 'text', width: 36, of: ({ note }) => note },
  { header: { zh: '搁置至', en: 'Shelved until' }, kind: 'instant', of: ({ shelf }) => shelf?.until },
  { header: { zh: '搁置人', en: 'Shelved by' }, kind: 'text', width: 14, of: ({ shelf }) => shelf?.by },
  { header: { zh: '搁置原因', en: 'Reason of the shelf' }, kind: 'text', width: 36, of: ({ shelf }) => shelf?.reason },
  { header: { zh: '关闭时间', en: 'Closed' }, kind: 'instant', of: ({ closedAt }) => closedAt },
  { header: { zh: '关闭人', en: 'Closed by' }, kind: 'text', width: 14, of: ({ closedBy }) => closedBy },
  { header: { zh: '值', en: 'Value' }, kind: 'decimal', digits: 2, of: ({ value, unit }) => shown(value, unit) },
  { header: { zh: '限值', en: 'Limit' }, kind: 'decimal', digits: 2, of: ({ limit, unit }) => shown(limit, unit) },
  { header: { zh: '单位', en: 'Unit' }, kind: 'text', width: 8, of: ({ unit, propertyId }) => (unit === 'minor' ? estate.place(propertyId ?? 0)?.currency : unit) },
  { header: { zh: '受影响表计', en: 'Meters affected' }, kind: 'integer', of: ({ childCount }) => childCount },
];

export const ALARMS: ListFile<typeof listAlarms, Alarm, Alarm> = {
  list: listAlarms,
  title: { zh: '报警记录', en: 'Alarms' },
  columns: (_lang, context) => columnsOf(context),
  rowsOf: (alarm) => [alarm],
  propertyOf: ({ propertyId }) => propertyId,
  words: { kind: stateWords('alarm'), state: alsoWords(stateWords('alarmState'), GROUPS), assigned: ASSIGNED },
};
