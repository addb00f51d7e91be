import { type Delivery, listDeliveries } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { FileLang, XlsxColumn } from '#server/platform/xlsx/index.ts';
import type { ListFile } from './listFile.ts';

const WHAT: Readonly<Record<FileLang, Readonly<Record<Delivery['what'], string>>>> = {
  zh: { raised: '发生', returned: '恢复', bundle: '合并', test: '测试' },
  en: { raised: 'Raised', returned: 'Returned', bundle: 'Bundle', test: 'Test' },
};
const CHANNEL: Readonly<Record<FileLang, Readonly<Record<Delivery['channel'], string>>>> = {
  zh: { push: '推送', email: '邮件', webhook: 'Webhook' },
  en: { push: 'Push', email: 'E-mail', webhook: 'Webhook' },
};
const STATE: Readonly<Record<FileLang, Readonly<Record<Delivery['state'], string>>>> = {
  zh: {
    waiting: '等待',
    failed: '失败，将重试',
    sent: '已送出',
    givenUp: '已放弃',
    suppressed: '未发送',
    bundled: '已合并',
  },
  en: {
    ...{ waiting: 'Waiting', failed: 'Failed, will be tried again', sent: 'Sent', givenUp: 'Given up' },
    ...{ suppressed: 'Not sent', bundled: 'Bundled' },
  },
};
const REASON: Readonly<Record<FileLang, Readonly<Record<NonNullable<Delivery['reason']>, string>>>> = {
  zh: {
    ...{ quietHours: '免打扰时段', late: '已过时', noMailServer: '未设置邮件服务器', noRight: '没有权限' },
    ...{ receiverGone: '设备或 Webhook 已移除', turnedOff: '已关闭' },
  },
  en: {
    ...{ quietHours: 'quiet hours', late: 'out of date', noMailServer: 'no mail server', noRight: 'no right' },
    ...{ receiverGone: 'device or webhook removed', turnedOff: 'turned off' },
  },
};

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<Delivery>[] = [
  { header: { zh: '编号', en: 'Number' }, kind: 'text', width: 10, of: ({ id }) => id },
  { header: { zh: '时间', en: 'Time' }, kind: 'instant', of: ({ madeAt }) => madeAt },
  { header: { zh: '内容', en: 'What' }, kind: 'text', width: 10, of: ({ what }, lang) => WHAT[lang][what] },
  { header: { zh: '报警', en: 'Alarm' }, kind: 'text', width: 24, of: ({ kind }, lang) => kind && STATE_WORDS[lang].alarm[kind] },
  { header: { zh: '报警编号', en: 'Alarm number' }, kind: 'text', width: 12, of: ({ alarmId }) => alarmId === undefined ? undefined : String(alarmId) },
  { header: { zh: '方式', en: 'Way' }, kind: 'text', width: 10, of: ({ channel }, lang) => CHANNEL[lang][channel] },
  { header: { zh: '地址', en: 'Address' }, kind: 'text', width: 34, of: ({ address }) => address },
  { header: { zh: '用户', en: 'User' }, kind: 'text', width: 14, of: ({ user }) => user },
  { header: { zh: '状态', en: 'State' }, kind: 'text', width: 18, of: ({ state }, lang) => STATE[lang][state] },
  { header: { zh: '原因', en: 'Why' }, kind: 'text', width: 20, of: ({ reason }, lang) => reason && REASON[lang][reason] },
  { header: { zh: '错误', en: 'Error' }, kind: 'text', width: 40, of: ({ error }) => error },
  { header: { zh: '次数', en: 'Attempts' }, kind: 'integer', width: 8, of: ({ attempts }) => attempts },
  { header: { zh: '结束时间', en: 'Ended' }, kind: 'instant', of: ({ endedAt }) => endedAt },
  { header: { zh: '合并于', en: 'In bundle' }, kind: 'text', width: 10, of: ({ bundleId }) => bundleId },
];

export const DELIVERIES: ListFile<typeof listDeliveries, Delivery, Delivery> = {
  list: listDeliveries,
  title: { zh: '通知发送记录', en: 'Deliveries' },
  columns: () => COLUMNS,
  rowsOf: (delivery) => [delivery],
  propertyOf: ({ propertyId }) => propertyId,
  words: { channel: CHANNEL, state: STATE, what: WHAT },
};
