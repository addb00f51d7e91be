import type { Language } from './types.ts';

interface Words {
  readonly severityLabel: string;
  readonly valueLabel: string;
  readonly limit: string;
  readonly of: string;
  readonly raisedLabel: string;
  readonly returnedLabel: string;
  readonly returned: string;
  readonly meters: (count: number) => string;
  readonly gateways: string;
  readonly platform: string;
  readonly open: string;
  readonly flood: (count: number) => string;
  readonly more: (count: number) => string;
  readonly all: string;
  readonly why: string;
  readonly test: string;
  readonly testText: string;
  readonly colon: string;
}

const zh: Words = {
  severityLabel: '级别',
  valueLabel: '数值',
  limit: '限值',
  of: '/',
  raisedLabel: '发生',
  returnedLabel: '恢复',
  returned: '已恢复',
  meters: (count) => `影响表计 ${count} 块`,
  gateways: '台网关',
  platform: '平台',
  open: '打开报警',
  flood: (count) => `${count} 条报警消息`,
  more: (count) => `另有 ${count} 条。`,
  all: '全部报警',
  why: '您的通知设置要求发送此消息。更改设置',
  test: 'Meterwall 测试消息',
  testText: '这是一条测试消息，通知可以送达。',
  colon: '：',
};

const en: Words = {
  severityLabel: 'Severity',
  valueLabel: 'Value',
  limit: 'limit',
  of: 'of',
  raisedLabel: 'Raised',
  returnedLabel: 'Returned',
  returned: 'returned',
  meters: (count) => (count === 1 ? '1 meter behind it' : `${count} meters behind it`),
  gateways: 'gateways',
  platform: 'Platform',
  open: 'Open the alarm',
  flood: (count) => `${count} alarm messages`,
  more: (count) => `And ${count} more.`,
  all: 'All alarms',
  why: 'You get this because your notification settings ask for it. Change them',
  test: 'Meterwall test message',
  testText: 'This is a test message: notifications reach you.',
  colon: ': ',
};

export const WORDS: Readonly<Record<Language, Words>> = { zh, en };
