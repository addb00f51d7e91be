import { useI18n } from 'vue-i18n';
import type { DayRuleText } from './versionForm.ts';

/** On which days a table holds, in words: the rules that name it. */
export function useRuleText(): (rules: readonly DayRuleText[], table: number) => string {
  const { t, locale } = useI18n();
  const weekday = (day: number) =>
    new Intl.DateTimeFormat(locale.value === 'zh' ? 'zh-CN' : 'en-GB', { weekday: 'short', timeZone: 'UTC' })
      // 1 January 2024 was a Monday.
      .format(Date.UTC(2024, 0, day))
      .replace('周', '');
  const joined = (words: readonly (string | number)[]) => words.join(locale.value === 'zh' ? '、' : ', ');
  const ruleText = ({ months, weekdays, list }: DayRuleText) => {
    const parts = [
      ...(months === undefined ? [] : [t('tariffs.rule.months', { list: joined(months) })]),
      ...(weekdays === undefined ? [] : [t('tariffs.rule.weekdays', { list: joined(weekdays.map(weekday)) })]),
      ...(list === undefined ? [] : [t('tariffs.rule.list', { name: list })]),
    ];
    return parts.length === 0 ? t('tariffs.rule.all') : parts.join(' · ');
  };
  return (rules, table) => {
    const own = rules.filter((rule) => rule.table === table).map(ruleText);
    return t('tariffs.rules', { rules: own.join('; ') });
  };
}
