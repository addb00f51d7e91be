import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { type CommandBatch, listBatches } from '#contract/commands.ts';
import { listVendBatches, type VendBatchSummary } from '#contract/jobs.ts';
import { useApi } from '../../api/client.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import { type Job, mergeJobs } from './mergeJobs.ts';

const PAGE_ROWS = 50;
/** News of many commands are one look. */
const LOOK_MS = 1_500;
const EVERY_MS = 20_000;

interface Part {
  readonly jobs: readonly Job[];
  readonly cursor: string | undefined;
}
const NOTHING: Part = { jobs: [], cursor: undefined };

/** Batches and sheets, newest first, page by page; the first page follows the feed. */
export function useJobs(filter: Ref<{ readonly propertyId: number | undefined; readonly waiting: boolean }>) {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  const batches = shallowRef<Part>(NOTHING);
  const sheets = shallowRef<Part>(NOTHING);
  const error = shallowRef<unknown>();
  const loading = shallowRef(true);
  let generation = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const queryOf = (cursor: string | undefined) => ({
    limit: PAGE_ROWS,
    ...(filter.value.propertyId === undefined ? {} : { propertyId: filter.value.propertyId }),
    ...(filter.value.waiting ? { waiting: true } : {}),
    ...(cursor === undefined ? {} : { cursor }),
  });
  async function batchPage(cursor?: string): Promise<Part> {
    const page = await api.call(listBatches, { query: queryOf(cursor) });
    return { jobs: page.items.map(ofBatch), cursor: page.nextCursor };
  }
  async function sheetPage(cursor?: string): Promise<Part> {
    if (!session.may('account.view')) return NOTHING;
    const page = await api.call(listVendBatches, { query: queryOf(cursor) });
    return { jobs: page.items.map(ofSheet), cursor: page.nextCursor };
  }

  /** The first page again; older ones that were opened stay. */
  async function load(): Promise<void> {
    const mine = ++generation;
    try {
      const [first, second] = await Promise.all([batchPage(), sheetPage()]);
      if (mine !== generation) return;
      batches.value = renewed(batches.value, first);
      sheets.value = renewed(sheets.value, second);
      error.value = undefined;
    } catch (cause) {
      if (mine === generation) error.value = cause;
    } finally {
      if (mine === generation) loading.value = false;
    }
  }

  /** The next page of whichever list ends first. */
  async function more(): Promise<void> {
    try {
      const { cursor: a } = batches.value;
      const { cursor: b } = sheets.value;
      const [next, nextSheets] = await Promise.all([
        a === undefined ? undefined : batchPage(a),
        b === undefined ? undefined : sheetPage(b),
      ]);
      if (next !== undefined) batches.value = { jobs: [...batches.value.jobs, ...next.jobs], cursor: next.cursor };
      if (nextSheets !== undefined)
        sheets.value = { jobs: [...sheets.value.jobs, ...nextSheets.jobs], cursor: nextSheets.cursor };
    } catch (cause) {
      error.value = cause;
    }
  }

  watch(
    filter,
    () => {
      batches.value = NOTHING;
      sheets.value = NOTHING;
      loading.value = true;
      void load();
    },
    { immediate: true },
  );
  const stop = live.onCommands((changes) => {
    if (changes.some(({ batchId }) => batchId !== undefined))
      timer ??= setTimeout(() => {
        timer = undefined;
        void load();
      }, LOOK_MS);
  });
  const every = setInterval(() => {
    if (!document.hidden) void load();
  }, EVERY_MS);
  onScopeDispose(() => {
    generation++;
    stop();
    clearTimeout(timer);
    clearInterval(every);
  });

  return {
    jobs: computed(() =>
      mergeJobs([batches.value, sheets.value].map(({ jobs, cursor }) => ({ jobs, more: cursor !== undefined }))),
    ),
    hasMore: computed(() => batches.value.cursor !== undefined || sheets.value.cursor !== undefined),
    error,
    loading,
    more,
    reload: () => void load(),
  };
}

/** A newer first page before what was opened beyond it. */
function renewed(before: Part, first: Part): Part {
  const oldest = first.jobs.at(-1)?.givenAt;
  if (before.jobs.length <= first.jobs.length || oldest === undefined) return first;
  const ids = new Set(first.jobs.map(({ id }) => id));
  const older = before.jobs.filter((job) => !ids.has(job.id) && job.givenAt <= oldest);
  return { jobs: [...first.jobs, ...older], cursor: before.cursor };
}

function ofBatch(batch: CommandBatch): Job {
  return { kind: 'commands', id: batch.id, givenAt: batch.givenAt, batch };
}

function ofSheet(sheet: VendBatchSummary): Job {
  return { kind: 'sheet', id: sheet.batchId, givenAt: sheet.givenAt, sheet };
}
