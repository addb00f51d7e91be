import { type ZonedCalendar, zonedCalendar } from '#domain/calendar.ts';
import type { Cell, CellKind } from './types.ts';

/** Excel's limit of one cell. */
const TEXT_MAX = 32_767;
/** 1970-01-01 as Excel counts days. */
const EPOCH_DAY = 25_569;
const DAY_MS = 86_400_000;

/** What cannot stand in XML as it is, and texts that Excel would take for its own escapes. */
const SPECIALS = /[&<>\ufffe\uffff]|(?![\t\n])\p{Cc}|_x[0-9A-Fa-f]{4}_/gu;

/** Text for XML. Control characters are escaped as Excel does (`_x0007_`), halves of characters replaced. */
export function xmlText(text: string): string {
  const short = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
  const sound = short.isWellFormed() ? short : short.toWellFormed();
  return sound.search(SPECIALS) === -1 ? sound : sound.replace(SPECIALS, escaped);
}

function escaped(found: string): string {
  if (found === '&') return '&amp;';
  if (found === '<') return '&lt;';
  if (found === '>') return '&gt;';
  if (found.startsWith('_')) return `_x005F${found}`;
  return `_x${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
}

/** Letters of a column, 0 = A. */
export function columnName(index: number): string {
  const rest = index % 26;
  const letter = String.fromCharCode(65 + rest);
  return index < 26 ? letter : columnName((index - rest) / 26 - 1) + letter;
}

/** A text cell. `style` 0 is the workbook's default. */
export function textCell(at: string, style: number, text: string): string {
  const said = xmlText(text);
  return `<c r="${at}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${said}</t></is></c>`;
}

/** Local time in Excel's days, by the calendar of a zone. */
export function serialOf(atMs: number, calendar: ZonedCalendar): number {
  // Whole milliseconds, so that 12:00:00 does not read 11:59:59.
  return Math.round(((atMs + calendar.offsetMs(atMs)) / DAY_MS + EPOCH_DAY) * 1e9) / 1e9;
}

/**
 * The figure that a cell of this kind holds, as it stands in the file; undefined for none. Throws on what is no such figure:
 * a file with a hole where money should be would look whole.
 */
export function figureOf(kind: CellKind, cell: Exclude<Cell, null | undefined>, calendar: ZonedCalendar): string {
  switch (kind) {
    case 'money':
      return scaled(cell, 2);
    case 'energy':
      return scaled(cell, 3);
    case 'instant':
      return String(serialOf(finite(typeof cell === 'string' ? Date.parse(cell) : Number(cell), cell), calendar));
    case 'date':
      return String(finite(Date.parse(`${cell}T00:00:00Z`), cell) / DAY_MS + EPOCH_DAY);
    case 'decimal':
      return typeof cell === 'number' ? String(finite(cell, cell)) : decimal(cell);
    default:
      return typeof cell === 'number' ? String(finite(cell, cell)) : whole(cell);
  }
}

/** A whole number of small units, with the point so many digits from the right: exact, never through a float. */
function scaled(cell: string | number | bigint, digits: number): string {
  const text = whole(typeof cell === 'number' ? Math.round(finite(cell, cell)) : cell);
  const negative = text.startsWith('-');
  const padded = (negative ? text.slice(1) : text).padStart(digits + 1, '0');
  return `${negative ? '-' : ''}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

function whole(cell: string | number | bigint): string {
  const text = String(cell);
  if (!/^-?\d+$/.test(text)) throw new TypeError(`no whole number for a cell: ${text.slice(0, 40)}`);
  return text;
}

/** Digits as they are, e.g. of a published price. */
function decimal(cell: string | bigint): string {
  const text = String(cell);
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new TypeError(`no decimal number for a cell: ${text.slice(0, 40)}`);
  return text;
}

function finite(value: number, cell: Cell): number {
  if (Number.isFinite(value)) return value;
  throw new TypeError(`no figure for a cell: ${String(cell).slice(0, 40)}`);
}

/** Calendars by zone; one is remembered as the last, since rows of a zone come together. */
export function calendarOf(): (timeZone: string) => ZonedCalendar {
  const known = new Map<string, ZonedCalendar>();
  let last: ZonedCalendar | undefined;
  return (timeZone) => {
    if (last?.timeZone === timeZone) return last;
    last = known.get(timeZone) ?? zonedCalendar(timeZone);
    known.set(timeZone, last);
    return last;
  };
}
