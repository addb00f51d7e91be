import { useI18n } from 'vue-i18n';
import type { Names } from '#contract/common.ts';
import type { Language } from '../i18n/index.ts';
import { formatAge, formatDay, formatMoment, nameIn, zoneName } from './format.ts';

/** The formatters that depend on the language of the screen. */
export function useFormat() {
  const { t, locale } = useI18n();
  const language = (): Language => (locale.value === 'zh' ? 'zh' : 'en');
  return {
    language,
    name: (names: Names | null | undefined) => nameIn(names, language()),
    age: (ageMs: number | null | undefined, tenths = false) => formatAge(ageMs, t, tenths),
    day: (at: number | string, timeZone: string) => formatDay(at, timeZone, language()),
    zone: (timeZone: string) => zoneName(timeZone, language()),
    moment: (at: number | string, nowMs: number, timeZone: string) => formatMoment(at, nowMs, timeZone, language()),
  };
}
