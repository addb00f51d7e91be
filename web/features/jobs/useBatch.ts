import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { type CommandBatch, type CommandState, type CommandWhy, getBatch } from '#contract/commands.ts';
import { type BatchMeters, getBatchMeters } from '#contract/jobs.ts';
import { useApi } from '../../api/client.ts';
import { useLive } from '../../live/liveClient.ts';
import { useMissed } from '../../live/useMissed.ts';
import { stepCounts } from './batchFigures.ts';

/** Where one meter of a batch stands. */
export interface MeterProgress {
  readonly meterId: number;
  readonly state: CommandState;
  readonly why: readonly CommandWhy[];
  readonly detail: string;
}

/** News of one moment are counted together. */
const SETTLE_MS = 200;
/** The batch itself (approval, who stopped it) is asked again so long after its news. */
const ASK_AGAIN_MS = 1_500;
/** And without news, so that a feed that says nothing is not believed for ever. */
const CHECK_MS = 15_000;

/** A batch as it goes on: asked once, followed by the feed, asked again after every gap. `undefined` id: none. */
export function useBatch(batchId: Ref<string | undefined>, onChange: (meterIds: readonly number[]) => void = () => {}) {
  const api = useApi();
  const live = useLive();
  const batch = shallowRef<CommandBatch>();
  const error = shallowRef<unknown>();
  const meters = shallowRef<ReadonlyMap<number, MeterProgress>>(new Map());
  let kept = new Map<number, MeterProgress>();
  let generation = 0;
  let settle: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let leave: (() => void) | undefined;
  /** News that came while the list was asked for: they are newer than its answer. */
  let early: MeterProgress[] = [];

  async function load(): Promise<void> {
    const id = batchId.value;
    const mine = ++generation;
    early = [];
    if (id === undefined) return;
    try {
      const [one, list] = await Promise.all([
        api.call(getBatch, { params: { batchId: id } }),
        api.call(getBatchMeters, { params: { batchId: id } }),
      ]);
      if (mine !== generation) return;
      error.value = undefined;
      batch.value = one;
      kept = new Map(toProgress(list).map((progress) => [progress.meterId, progress]));
      for (const progress of early) kept.set(progress.meterId, progress);
      publish([...kept.keys()]);
      follow(one.propertyId);
    } catch (cause) {
      if (mine === generation) error.value = cause;
    }
  }

  function publish(changed: readonly number[]): void {
    meters.value = new Map(kept);
    onChange(changed);
  }

  /** News of commands are told to whoever watches the property. */
  function follow(propertyId: number): void {
    leave ??= live.watchProperty(propertyId);
  }
  useMissed(load, (propertyId) => propertyId === batch.value?.propertyId);

  const changedIds = new Set<number>();
  const stopNews = live.onCommands((changes) => {
    const mine = changes.filter((change) => change.batchId !== undefined && change.batchId === batchId.value);
    if (mine.length === 0) return;
    for (const { meterId, state, why } of mine) {
      const progress = { meterId, state, why, detail: '' };
      kept.set(meterId, progress);
      early.push(progress);
      changedIds.add(meterId);
    }
    settle ??= setTimeout(() => {
      settle = undefined;
      publish([...changedIds]);
      changedIds.clear();
    }, SETTLE_MS);
    again ??= setTimeout(() => {
      again = undefined;
      void load();
    }, ASK_AGAIN_MS);
  });
  const check = setInterval(() => {
    if (!document.hidden && batch.value?.finished === false) void load();
  }, CHECK_MS);

  watch(
    batchId,
    () => {
      leave?.();
      leave = undefined;
      const gone = [...kept.keys()];
      batch.value = undefined;
      error.value = undefined;
      kept = new Map();
      publish(gone);
      void load();
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    generation++;
    stopNews();
    leave?.();
    clearTimeout(settle);
    clearTimeout(again);
    clearInterval(check);
  });

  return {
    batch,
    meters,
    error,
    /** Counted from the meters themselves, so that bar, tiles and list agree. */
    steps: computed(() => {
      const counts: Partial<Record<CommandState, number>> = {};
      for (const { state } of meters.value.values()) counts[state] = (counts[state] ?? 0) + 1;
      return stepCounts(counts);
    }),
    reload: () => void load(),
    /** A newer answer that came another way: stopped, decided. */
    set(next: CommandBatch) {
      batch.value = next;
      void load();
    },
  };
}
export type FollowedBatch = ReturnType<typeof useBatch>;

function toProgress(list: BatchMeters): readonly MeterProgress[] {
  return list.meterId.map((meterId, index) => ({
    meterId,
    state: list.state[index] ?? 'queued',
    why: list.why[index] ?? [],
    detail: list.detail[index] ?? '',
  }));
}
