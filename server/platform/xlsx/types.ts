/** The two languages of the screens; a file has one. */
export type FileLang = 'zh' | 'en';

/** A word or sentence in both. */
export type FileWords = Readonly<Record<FileLang, string>>;

/**
 * What a column holds, which decides how its cells are typed and shown.
 *
 * text     words and numbers that are names; never a formula, whatever they begin with
 * integer  a count
 * decimal  a measured value; `digits` after the point (3 by default)
 * money    minor units, shown in units of the currency with two digits
 * energy   Wh, shown in kWh with three digits
 * instant  a point in time, shown as the clock of its zone does
 * date     a calendar day, YYYY-MM-DD
 */
export type CellKind = 'text' | 'integer' | 'decimal' | 'money' | 'energy' | 'instant' | 'date';

/** Exact figures come as bigint or decimal text, instants as ISO text or ms since epoch; nothing = an empty cell. */
export type Cell = string | number | bigint | null | undefined;

export interface XlsxColumn<Row> {
  readonly header: FileWords;
  readonly kind: CellKind;
  /** In characters; by kind when left out. */
  readonly width?: number;
  readonly digits?: number;
  /** Ground of a cell, one of `colours` (#rrggbb); the words on it are black or white, whichever is read more easily. */
  readonly ground?: {
    readonly colours: readonly string[];
    readonly of: (row: Row) => string | undefined;
  };
  readonly of: (row: Row, lang: FileLang) => Cell;
}

/** One line of the first sheet: what was asked for, and what is to be known of the answer. */
export interface AboutLine {
  readonly name: string;
  readonly text: string;
}

export interface XlsxWorkbook<Row> {
  readonly lang: FileLang;
  /** What the list is; also names the sheet. */
  readonly title: string;
  readonly columns: readonly XlsxColumn<Row>[];
  /** Pulled one block after the other as the receiver takes the bytes. */
  readonly blocks: AsyncIterable<readonly Row[]>;
  /** Excel knows no zones. One zone is named in the headers; where rows have their own, a last column names it. */
  readonly zone: string | ((row: Row) => string);
  /** The filter in words. */
  readonly about: readonly AboutLine[];
  readonly madeAtMs: number;
  readonly madeBy: string;
  /** Rows of a sheet, its header included; Excel's own limit by default. */
  readonly sheetRowsMax?: number;
}
