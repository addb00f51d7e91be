import type { Names } from '#contract/common.ts';
import type { Language } from '../i18n/index.ts';

/** Translator function of vue-i18n, as far as formatting needs it. */
export type Translate = (key: string, named: Record<string, unknown>) => string;

export const MINUS = '−';
export const ABSENT = '–';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A name in the language of the screen, else in the other one. */
export function nameIn(names: Names | null | undefined, language: Language): string {
  if (names === null || names === undefined) return '';
  return (language === 'zh' ? (names.zh ?? names.en) : (names.en ?? names.zh)) ?? '';
}

const numberFormats: Intl.NumberFormat[] = [];

/** Kept by its decimals: made anew for each figure it costs a grid of ten thousand tiles a tenth of its main thread. */
function numberFormat(decimals: number): Intl.NumberFormat {
  numberFormats[decimals] ??= new Intl.NumberFormat('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return numberFormats[decimals];
}

/** Whole or fixed-decimals number with thin grouping and a true minus sign; absent shows as a dash. */
export function formatNumber(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return ABSENT;
  const text = numberFormat(decimals).format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? `${MINUS}${text}` : text;
}

/** A load of `watts` split into figure and unit: 850 → 0.85 kW, 4 820 000 → 4.82 MW. */
export function formatLoad(watts: number | null | undefined): { readonly figure: string; readonly unit: 'kW' | 'MW' } {
  if (watts === null || watts === undefined || !Number.isFinite(watts)) return { figure: ABSENT, unit: 'kW' };
  const size = Math.abs(watts);
  if (size >= 1_000_000) return { figure: formatNumber(watts / 1_000_000, size >= 100_000_000 ? 0 : 2), unit: 'MW' };
  return { figure: formatNumber(watts / 1_000, size >= 100_000 ? 0 : size >= 10_000 ? 1 : 2), unit: 'kW' };
}

/** "4.82 MW". */
export function loadText(watts: number | null | undefined): string {
  const { figure, unit } = formatLoad(watts);
  return `${figure} ${unit}`;
}

const CURRENCY_SIGNS: Readonly<Record<string, string>> = { CNY: '¥', EUR: '€', USD: '$', GBP: '£' };

/** The sign that stands before an amount; the code itself where there is none. */
export function currencySign(currency: string): string {
  return CURRENCY_SIGNS[currency] ?? currency;
}

/** Minor units (0.01) as a plain figure: "-120000" → "−1,200.00". Exact: no number is involved. */
export function formatFigure(minor: bigint | string): string {
  const amount = BigInt(minor);
  const size = amount < 0n ? -amount : amount;
  const whole = (size / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amount < 0n ? MINUS : ''}${whole}.${(size % 100n).toString().padStart(2, '0')}`;
}

/** Minor units as money: "-1240" → "−¥ 12.40". */
export function formatMoney(minor: bigint | string | null | undefined, currency = 'CNY'): string {
  if (minor === null || minor === undefined) return ABSENT;
  const amount = BigInt(minor);
  const sign = currencySign(currency);
  return amount < 0n ? `${MINUS}${sign} ${formatFigure(-amount)}` : `${sign} ${formatFigure(amount)}`;
}

/** A duration in the largest sensible unit: "8 s", "6 min", "2 h", "3 d"; below 10 s with a tenth if `tenths`. */
export function formatAge(ageMs: number | null | undefined, t: Translate, tenths = false): string {
  if (ageMs === null || ageMs === undefined || !Number.isFinite(ageMs)) return ABSENT;
  const age = Math.max(0, ageMs);
  if (age < MINUTE_MS) {
    const seconds = age / SECOND_MS;
    return t('time.seconds', { n: tenths && seconds < 9.95 ? seconds.toFixed(1) : Math.floor(seconds) });
  }
  if (age < HOUR_MS) return t('time.minutes', { n: Math.floor(age / MINUTE_MS) });
  if (age < DAY_MS) return t('time.hours', { n: Math.floor(age / HOUR_MS) });
  return t('time.days', { n: Math.floor(age / DAY_MS) });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(key: string, tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${key}|${tag}|${options.timeZone}`;
  let format = formats.get(id);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(tag, options);
    formats.set(id, format);
  }
  return format;
}

/** Time of day in a zone, 24 hours: "21:47:08" or "21:47". */
export function formatTime(at: number | string, timeZone: string, seconds = true): string {
  const options: Intl.DateTimeFormatOptions = {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(seconds ? { second: '2-digit' } : {}),
  };
  return dateFormat(seconds ? 'time' : 'minute', 'en-GB', options).format(new Date(at));
}

/** Day in a zone, in the language: "Thu 19 Nov" or "11月19日周四". */
export function formatDay(at: number | string, timeZone: string, language: Language): string {
  return dateFormat('day', language === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  }).format(new Date(at));
}

/** Short moment: the time alone today, else day and time. */
export function formatMoment(at: number | string, nowMs: number, timeZone: string, language: Language): string {
  const sameDay = formatDay(at, timeZone, language) === formatDay(nowMs, timeZone, language);
  return sameDay
    ? formatTime(at, timeZone, false)
    : `${formatDay(at, timeZone, language)} ${formatTime(at, timeZone, false)}`;
}

/** A zone beside a clock: "Asia/Shanghai" → "Shanghai", in Chinese 中国时间, since its cities have no Chinese names here. */
export function zoneName(timeZone: string, language: Language): string {
  if (language === 'zh') {
    const parts = new Intl.DateTimeFormat('zh-CN', { timeZone, timeZoneName: 'shortGeneric' }).formatToParts(0);
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  }
  return (timeZone.split('/').at(-1) ?? timeZone).replaceAll('_', ' ');
}
