import { type AuditRow, type KioskLink, listAudit, listKioskLinks } from '#contract/index.ts';
import type { XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, textOf } from './context.ts';
import type { WordList } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

// biome-ignore format: a table, one column per line
const linkColumns = ({ estate }: ExportsContext): readonly XlsxColumn<KioskLink>[] => [
  { header: { zh: '名称', en: 'Name' }, kind: 'text', width: 28, of: ({ name }) => name },
  { header: { zh: '项目', en: 'Properties' }, kind: 'text', width: 40, of: ({ propertyIds }, lang) => propertyIds.map((id) => textOf(estate.place(id)?.names, lang) ?? String(id)).join(', ') },
  { header: { zh: '停留（秒）', en: 'Time at each property (s)' }, kind: 'integer', of: ({ tour }) => tour.dwellS },
  { header: { zh: '报警停留（秒）', en: 'Time at a new alarm (s)' }, kind: 'integer', of: ({ tour }) => tour.alarmS },
  { header: { zh: '生成人', en: 'Made by' }, kind: 'text', width: 14, of: ({ madeBy }) => madeBy },
  { header: { zh: '生成时间', en: 'Made' }, kind: 'instant', of: ({ madeAt }) => madeAt },
  { header: { zh: '最近打开', en: 'Last opened' }, kind: 'instant', of: ({ openedAt }) => openedAt },
  { header: { zh: '收回人', en: 'Revoked by' }, kind: 'text', width: 14, of: ({ revokedBy }) => revokedBy },
  { header: { zh: '收回时间', en: 'Revoked' }, kind: 'instant', of: ({ revokedAt }) => revokedAt },
];

export const KIOSK_LINKS: ListFile<typeof listKioskLinks, KioskLink, KioskLink> = {
  list: listKioskLinks,
  title: { zh: '大屏链接', en: 'Kiosk links' },
  columns: (_lang, context) => linkColumns(context),
  rowsOf: (link) => [link],
};

/** What the log of deeds can be about. */
const SUBJECTS: WordList = {
  zh: {
    ...{ user: '用户', session: '登录', 'kiosk-link': '大屏链接', place: '位置', gateway: '网关', meter: '表计' },
    ...{ plant: '模拟厂区', meterModel: '表计型号', alarm: '报警', alarmSettings: '报警设置', outOfService: '停用' },
    ...{ notification: '通知设置', webhook: 'Webhook', delivery: '通知', command: '命令', commandBatch: '命令批次' },
    ...{
      customer: '客户',
      account: '账户',
      moneyPolicy: '资金规则',
      tariff: '电价',
      vend: '售电',
      vendBatch: '批量表',
    },
    ...{ ledger: '账本', chargeRun: '扣费', quarantinedRead: '可疑读数', reconciliationRun: '对账' },
    ...{ reconciliationRow: '对账差异', registerReading: '表计读数' },
  },
  en: {
    ...{ user: 'User', session: 'Session', 'kiosk-link': 'Kiosk link', place: 'Place', gateway: 'Gateway' },
    ...{ meter: 'Meter', plant: 'Simulated plant', meterModel: 'Meter model', alarm: 'Alarm' },
    ...{ alarmSettings: 'Alarm settings', outOfService: 'Out of service', notification: 'Notification settings' },
    ...{ webhook: 'Webhook', delivery: 'Notification', command: 'Command', commandBatch: 'Batch of commands' },
    ...{ customer: 'Customer', account: 'Account', moneyPolicy: 'Rules of money', tariff: 'Tariff', vend: 'Sale' },
    ...{ vendBatch: 'Sheet of sales', ledger: 'Ledger', chargeRun: 'Charging', quarantinedRead: 'Doubtful read' },
    ...{ reconciliationRun: 'Comparison of books', reconciliationRow: 'Difference of books' },
    ...{ registerReading: 'Register' },
  },
};

/** Any stored value as text; nothing for none. */
const jsonText = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : JSON.stringify(value);

// biome-ignore format: a table, one column per line
const AUDIT_COLUMNS: readonly XlsxColumn<AuditRow>[] = [
  { header: { zh: '编号', en: 'Number' }, kind: 'text', width: 12, of: ({ id }) => id },
  { header: { zh: '时间', en: 'Time' }, kind: 'instant', of: ({ at }) => at },
  { header: { zh: '用户', en: 'User' }, kind: 'text', width: 14, of: ({ user }) => user },
  { header: { zh: '地址', en: 'Address' }, kind: 'text', width: 16, of: ({ ip }) => ip },
  { header: { zh: '操作', en: 'Action' }, kind: 'text', width: 24, of: ({ action }) => action },
  { header: { zh: '对象类型', en: 'Kind of subject' }, kind: 'text', width: 16, of: ({ subjectKind }, lang) => SUBJECTS[lang][subjectKind] ?? subjectKind },
  { header: { zh: '对象', en: 'Subject' }, kind: 'text', width: 16, of: ({ subjectId }) => subjectId },
  { header: { zh: '之前', en: 'Before' }, kind: 'text', width: 50, of: ({ before }) => jsonText(before) },
  { header: { zh: '之后', en: 'After' }, kind: 'text', width: 50, of: ({ after }) => jsonText(after) },
];

export const AUDIT: ListFile<typeof listAudit, AuditRow, AuditRow> = {
  list: listAudit,
  title: { zh: '操作记录', en: 'Audit' },
  columns: () => AUDIT_COLUMNS,
  rowsOf: (row) => [row],
  propertyOf: ({ propertyId }) => propertyId,
  words: { subjectKind: SUBJECTS },
};
