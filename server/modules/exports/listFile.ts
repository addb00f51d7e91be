import type { AnyRoute, QueryOf } from '#contract/index.ts';
import type { Actor, FileAnswer, Scope } from '#server/platform/http/index.ts';
import type { FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { filterLines } from './about.ts';
import { type ExportsContext, toFile } from './context.ts';
import type { ValueWords } from './filterWords.ts';

/** The most that a page of a list holds. */
const PAGE_ROWS = 1_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** A list of the contract and how its rows stand in a workbook. */
export interface ListFile<List extends AnyRoute, Item, Row> {
  readonly list: List;
  readonly title: FileWords;
  readonly columns: (lang: FileLang, context: ExportsContext) => readonly XlsxColumn<Row>[];
  /** Rows of one item: itself, where it is a row. */
  readonly rowsOf: (item: Item) => readonly Row[];
  readonly propertyOf?: (row: Row) => number | undefined;
  /** What the values of its filter are called. */
  readonly words?: ValueWords;
}

/** Who asked for the file, and with which filter. */
export interface FileRequest {
  readonly actor: Actor;
  readonly query: { readonly lang?: FileLang; readonly propertyId?: number };
}

/** The whole of a list as a workbook: pages of the list itself, asked for as the receiver takes the rows. */
export async function listFile<List extends AnyRoute, Item, Row>(
  context: ExportsContext,
  { list, title, columns, rowsOf, propertyOf, words }: ListFile<List, Item, Row>,
  { actor, query }: FileRequest,
): Promise<FileAnswer> {
  const { lang = 'zh', ...filter } = query;
  async function* blocks(): AsyncGenerator<readonly Row[]> {
    let cursor: string | undefined;
    do {
      const paging = cursor === undefined ? { limit: PAGE_ROWS } : { limit: PAGE_ROWS, cursor };
      // The filter passed the contract of the file, which is the list's own but for its pages.
      const page = (await context.routes.ask(list, actor, {
        query: { ...filter, ...paging } as QueryOf<List>,
      })) as Page<Item>;
      yield page.items.flatMap((item) => rowsOf(item));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return toFile<Row>(context, {
    ...{ actor, lang, title: title[lang], propertyId: filter.propertyId },
    about: await filterLines(context, { actor, scope: scopeFor(actor, list), lang, query: filter, words }),
    columns: columns(lang, context),
    blocks: blocks(),
    ...(propertyOf === undefined ? {} : { propertyOf }),
  });
}

function scopeFor(actor: Actor, { access }: AnyRoute): Scope {
  if (access === 'public' || access === 'self') throw new Error('a list without a right has no file');
  return actor.scope(access);
}
