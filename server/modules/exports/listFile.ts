import type { AnyRoute, ParamsOf, QueryOf } from '#contract/index.ts';
import type { Actor, FileAnswer, Scope } from '#server/platform/http/index.ts';
import type { AboutLine, FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { filterLines } from './about.ts';
import { type ExportsContext, toFile } from './context.ts';
import type { ValueWords } from './filterWords.ts';

/** The most that a page of a list holds. */
const PAGE_ROWS = 1_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface Asker {
  readonly context: ExportsContext;
  readonly actor: Actor;
}

/** A list of the contract and how its rows stand in a workbook. */
export interface ListFile<List extends AnyRoute, Item, Row> {
  readonly list: List;
  readonly title: FileWords;
  readonly columns: (lang: FileLang, context: ExportsContext) => readonly XlsxColumn<Row>[];
  /** Rows of one item: itself, where it is a row; more is asked for by the routes, as who asked. */
  readonly rowsOf: (item: Item, of: Asker) => readonly Row[] | Promise<readonly Row[]>;
  readonly propertyOf?: (row: Row) => number | undefined;
  /** What the values of its filter are called. */
  readonly words?: ValueWords;
}

/** Who asked for the file, and with which filter. */
export interface FileRequest {
  readonly actor: Actor;
  readonly query: { readonly lang?: FileLang; readonly propertyId?: number };
  /** What the list's own path names. */
  readonly params?: object;
  /** Of the thing that the path names, where the filter does not say it. */
  readonly propertyId?: number;
  readonly about?: readonly AboutLine[];
}

/** The whole of a list as a workbook: pages of the list itself, asked for as the receiver takes the rows. */
export async function listFile<List extends AnyRoute, Item, Row>(
  context: ExportsContext,
  { list, title, columns, rowsOf, propertyOf, words }: ListFile<List, Item, Row>,
  { actor, query, params = {}, ...named }: FileRequest,
): Promise<FileAnswer> {
  const { lang = 'zh', ...filter } = query;
  const propertyId = named.propertyId ?? filter.propertyId;
  async function* blocks(): AsyncGenerator<readonly Row[]> {
    let cursor: string | undefined;
    do {
      const paging = cursor === undefined ? { limit: PAGE_ROWS } : { limit: PAGE_ROWS, cursor };
      // The filter passed the contract of the file, which is the list's own but for its pages.
      const page = (await context.routes.ask(list, actor, {
        query: { ...filter, ...paging } as QueryOf<List>,
        params: params as ParamsOf<List>,
      })) as Page<Item>;
      const rows: Row[] = [];
      for (const item of page.items) rows.push(...(await rowsOf(item, { context, actor })));
      yield rows;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return toFile<Row>(context, {
    ...{ actor, lang, title: title[lang], propertyId },
    about: [
      ...(named.about ?? []),
      ...(await filterLines(context, {
        ...{ actor, scope: scopeFor(actor, list), lang, words },
        query: { ...(propertyId === undefined ? {} : { propertyId }), ...filter },
      })),
    ],
    columns: columns(lang, context),
    blocks: blocks(),
    ...(propertyOf === undefined ? {} : { propertyOf }),
  });
}

function scopeFor(actor: Actor, { access }: AnyRoute): Scope {
  if (access === 'public' || access === 'self') throw new Error('a list without a right has no file');
  return actor.scope(access);
}
