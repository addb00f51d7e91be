import { useI18n } from 'vue-i18n';
import { formatNumber } from '../../ui/format.ts';

const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** A span of time as one figure: "3.4 s", "48 s", "12.5 min". Only inside setup functions. */
export function useDuration(): (ms: number) => string {
  const { t } = useI18n();
  return (ms) => {
    const seconds = ms / SECOND_MS;
    if (seconds < 2 * MINUTE_S) return t('time.seconds', { n: formatNumber(seconds, seconds < 9.95 ? 1 : 0) });
    const minutes = seconds / MINUTE_S;
    return t('time.minutes', { n: formatNumber(minutes, minutes < 9.95 ? 1 : 0) });
  };
}
