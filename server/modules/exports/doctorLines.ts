import { actionText, DOCTOR_WORDS } from '#contract/doctorWords.ts';
import { type DoctorLine, listDoctorLines } from '#contract/index.ts';
import { lossOf } from '#domain/busFacts.ts';
import type { XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, textOf } from './context.ts';
import type { ListFile } from './listFile.ts';

const secondsOf = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);
const written = (value: number, digits = 0): string => value.toFixed(digits);

// biome-ignore format: a table, one column per line
const columnsOf = ({ estate }: ExportsContext): readonly XlsxColumn<DoctorLine>[] => [
  { header: { zh: '结论', en: 'Verdict' }, kind: 'text', width: 14, of: ({ verdict }, lang) => DOCTOR_WORDS[lang].verdict[verdict] },
  { header: { zh: '项目', en: 'Property' }, kind: 'text', width: 20, of: ({ propertyId }, lang) => textOf(estate.place(propertyId)?.names, lang) },
  { header: { zh: '网关', en: 'Gateway' }, kind: 'text', of: ({ gatewayCode }) => gatewayCode },
  { header: { zh: '总线', en: 'Line' }, kind: 'text', width: 12, of: ({ name }) => name },
  { header: { zh: '串口参数', en: 'Serial settings' }, kind: 'text', width: 14, of: ({ serial }) => serial },
  { header: { zh: '观察起', en: 'Watched since' }, kind: 'instant', of: ({ since }) => since },
  { header: { zh: '观察时长（秒）', en: 'Watched for (s)' }, kind: 'decimal', digits: 0, of: ({ observedMs }) => secondsOf(observedMs) },
  { header: { zh: '一轮用时（秒）', en: 'Round (s)' }, kind: 'decimal', digits: 2, of: ({ cycleMs }) => secondsOf(cycleMs) },
  { header: { zh: '线路下限（秒）', en: 'Least the wire takes (s)' }, kind: 'decimal', digits: 2, of: ({ cycleLimitMs }) => secondsOf(cycleLimitMs) },
  { header: { zh: '占用（%）', en: 'In use (%)' }, kind: 'decimal', digits: 1, of: ({ utilisation }) => 100 * utilisation },
  { header: { zh: '按周期需要（%）', en: 'Its periods ask for (%)' }, kind: 'decimal', digits: 1, of: ({ load }) => 100 * load },
  { header: { zh: '损失（秒）', en: 'Lost (s)' }, kind: 'decimal', digits: 1, of: ({ parts }) => secondsOf(lossOf(parts)) },
  { header: { zh: '等待无应答（秒）', en: 'Silence (s)' }, kind: 'decimal', digits: 1, of: ({ parts }) => secondsOf(parts.silence) },
  { header: { zh: '损坏帧（秒）', en: 'Damaged frames (s)' }, kind: 'decimal', digits: 1, of: ({ parts }) => secondsOf(parts.damaged) },
  { header: { zh: '网关中断（秒）', en: 'Gateway away (s)' }, kind: 'decimal', digits: 1, of: ({ parts }) => secondsOf(parts.closed) },
  { header: { zh: '超限', en: 'Overruns' }, kind: 'integer', of: ({ overruns }) => overruns },
  { header: { zh: '表计数', en: 'Meters' }, kind: 'integer', of: ({ meterCount }) => meterCount },
  { header: { zh: '应答表计', en: 'Meters answering' }, kind: 'integer', of: ({ answering }) => answering },
  { header: { zh: '失联表计', en: 'Dead meters' }, kind: 'integer', of: ({ dead }) => dead },
  { header: { zh: '建议', en: 'What to change' }, kind: 'text', width: 50, of: ({ best }, lang) => best && actionText(best.action, lang, written) },
  { header: { zh: '每小时节省（秒）', en: 'Wins an hour (s)' }, kind: 'decimal', digits: 1, of: ({ best }) => secondsOf(best?.effect.wonMsPerHour) },
  { header: { zh: '建议数', en: 'Proposals' }, kind: 'integer', of: ({ proposalCount }) => proposalCount },
];

export const DOCTOR_LINES: ListFile<typeof listDoctorLines, DoctorLine, DoctorLine> = {
  list: listDoctorLines,
  title: { zh: '总线诊断', en: 'Bus doctor' },
  columns: (_lang, context) => columnsOf(context),
  rowsOf: (line) => [line],
  propertyOf: ({ propertyId }) => propertyId,
  words: { verdict: { zh: DOCTOR_WORDS.zh.verdict, en: DOCTOR_WORDS.en.verdict } },
};
