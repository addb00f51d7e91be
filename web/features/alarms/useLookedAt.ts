import { computed, type Ref, shallowRef, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Alarm } from '#contract/index.ts';
import { useFormat } from '../../ui/useFormat.ts';
import { placeText } from './alarmPlace.ts';
import type { useAlarmList } from './useAlarmList.ts';

export interface LookedAtDeps {
  readonly list: Pick<ReturnType<typeof useAlarmList>, 'byId' | 'visible' | 'loading' | 'error'>;
  /** Ids of the rows, in their order. */
  readonly order: Ref<readonly number[]>;
  /** What the list is of: another one begins anew. */
  readonly question: () => string;
  /** The alarm that the address names. */
  readonly asked: () => number | undefined;
  readonly narrow: Ref<boolean>;
  /** Another one is looked at although nobody moved. */
  readonly onMoved: (alarm: Alarm) => void;
}

/** With the rows among which it stood; it is none of them where the address names an alarm of another tab. */
interface Standing {
  readonly alarm: Alarm;
  readonly rows: readonly number[];
}

/**
 * The alarm that is looked at, which every key acts on. It stays the same one until a person moves, whatever appears above
 * it; only when it leaves the list is its neighbour by position looked at, and that is said. Only inside setup functions.
 */
export function useLookedAt({ list, order, question, asked, narrow, onMoved }: LookedAtDeps) {
  const { t } = useI18n();
  const { name } = useFormat();
  const standing = shallowRef<Standing>();
  /** What is said of one that left the list. */
  const leftSays = shallowRef('');
  let ofQuestion = question();
  /** Named by the address, and not here yet. */
  let awaited: number | undefined;

  function stand(alarm: Alarm | undefined): void {
    awaited = undefined;
    standing.value = alarm && { alarm, rows: order.value };
  }

  function follow(): void {
    if (question() !== ofQuestion) {
      ofQuestion = question();
      standing.value = undefined;
      awaited = asked();
    }
    const named = awaited === undefined ? undefined : list.byId(awaited);
    if (named !== undefined) stand(named);
    else if (standing.value === undefined) begin();
    else stay(standing.value);
  }

  function stay({ alarm, rows }: Standing): void {
    const known = list.byId(alarm.id);
    const isRow = order.value.includes(alarm.id);
    if (known !== undefined && (isRow || narrow.value || !rows.includes(alarm.id))) {
      stand(known);
      return;
    }
    // A list that is only half here, or that nobody answers for, does not say that an alarm is gone.
    if (list.loading.value || list.error.value !== undefined) return;
    const nextId = narrow.value ? undefined : nearest(rows, alarm.id, new Set(order.value));
    const next = nextId === undefined ? undefined : list.byId(nextId);
    stand(next);
    const words = { left: placeText(alarm, name), now: next === undefined ? '' : placeText(next, name) };
    leftSays.value = t(next === undefined ? 'alarms.left' : 'alarms.leftFor', words);
    if (next !== undefined) onMoved(next);
  }

  /** A phone shows the list first; a desk always has something beside it. */
  function begin(): void {
    const isAwaited = awaited !== undefined && list.loading.value;
    if (!narrow.value && !isAwaited) stand(list.visible.value[0]);
  }

  watch(
    asked,
    (id) => {
      awaited = id === standing.value?.alarm.id ? undefined : id;
      if (id === undefined && narrow.value) standing.value = undefined;
    },
    { immediate: true },
  );
  watch([question, asked, order, narrow, list.loading, list.error], follow, { immediate: true });

  return {
    /** Undefined also for the moment in which the list is loaded anew and its alarm is not here yet. */
    lookedAt: computed(() => {
      const id = standing.value?.alarm.id;
      return id === undefined || (narrow.value && asked() === undefined) ? undefined : list.byId(id);
    }),
    /** A person moves. */
    stand,
    leftSays,
  };
}

/** The row below `id` that is still there, else the one above; the first of those there when none of them is. */
function nearest(rows: readonly number[], id: number, there: ReadonlySet<number>): number | undefined {
  const at = rows.indexOf(id);
  const isThere = (row: number) => there.has(row);
  return rows.slice(at + 1).find(isThere) ?? rows.slice(0, Math.max(at, 0)).findLast(isThere) ?? [...there][0];
}
