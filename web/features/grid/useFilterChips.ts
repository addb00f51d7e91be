import { computed, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { currencySign } from '../../ui/format.ts';
import { useFormat } from '../../ui/useFormat.ts';
import type { GridFilter } from './data/gridFilter.ts';
import { plainMoney } from './data/gridQuery.ts';
import type { GridMeters } from './useMeters.ts';

/** Values of one fact that are written out; more are counted. */
const WRITTEN = 3;

export interface FilterChip {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  /** The filter without it. */
  readonly clear: Partial<GridFilter>;
}

/** The filter in words, one chip a fact. Only inside setup functions. */
export function useFilterChips(filter: Ref<GridFilter>, meters: GridMeters, currency: Ref<string>) {
  const { t } = useI18n();
  const format = useFormat();
  const joined = (values: readonly string[]) =>
    values.length > WRITTEN
      ? t('grid.chip.more', { first: values.slice(0, WRITTEN - 1).join(', '), n: values.length - WRITTEN + 1 })
      : values.join(', ');
  const placeName = (placeId: number) => {
    const layout = meters.feed.value?.layout;
    const place = layout?.places.find(({ id }) => id === placeId);
    const parent = layout?.places.find(({ id }) => id === place?.parentId);
    const own = format.name(place?.names) || String(placeId);
    return place?.kind === 'building' || parent === undefined ? own : `${format.name(parent.names)} ${own}`;
  };
  const gatewayName = (gatewayId: number) =>
    meters.feed.value?.layout.lines.find((line) => line.gatewayId === gatewayId)?.gatewayCode ?? String(gatewayId);

  return computed<readonly FilterChip[]>(() => {
    const now = filter.value;
    const sign = currencySign(currency.value);
    const chip = (key: string, label: string, values: readonly string[], clear: Partial<GridFilter>) =>
      values.length === 0 ? [] : [{ key, label, value: joined(values), clear }];
    const { balanceFrom: from, balanceTo: to } = now;
    const range =
      from === undefined && to === undefined
        ? []
        : [
            `${from === undefined ? '' : `${sign} ${plainMoney(from)}`} … ${to === undefined ? '' : `${sign} ${plainMoney(to)}`}`,
          ];
    return [
      ...chip('place', t('grid.place'), [...now.places].map(placeName), { places: new Set() }),
      ...chip(
        'state',
        t('grid.column.state'),
        [...now.states].map((key) => t(`state.${key}`)),
        { states: new Set() },
      ),
      ...chip(
        'relay',
        t('grid.column.relay'),
        [...now.relays].map((key) => t(`relay.${key}`)),
        { relays: new Set() },
      ),
      ...chip(
        'protection',
        t('grid.column.protection'),
        [...now.protections].map((key) => t(`protection.${key}`)),
        {
          protections: new Set(),
        },
      ),
      ...chip('balance', t('grid.column.balance'), range, { balanceFrom: undefined, balanceTo: undefined }),
      ...chip('model', t('grid.column.model'), [...now.models], { models: new Set() }),
      ...chip('gateway', t('grid.gateway'), [...now.gateways].map(gatewayName), { gateways: new Set() }),
    ];
  });
}
