import { useI18n } from 'vue-i18n';
import type { CommandOrderBody } from '#contract/commands.ts';
import { useLive } from '../../live/liveClient.ts';
import { formatMoney, formatNumber } from '../../ui/format.ts';
import { useFormat } from '../../ui/useFormat.ts';

/** An order in words: what is told, and its details. Only inside setup functions. */
export function useOrderWords() {
  const { t } = useI18n();
  const live = useLive();
  const format = useFormat();

  function details(order: CommandOrderBody, timeZone: string, currency: string): readonly string[] {
    const at = (instant: string) => format.moment(instant, live.nowMs(), timeZone);
    switch (order.kind) {
      case 'trip':
        return order.cause === undefined ? [] : [t(`jobs.cause.${order.cause}`)];
      case 'protect':
        return [order.until === undefined ? t('jobs.openEnd') : t('jobs.until', { at: at(order.until) })];
      case 'prices':
        return order.switchAt === undefined ? [] : [t('jobs.switchAt', { at: at(order.switchAt) })];
      case 'settings': {
        const { kind: _kind, overloadLimitW, ...amounts } = order;
        const texts = Object.entries(amounts).map(
          ([name, minor]) => `${t(`jobs.setting.${name}`)} ${formatMoney(minor, currency)}`,
        );
        const limit =
          overloadLimitW === undefined
            ? []
            : [`${t('jobs.setting.overloadLimitW')} ${formatNumber(overloadLimitW / 1_000, 2)} kW`];
        return [...texts, ...limit];
      }
      case 'close':
      case 'restorePrepaid':
      case 'clock':
      case 'read':
        return [];
    }
  }
  return { title: (order: CommandOrderBody) => t(`jobs.kind.${order.kind}`), details };
}
