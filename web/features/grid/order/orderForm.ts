import type { CommandOrderBody } from '#contract/commands.ts';
import { instantOf } from '../../../charts/zoneTime.ts';
import { minorOf } from '../data/gridQuery.ts';

/** Kinds of order that are looked at before they are given. */
export type OrderKind = Exclude<CommandOrderBody['kind'], 'read' | 'clock'>;

export const SETTING_FIELDS = ['alarm1Minor', 'alarm2Minor', 'overdraftMinor', 'hoardingLimitMinor'] as const;
type SettingField = (typeof SETTING_FIELDS)[number];

/** What is typed for an order, whatever its kind; kept as typed. */
export interface OrderForm {
  readonly cause: 'operator' | 'safety';
  /** Wall time of the property as `YYYY-MM-DDTHH:mm`; empty = open end, or at once. */
  readonly until: string;
  readonly switchAt: string;
  readonly tariffVersionId: number | undefined;
  readonly settings: Readonly<Record<SettingField, string>>;
  /** kW. */
  readonly overload: string;
}

export const EMPTY_FORM: OrderForm = {
  cause: 'operator',
  until: '',
  switchAt: '',
  tariffVersionId: undefined,
  settings: { alarm1Minor: '', alarm2Minor: '', overdraftMinor: '', hoardingLimitMinor: '' },
  overload: '',
};

/** What is missing or wrong; catalogue keys below `grid.order.fault`. */
export type OrderFault = 'noTariff' | 'noSetting' | 'badAmount' | 'badInstant' | 'badOverload';
export type TypedOrder =
  | { readonly order: CommandOrderBody; readonly fault?: undefined }
  | { readonly order?: undefined; readonly fault: OrderFault };

/** The order that a form describes, or why it describes none. Times are the property's. */
export function orderOf(kind: OrderKind, form: OrderForm, timeZone: string): TypedOrder {
  switch (kind) {
    case 'trip':
      return { order: { kind, cause: form.cause } };
    case 'close':
    case 'restorePrepaid':
      return { order: { kind } };
    case 'protect': {
      if (form.until === '') return { order: { kind } };
      const until = localInstant(form.until, timeZone);
      return until === undefined ? { fault: 'badInstant' } : { order: { kind, until } };
    }
    case 'prices': {
      if (form.tariffVersionId === undefined) return { fault: 'noTariff' };
      const order = { kind, tariffVersionId: form.tariffVersionId };
      if (form.switchAt === '') return { order };
      const switchAt = localInstant(form.switchAt, timeZone);
      return switchAt === undefined ? { fault: 'badInstant' } : { order: { ...order, switchAt } };
    }
    case 'settings':
      return settingsOf(form);
  }
}

function settingsOf({ settings, overload }: OrderForm): TypedOrder {
  const amounts: Partial<Record<SettingField, string>> = {};
  for (const field of SETTING_FIELDS) {
    if (settings[field].trim() === '') continue;
    const minor = minorOf(settings[field]);
    if (minor === undefined || minor < 0n) return { fault: 'badAmount' };
    amounts[field] = String(minor);
  }
  const kw = Number(overload.trim());
  if (overload.trim() !== '' && !(kw > 0 && kw <= 50_000)) return { fault: 'badOverload' };
  const limit = overload.trim() === '' ? {} : { overloadLimitW: Math.round(kw * 1_000) };
  if (Object.keys(amounts).length === 0 && overload.trim() === '') return { fault: 'noSetting' };
  return { order: { kind: 'settings', ...amounts, ...limit } };
}

/** "2026-11-22T21:30" on the wall of `timeZone` → the instant; undefined for what is no such time. */
export function localInstant(text: string, timeZone: string): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map(Number);
  return new Date(instantOf({ year, month, day, hour }, timeZone) + minute * 60_000).toISOString();
}
