import { computed, shallowRef, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRoute, useRouter } from 'vue-router';
import type { Alarm } from '#contract/index.ts';
import { useErrorText } from '../../api/errorText.ts';
import { useNarrow } from '../../ui/useNarrow.ts';
import { type AlarmFilter, addressOfFilter, canAcknowledge, filterOfAddress } from './alarmFilter.ts';
import { extendTo, keepVisible, NOTHING_CHOSEN, neighbour, type Selection, toggle } from './selection.ts';
import { useAcknowledge } from './useAcknowledge.ts';
import { useAlarmList } from './useAlarmList.ts';

/** The alarms page without its looks: filter and open alarm live in the address, the selection here. */
export function useAlarmsPage() {
  const { t } = useI18n();
  const route = useRoute();
  const router = useRouter();
  const narrow = useNarrow();
  const errorText = useErrorText();

  const filter = computed(() => filterOfAddress(route.query));
  const list = useAlarmList(filter);
  const acknowledging = useAcknowledge(list.take);
  const order = computed(() => list.visible.value.map(({ id }) => id));
  const selection = shallowRef<Selection>(NOTHING_CHOSEN);
  const says = shallowRef('');

  const lookedAt = computed(() => {
    const id = Number(route.query['alarm']);
    const asked = list.byId(id) !== undefined || order.value.includes(id) ? list.byId(id) : undefined;
    // A phone shows the list first; a desk always has something beside it.
    return asked ?? (narrow.value ? undefined : list.visible.value[0]);
  });

  watch(order, (ids) => {
    selection.value = keepVisible(selection.value, ids);
  });

  function change(part: Partial<AlarmFilter>): void {
    selection.value = NOTHING_CHOSEN;
    says.value = '';
    void router.replace({ query: addressOfFilter({ ...filter.value, ...part }) });
  }

  /** Shows an alarm beside the list, on a phone instead of it: there the way back is the browser's own. */
  function look(alarm: Alarm | undefined): void {
    const query = { ...addressOfFilter(filter.value), ...(alarm && { alarm: String(alarm.id) }) };
    void (narrow.value && alarm && route.query['alarm'] === undefined
      ? router.push({ query })
      : router.replace({ query }));
  }

  function move(step: number, extend: boolean): void {
    const current = lookedAt.value?.id;
    const next = neighbour(order.value, current, step);
    if (next === undefined) return;
    if (extend) {
      const from = selection.value.anchor ?? current;
      selection.value = extendTo({ ...selection.value, anchor: from }, next, order.value);
    }
    look(list.byId(next));
  }

  function choose(alarm: Alarm, event: MouseEvent | KeyboardEvent): void {
    selection.value = event.shiftKey
      ? extendTo(selection.value, alarm.id, order.value)
      : toggle(selection.value, alarm.id);
  }

  const chosenAlarms = computed(() => list.visible.value.filter(({ id }) => selection.value.chosen.has(id)));
  const acknowledgeable = computed(() => chosenAlarms.value.filter(canAcknowledge));

  async function acknowledge(alarms: readonly Alarm[], note: string): Promise<void> {
    const ids = alarms
      .filter((alarm) => canAcknowledge(alarm) && !acknowledging.isInFlight(alarm.id))
      .map(({ id }) => id);
    if (ids.length === 0) return;
    says.value = '';
    const done = await acknowledging.acknowledge(ids, note);
    const failed = ids.length - done;
    if (failed === 0) selection.value = NOTHING_CHOSEN;
    const reason = acknowledging.error.value === undefined ? '' : errorText(acknowledging.error.value);
    says.value = `${t(failed > 0 ? 'alarms.resultPartly' : 'alarms.result', { done, failed })} ${reason}`.trim();
  }

  function open(alarm: Alarm): void {
    const { kind, id } = alarm.source;
    if (kind === 'meter') void router.push({ name: 'meter', params: { meterId: id } });
    else if (kind === 'gateway') void router.push({ name: 'gateway', params: { gatewayId: id } });
    else if (kind === 'line') void router.push({ name: 'gateways', query: { line: String(id) } });
    else if (kind === 'property') void router.push({ name: 'gateways' });
  }

  return {
    filter,
    list,
    order,
    selection,
    says,
    narrow,
    lookedAt,
    chosenAlarms,
    acknowledgeable,
    refused: acknowledging.refused,
    isInFlight: acknowledging.isInFlight,
    change,
    look,
    move,
    choose,
    acknowledge,
    open,
    chooseAll: (ids: readonly number[]) => {
      selection.value = { chosen: new Set(ids), anchor: ids[0] };
    },
    clear: () => {
      selection.value = NOTHING_CHOSEN;
    },
  };
}
