import {
  type Command,
  type CommandBatch,
  type exportJobs,
  listBatches,
  listCommands,
  listVendBatches,
  type QueryOf,
  type VendBatchSummary,
} from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import { type Actor, type FileAnswer, scopeIsEmpty } from '#server/platform/http/index.ts';
import type { FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { filterLines } from './about.ts';
import { type ExportsContext, textOf, toFile } from './context.ts';

const TITLE: FileWords = { zh: '任务', en: 'Jobs' };
const SHEET: FileWords = { zh: '批量', en: 'Sheet: ' };
const WAITS: FileWords = { zh: '等待复核', en: 'waits for approval' };
const RUNNING: FileWords = { zh: '执行中', en: 'running' };
const DONE: FileWords = { zh: '已结束', en: 'finished' };
const DECLINED: FileWords = { zh: '已拒绝', en: 'declined' };
const EXPIRED: FileWords = { zh: '已过期', en: 'expired' };
/** Rows of one page of a list. */
const PAGE_ROWS = 500;
const FAILED = ['rejected', 'failed', 'inDoubt'] as const;
const NOT_DONE = ['held', 'stopped'] as const;

interface JobRow {
  readonly givenAt: string;
  readonly id: string;
  readonly propertyId: number;
  readonly what: FileWords;
  readonly state: FileWords;
  readonly reason: string;
  readonly givenBy: string;
  readonly decidedBy: string | undefined;
  readonly total: number;
  readonly good: number;
  readonly bad: number;
  readonly notDone: number;
}

// biome-ignore format: a table, one column per line
const columnsOf = ({ estate }: ExportsContext): readonly XlsxColumn<JobRow>[] => [
  { header: { zh: '下达时间', en: 'Given' }, kind: 'instant', of: ({ givenAt }) => givenAt },
  { header: { zh: '任务', en: 'Job' }, kind: 'text', width: 20, of: ({ what }, lang) => what[lang] },
  { header: { zh: '项目', en: 'Property' }, kind: 'text', width: 20, of: ({ propertyId }, lang) => textOf(estate.place(propertyId)?.names, lang) },
  { header: { zh: '事由', en: 'Reason given' }, kind: 'text', width: 36, of: ({ reason }) => reason },
  { header: { zh: '发出人', en: 'Given by' }, kind: 'text', width: 14, of: ({ givenBy }) => givenBy },
  { header: { zh: '复核人', en: 'Decided by' }, kind: 'text', width: 14, of: ({ decidedBy }) => decidedBy },
  { header: { zh: '状态', en: 'State' }, kind: 'text', width: 16, of: ({ state }, lang) => state[lang] },
  { header: { zh: '总数', en: 'Total' }, kind: 'integer', of: ({ total }) => total },
  { header: { zh: '成功', en: 'Done' }, kind: 'integer', of: ({ good }) => good },
  { header: { zh: '失败', en: 'Failed' }, kind: 'integer', of: ({ bad }) => bad },
  { header: { zh: '未执行', en: 'Not done' }, kind: 'integer', of: ({ notDone }) => notDone },
  { header: { zh: '编号', en: 'Id' }, kind: 'text', width: 38, of: ({ id }) => id },
];

/** What the list under Jobs shows with the same filter, newest first. Sheets only for those who may see accounts. */
export async function jobFile(
  context: ExportsContext,
  { actor, query: { lang = 'zh', ...filter } }: { readonly actor: Actor; readonly query: QueryOf<typeof exportJobs> },
): Promise<FileAnswer> {
  const { routes } = context;
  const { propertyId, waiting } = filter;
  // Single commands stand here only while they wait: everything else of them is on their meter's page.
  const single = {
    ...(propertyId === undefined ? {} : { propertyId }),
    single: true,
    state: 'awaitingApproval',
  } as const;
  const sources = [
    rowsOf(async (paging) =>
      rowsIn(await routes.ask(listBatches, actor, { query: { ...filter, ...paging } }), ofBatch),
    ),
    ...(waiting === false
      ? []
      : [
          rowsOf(async (paging) =>
            rowsIn(await routes.ask(listCommands, actor, { query: { ...single, ...paging } }), ofCommand),
          ),
        ]),
    ...(scopeIsEmpty(actor.scope('account.view'))
      ? []
      : [
          rowsOf(async (paging) =>
            rowsIn(await routes.ask(listVendBatches, actor, { query: { ...filter, ...paging } }), ofSheet),
          ),
        ]),
  ];
  return toFile<JobRow>(context, {
    ...{ actor, lang, title: TITLE[lang], propertyId },
    about: await filterLines(context, { actor, scope: actor.scope('meter.view'), lang, query: filter }),
    columns: columnsOf(context),
    blocks: merged(sources),
    propertyOf: (row) => row.propertyId,
  });
}

interface Rows {
  readonly rows: readonly JobRow[];
  readonly nextCursor: string | undefined;
}
interface Paging {
  readonly limit: number;
  readonly cursor?: string;
}

function rowsIn<Item>(
  { items, nextCursor }: { readonly items: readonly Item[]; readonly nextCursor?: string },
  toRow: (item: Item) => JobRow,
): Rows {
  return { rows: items.map((item) => toRow(item)), nextCursor };
}

async function* rowsOf(pageAt: (paging: Paging) => Promise<Rows>): AsyncGenerator<JobRow> {
  let cursor: string | undefined;
  do {
    const page = await pageAt(cursor === undefined ? { limit: PAGE_ROWS } : { limit: PAGE_ROWS, cursor });
    yield* page.rows;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Lists that are newest first each as one that is. */
async function* merged(sources: readonly AsyncGenerator<JobRow>[]): AsyncGenerator<readonly JobRow[]> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
  for (;;) {
    const [first] = heads
      .flatMap((head) => (head.next.done === true ? [] : [{ head, row: head.next.value }]))
      .sort((a, b) => (a.row.givenAt < b.row.givenAt ? 1 : a.row.givenAt > b.row.givenAt ? -1 : 0));
    if (first === undefined) return;
    yield [first.row];
    first.head.next = await first.head.source.next();
  }
}

function ofBatch(batch: CommandBatch): JobRow {
  const sum = (states: readonly (keyof CommandBatch['counts'])[]) =>
    states.reduce((total, state) => total + (batch.counts[state] ?? 0), 0);
  return {
    ...{ givenAt: batch.givenAt, id: batch.id, propertyId: batch.propertyId, reason: batch.reason },
    ...{ givenBy: batch.givenBy, decidedBy: batch.decidedBy, total: batch.total },
    what: wordsOf((lang) => STATE_WORDS[lang].commandKind[batch.order.kind]),
    state: stateOfBatch(batch),
    ...{ good: batch.counts.verified ?? 0, bad: sum(FAILED), notDone: sum(NOT_DONE) },
  };
}

function stateOfBatch({ approval, finished }: CommandBatch): FileWords {
  if (approval === 'waiting') return WAITS;
  if (approval === 'refused') return DECLINED;
  if (approval === 'expired') return EXPIRED;
  return finished ? DONE : RUNNING;
}

function ofCommand(command: Command): JobRow {
  return {
    ...{ givenAt: command.givenAt, id: command.id, propertyId: command.propertyId, reason: command.reason },
    ...{ givenBy: command.givenBy, decidedBy: undefined, total: 1, good: 0, bad: 0, notDone: 0, state: WAITS },
    what: wordsOf((lang) => `${STATE_WORDS[lang].commandKind[command.order.kind]} ${command.meterNumber ?? ''}`.trim()),
  };
}

const SHEET_STATES = { dry: DONE, awaitingApproval: WAITS, declined: DECLINED, running: RUNNING, done: DONE } as const;

function ofSheet(sheet: VendBatchSummary): JobRow {
  return {
    ...{ givenAt: sheet.givenAt, id: sheet.batchId, propertyId: sheet.propertyId, reason: sheet.reason },
    ...{ givenBy: sheet.givenBy, decidedBy: sheet.decidedBy, total: sheet.total },
    what: wordsOf((lang) => `${SHEET[lang]}${STATE_WORDS[lang].saleKind[sheet.kind]}`),
    ...{ state: SHEET_STATES[sheet.state], good: sheet.accepted, bad: sheet.refused, notDone: 0 },
  };
}

function wordsOf(word: (lang: FileLang) => string): FileWords {
  return { zh: word('zh'), en: word('en') };
}
