import { computed, type Ref, shallowRef, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRoute, useRouter } from 'vue-router';
import type { Alarm } from '#contract/index.ts';
import { useErrorText } from '../../api/errorText.ts';
import { useFormat } from '../../ui/useFormat.ts';
import { useNarrow } from '../../ui/useNarrow.ts';
import { type AlarmFilter, addressOfFilter, filterOfAddress } from './alarmFilter.ts';
import { placeText } from './alarmPlace.ts';
import type { Wish } from './deeds.ts';
import {
  BEREFT,
  extendTo,
  isChosen,
  keepVisible,
  NOTHING_CHOSEN,
  neighbour,
  type Selection,
  toggle,
} from './selection.ts';
import { useAlarmList } from './useAlarmList.ts';
import { useDeeds } from './useDeeds.ts';
import { useLookedAt } from './useLookedAt.ts';

/** Most alarms that are loaded to be selected at once; beyond it the selection says that there are more. */
const CHOSEN_ALARMS_MAX = 5_000;

/** The alarms page without its looks: filter and open alarm live in the address, the selection here. */
export function useAlarmsPage() {
  const { t } = useI18n();
  const route = useRoute();
  const router = useRouter();
  const narrow = useNarrow();
  const errorText = useErrorText();
  const { name } = useFormat();

  const filter = computed(() => filterOfAddress(route.query));
  const list = useAlarmList(filter);
  const says = shallowRef('');
  const deeds = useDeeds(list.take);
  const order = computed(() => list.visible.value.map(({ id }) => id));
  const chosen = useChosen(list, order);
  const { selection, chosenAlarms } = chosen;

  const { lookedAt, stand, leftSays } = useLookedAt({
    ...{ list, order, narrow },
    question: () => JSON.stringify(addressOfFilter(filter.value)),
    asked: () => Number(route.query['alarm']) || undefined,
    onMoved: (alarm) => route.query['alarm'] !== undefined && address(alarm),
  });

  function change(part: Partial<AlarmFilter>): void {
    selection.value = NOTHING_CHOSEN;
    hush();
    void router.replace({ query: addressOfFilter({ ...filter.value, ...part }) });
  }

  function hush(): void {
    says.value = '';
    leftSays.value = '';
  }

  /** Shows an alarm beside the list, on a phone instead of it: there the way back is the browser's own. */
  function look(alarm: Alarm | undefined): void {
    leftSays.value = '';
    if (selection.value === BEREFT) selection.value = NOTHING_CHOSEN;
    stand(alarm);
    address(alarm);
  }

  function address(alarm: Alarm | undefined): void {
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

  /** What an action is about: what is chosen, else the alarm that is looked at. */
  const targets = computed(() =>
    isChosen(selection.value) ? chosenAlarms.value : lookedAt.value ? [lookedAt.value] : [],
  );

  /** Does it to every one of them; what cannot be done to some is said in their rows. */
  async function act(wish: Wish, alarms: readonly Alarm[]): Promise<void> {
    const ids = alarms.map(({ id }) => id).filter((id) => !deeds.isInFlight(id, wish.kind));
    const first = alarms[0];
    if (ids.length === 0 || first === undefined) return;
    hush();
    const { outcomes, error } = await deeds.perform(wish, ids, placeText(first, name));
    const count = (...wanted: string[]) =>
      [...outcomes.values()].filter(({ outcome }) => wanted.includes(outcome)).length;
    const [done, kept, already] = [count('done'), count('kept'), count('already')];
    const failed = outcomes.size - done - kept - already;
    if (failed === 0) selection.value = NOTHING_CHOSEN;
    const deed = t(`alarms.deed.${wish.kind}`);
    const sentences = [
      kept > 0 ? t('alarms.resultKept', { deed, kept }) : t('alarms.result', { deed, done }),
      already > 0 ? t('alarms.resultAlready', { already }) : '',
      failed > 0 ? t('alarms.resultPartly', { failed }) : '',
      error === undefined ? '' : errorText(error),
    ];
    says.value = sentences.filter(Boolean).join(' ');
  }

  /** Loads what the filter has beyond the rows that are there, and selects all of it. */
  async function chooseMatching(): Promise<void> {
    while (list.more.value && order.value.length < CHOSEN_ALARMS_MAX) {
      const before = order.value.length;
      await list.loadMore();
      if (order.value.length === before) break;
    }
    selection.value = { chosen: new Set(order.value), anchor: order.value[0] };
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
    ...chosen,
    says,
    leftSays,
    narrow,
    lookedAt,
    targets,
    refused: deeds.refused,
    isInFlight: deeds.isInFlight,
    kept: deeds.kept,
    putAway: deeds.putAway,
    change,
    look,
    move,
    act,
    open,
    chooseMatching,
  };
}

/** The rows that are selected: none that left the list. */
function useChosen(list: ReturnType<typeof useAlarmList>, order: Ref<readonly number[]>) {
  const selection = shallowRef<Selection>(NOTHING_CHOSEN);
  watch([order, list.loading, list.error], () => {
    // A list that is only half here does not say that an alarm is gone.
    if (list.loading.value || list.error.value !== undefined) return;
    selection.value = keepVisible(selection.value, order.value);
  });
  return {
    selection,
    chosenAlarms: computed(() => list.visible.value.filter(({ id }) => selection.value.chosen.has(id))),
    choose(alarm: Alarm, event: MouseEvent | KeyboardEvent): void {
      selection.value = event.shiftKey
        ? extendTo(selection.value, alarm.id, order.value)
        : toggle(selection.value, alarm.id);
    },
    chooseAll: (ids: readonly number[]) => {
      selection.value = { chosen: new Set(ids), anchor: ids[0] };
    },
    clear: () => {
      selection.value = NOTHING_CHOSEN;
    },
  };
}
