import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { type Command, type CommandBatch, listBatches, listCommands } from '#contract/commands.ts';
import { listVendBatches, type VendBatchSummary } from '#contract/jobs.ts';
import { useApi } from '../../api/client.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import { useMissed } from '../../live/useMissed.ts';
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

/** Batches, single commands that wait, and sheets, newest first, page by page; the first page follows the feed. */
export function useJobs(filter: Ref<{ readonly propertyId: number | undefined; readonly waiting: boolean }>) {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  const batches = shallowRef<Part>(NOTHING);
  const singles = shallowRef<Part>(NOTHING);
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
  /** Single commands stand here only while they wait: everything else of them is on their meter's page. */
  async function singlePage(cursor?: string): Promise<Part> {
    const { waiting: _waiting, ...query } = queryOf(cursor);
    const page = await api.call(listCommands, { query: { ...query, single: true, state: 'awaitingApproval' } });
    return { jobs: page.items.map(ofCommand), cursor: page.nextCursor };
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
      const [first, second, third] = await Promise.all([batchPage(), singlePage(), sheetPage()]);
      if (mine !== generation) return;
      batches.value = renewed(batches.value, first);
      singles.value = renewed(singles.value, second);
      sheets.value = renewed(sheets.value, third);
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
      await Promise.all([append(batches, batchPage), append(singles, singlePage), append(sheets, sheetPage)]);
    } catch (cause) {
      error.value = cause;
    }
  }

  watch(
    filter,
    () => {
      batches.value = NOTHING;
      singles.value = NOTHING;
      sheets.value = NOTHING;
      loading.value = true;
      void load();
    },
    { immediate: true },
  );
  const stop = live.onCommands((changes) => {
    if (changes.some(({ batchId, state }) => batchId !== undefined || state === 'awaitingApproval'))
      timer ??= setTimeout(() => {
        timer = undefined;
        void load();
      }, LOOK_MS);
  });
  useMissed(load);
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
      mergeJobs(
        [batches.value, singles.value, sheets.value].map(({ jobs, cursor }) => ({ jobs, more: cursor !== undefined })),
      ),
    ),
    hasMore: computed(() => [batches.value, singles.value, sheets.value].some(({ cursor }) => cursor !== undefined)),
    error,
    loading,
    more,
    reload: () => void load(),
  };
}

/** The next page of a list behind what is known of it. */
async function append(part: Ref<Part>, pageAt: (cursor: string) => Promise<Part>): Promise<void> {
  if (part.value.cursor === undefined) return;
  const next = await pageAt(part.value.cursor);
  part.value = { jobs: [...part.value.jobs, ...next.jobs], cursor: next.cursor };
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

function ofCommand(command: Command): Job {
  return { kind: 'command', id: command.id, givenAt: command.givenAt, command };
}

function ofSheet(sheet: VendBatchSummary): Job {
  return { kind: 'sheet', id: sheet.batchId, givenAt: sheet.givenAt, sheet };
}
