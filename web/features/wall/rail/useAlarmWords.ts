import { useI18n } from 'vue-i18n';
import type { Alarm } from '#contract/alarms.ts';
import { useEstate } from '../../../app/estate.ts';
import { formatMoney, formatNumber, loadText } from '../../../ui/format.ts';
import { useFormat } from '../../../ui/useFormat.ts';
import { whereOf } from '../../alarms/alarmPlace.ts';

const MONEY_KINDS: ReadonlySet<Alarm['kind']> = new Set(['arrears', 'balanceLow1', 'balanceLow2']);

/** One line of an alarm in words. */
export function useAlarmWords() {
  const { t } = useI18n();
  const estate = useEstate();
  const format = useFormat();

  function figureOf(alarm: Alarm, value: number): string {
    if (alarm.unit === 'W') return loadText(value);
    if (MONEY_KINDS.has(alarm.kind)) return formatMoney(String(Math.round(value)), estate.currencyOf(alarm.propertyId));
    // Of gateways, the kind says what is counted.
    return alarm.unit === 'gateways' ? formatNumber(value) : `${formatNumber(value)} ${alarm.unit ?? ''}`.trim();
  }

  return {
    /** Building and innermost place, what a person walks to, and the name of what stands there. */
    where: (alarm: Alarm) => whereOf(alarm, (names) => format.name(names)),
    /** What is wrong, with its value and limit. */
    condition(alarm: Alarm): string {
      const words = t(`alarm.${alarm.kind}`);
      if (alarm.value === undefined) return words;
      const value = figureOf(alarm, alarm.value);
      const figure =
        alarm.limit === undefined ? value : t('wall.overLimit', { value, limit: figureOf(alarm, alarm.limit) });
      return `${words}${format.language() === 'zh' ? '，' : ', '}${figure}`;
    },
    /** Where a click on it leads. */
    to(alarm: Alarm): string {
      const { kind, id } = alarm.source;
      if (kind === 'meter') return `/meters/${id}`;
      return kind === 'gateway' ? `/gateways/${id}` : `/alarms?alarm=${alarm.id}`;
    },
  };
}
