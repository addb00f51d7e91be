import type { Charge } from './settlement.ts';

type Reasons = Readonly<Record<Charge['reason'], string>>;

/** Why money was taken: one name on screens and in files. */
export const CHARGE_REASON_WORDS: { readonly zh: Reasons; readonly en: Reasons } = {
  zh: {
    reading: '抄表扣费',
    monthEnd: '月末结算',
    modeSwitch: '转换扣费方式',
    closing: '销户结算',
    correction: '更正',
  },
  en: {
    reading: 'By reading',
    monthEnd: 'End of month',
    modeSwitch: 'Change of deduction',
    closing: 'Closing of the account',
    correction: 'Correction',
  },
};
