import { calendarOf, columnName, figureOf, textCell } from './cells.ts';
import { type ColumnStyle, formatOf, HEADER, type LooksOf, SHEET_OPEN } from './parts.ts';
import type { Cell, CellKind, FileLang, XlsxColumn, XlsxWorkbook } from './types.ts';

/** Excel's limit, the header included. */
export const SHEET_ROWS_MAX = 1_048_576;
/** Text that is gathered before it is handed on. */
const CHUNK_CHARS = 131_072;

const WIDTHS: Readonly<Record<CellKind, number>> = {
  text: 20,
  integer: 12,
  decimal: 14,
  money: 14,
  energy: 16,
  instant: 20,
  date: 12,
};
const ZONE_HEADER = { zh: '时区', en: 'Time zone' };

/** Rows as they are written: pulled from blocks, counted, and left where a sheet is full. */
export interface RowSource<Row> {
  /** The next row; undefined at the end. A promise only where a block must be waited for. */
  next(): Row | undefined | Promise<Row | undefined>;
  /** Is there another row? */
  more(): Promise<boolean>;
  /** Rows handed out so far. */
  readonly count: number;
  close(): Promise<void>;
}

export function rowSource<Row>(blocks: AsyncIterable<readonly Row[]>): RowSource<Row> {
  const iterator = blocks[Symbol.asyncIterator]();
  let block: readonly Row[] = [];
  let at = 0;
  let ended = false;
  let count = 0;

  /** Makes `at` point at a row, or ends. */
  async function fill(): Promise<void> {
    while (at >= block.length && !ended) {
      const { done, value } = await iterator.next();
      if (done === true) ended = true;
      else block = value;
      at = 0;
    }
  }
  function take(): Row | undefined {
    if (ended) return undefined;
    count += 1;
    at += 1;
    return block[at - 1];
  }
  return {
    next: () => (at < block.length || ended ? take() : fill().then(take)),
    async more() {
      await fill();
      return !ended;
    },
    get count() {
      return count;
    },
    async close() {
      if (!ended) await iterator.return?.();
      ended = true;
    },
  };
}

interface Written<Row> {
  readonly letters: string;
  readonly style: number;
  readonly kind: CellKind;
  readonly of: (row: Row, lang: FileLang) => Cell;
  /** Styles of rows that have a ground; undefined where no row has one. */
  readonly styleOf: ((row: Row) => number) | undefined;
}

/** Columns of a workbook with the one that names the zone, where rows have their own. */
export function columnsOf<Row>({ columns, zone }: XlsxWorkbook<Row>): readonly XlsxColumn<Row>[] {
  return typeof zone === 'string' ? columns : [...columns, { header: ZONE_HEADER, kind: 'text', of: zone }];
}

/** One sheet's XML in pieces: rows from `source` until it is full or they end. */
export async function* sheetXml<Row>(
  workbook: XlsxWorkbook<Row>,
  styles: readonly ColumnStyle[],
  source: RowSource<Row>,
): AsyncGenerator<Buffer> {
  const columns = columnsOf(workbook);
  const written = columns.map((column, index) => writtenColumn(column, index, styles[index]));
  const rowsMax = workbook.sheetRowsMax ?? SHEET_ROWS_MAX;
  const toXml = rowWriter(written, workbook);
  let text = opening(columns, workbook);
  let number = 1;
  while (number < rowsMax) {
    const coming = source.next();
    const row = coming instanceof Promise ? await coming : coming;
    if (row === undefined) break;
    number += 1;
    text += toXml(row, number);
    if (text.length < CHUNK_CHARS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}</sheetData><autoFilter ref="A1:${columnName(columns.length - 1)}${number}"/></worksheet>`);
}

function writtenColumn<Row>(
  { kind, of, ground }: XlsxColumn<Row>,
  index: number,
  { plain, onGround }: ColumnStyle = { plain: 0, onGround: new Map() },
): Written<Row> {
  const styleOf = ground && ((row: Row) => onGround.get(ground.of(row) ?? '') ?? plain);
  return { letters: columnName(index), style: plain, kind, of, styleOf };
}

function opening<Row>(columns: readonly XlsxColumn<Row>[], { lang, zone }: XlsxWorkbook<Row>): string {
  const widths = columns.map(
    ({ kind, width }, index) =>
      `<col min="${index + 1}" max="${index + 1}" width="${width ?? WIDTHS[kind]}" customWidth="1"/>`,
  );
  const heads = columns.map(({ header, kind }, index) => {
    const zoned = kind === 'instant' && typeof zone === 'string' ? ` (${zone})` : '';
    return textCell(`${columnName(index)}1`, HEADER, header[lang] + zoned);
  });
  return `${SHEET_OPEN}<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths.join('')}</cols><sheetData><row r="1">${heads.join('')}</row>`;
}

function rowWriter<Row>(columns: readonly Written<Row>[], { lang, zone }: XlsxWorkbook<Row>) {
  const calendars = calendarOf();
  return (row: Row, number: number): string => {
    const calendar = calendars(typeof zone === 'string' ? zone : zone(row));
    let cells = '';
    for (const { letters, style: plain, kind, of, styleOf } of columns) {
      const cell = of(row, lang);
      if (cell === undefined || cell === null || cell === '') continue;
      const style = styleOf === undefined ? plain : styleOf(row);
      if (kind === 'text') cells += textCell(letters + number, style, String(cell));
      else cells += `<c r="${letters}${number}" s="${style}"><v>${figureOf(kind, cell, calendar)}</v></c>`;
    }
    return `<row r="${number}">${cells}</row>`;
  };
}

/** Number formats and grounds of the columns, in their order. */
export function looksOf<Row>(workbook: XlsxWorkbook<Row>): readonly LooksOf[] {
  return columnsOf(workbook).map(({ kind, digits, ground }) => {
    return { format: formatOf(kind, digits), colours: ground?.colours ?? [] };
  });
}
