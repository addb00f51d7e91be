import { STATE_WORDS } from '#contract/words.ts';
import type { FileLang, FileWords } from '#server/platform/xlsx/index.ts';

/** Words by what they stand for, in both languages. */
export type WordList = Readonly<Record<FileLang, Readonly<Record<string, string>>>>;

/** What the values of a list's filter are called, by field: the same word means other things in other lists. */
export type ValueWords = Readonly<Record<string, WordList>>;

type Catalogue = Exclude<keyof (typeof STATE_WORDS)['en'], 'severity'>;

/** Words that screens use too. */
export function stateWords(name: Catalogue): WordList {
  return { zh: STATE_WORDS.zh[name], en: STATE_WORDS.en[name] };
}

/** Two lists as one, for filters that ask for more than a row can be. */
export function alsoWords(words: WordList, more: WordList): WordList {
  return { zh: { ...words.zh, ...more.zh }, en: { ...words.en, ...more.en } };
}

const YES_NO = { zh: ['是', '否'], en: ['yes', 'no'] } as const;
export function yesNo(is: boolean, lang: FileLang): string {
  return YES_NO[lang][is ? 0 : 1];
}

/** What the fields of filters are called. */
export const FIELD_WORDS: Readonly<Record<string, FileWords>> = {
  propertyId: { zh: '项目', en: 'Property' },
  placeId: { zh: '位置', en: 'Place' },
  gatewayId: { zh: '网关', en: 'Gateway' },
  lineId: { zh: '总线', en: 'Line' },
  meterId: { zh: '表计', en: 'Meter' },
  accountId: { zh: '账户', en: 'Account' },
  batchId: { zh: '批次', en: 'Batch' },
  kind: { zh: '类型', en: 'Kind' },
  state: { zh: '状态', en: 'State' },
  severity: { zh: '级别', en: 'Severity' },
  acknowledged: { zh: '已确认', en: 'Acknowledged' },
  operator: { zh: '操作员', en: 'Operator' },
  day: { zh: '业务日', en: 'Business day' },
  from: { zh: '起', en: 'From' },
  to: { zh: '止', en: 'To' },
  q: { zh: '关键字', en: 'Text' },
  assigned: { zh: '处理人', en: 'Assigned' },
  assignedTo: { zh: '处理人', en: 'Assigned to' },
  handledBy: { zh: '经手人', en: 'Handled by' },
  causeId: { zh: '根因报警', en: 'Cause' },
  chattering: { zh: '抖动', en: 'Chattering' },
  subject: { zh: '对象', en: 'Subject' },
  subjectKind: { zh: '对象类型', en: 'Kind of subject' },
  subjectId: { zh: '对象', en: 'Subject' },
  refKind: { zh: '凭据类型', en: 'Reference kind' },
  refId: { zh: '凭据', en: 'Reference' },
  single: { zh: '单独下达', en: 'Of no batch' },
  waiting: { zh: '待复核', en: 'Awaiting approval' },
  verdict: { zh: '结论', en: 'Verdict' },
  cause: { zh: '原因', en: 'Cause' },
  open: { zh: '仅未解释', en: 'Only unexplained' },
  channel: { zh: '方式', en: 'Way' },
  what: { zh: '内容', en: 'What' },
  alarmId: { zh: '报警编号', en: 'Alarm number' },
  bundleId: { zh: '合并于', en: 'In bundle' },
};
