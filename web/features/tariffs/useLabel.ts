import { useI18n } from 'vue-i18n';
import { RATES } from '#domain/tariff/types.ts';

/** Words for the label of a price: `energy`, a rate, or `step2`. */
export function useLabel(): (label: string) => string {
  const { t } = useI18n();
  return (label) => {
    const rate = RATES.find((known) => known === label);
    if (rate !== undefined) return t(`tariffs.rate.${rate}`);
    return label.startsWith('step') ? t('tariffs.label.step', { n: label.slice(4) }) : t('tariffs.label.energy');
  };
}
