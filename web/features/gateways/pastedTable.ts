/** Rows pasted from a spreadsheet, as text cells under known columns. Nothing here judges what a cell says. */

export const PASTE_COLUMNS = [
  'unitAddress',
  'model',
  'meterNumber',
  'place',
  'nameZh',
  'nameEn',
  'role',
  'ctRatio',
  'ptRatio',
  'circuit',
  'overloadLimitKw',
] as const;
export type PasteColumn = (typeof PASTE_COLUMNS)[number];
export type PastedCells = Readonly<Partial<Record<PasteColumn, string>>>;

export interface PastedTable {
  /** The columns as they stood in the paste, left to right; undefined: a heading that means nothing here. */
  readonly columns: readonly (PasteColumn | undefined)[];
  readonly rows: readonly PastedCells[];
  /** Headings that were not understood; their cells are ignored. */
  readonly unknownHeadings: readonly string[];
  /** Rows beyond the bound, not read. */
  readonly rowsLeftOut: number;
}

/** As many meters as one line can hold; more is a paste of something else. */
export const PASTE_ROWS_MAX = 247;

/** Headings people write, in both languages, lower case without spaces or signs. */
const HEADINGS: Readonly<Record<PasteColumn, readonly string[]>> = {
  unitAddress: ['address', 'unitaddress', 'unit', 'addr', 'modbusaddress', '地址', '通讯地址', '表地址', '从站地址'],
  model: ['model', 'type', 'metermodel', '型号', '表型', '规格型号'],
  meterNumber: [
    'number',
    'meternumber',
    'meterno',
    'no',
    'serial',
    'serialnumber',
    '表号',
    '编号',
    '表计编号',
    '出厂编号',
  ],
  place: ['place', 'room', 'shop', 'location', '位置', '房间', '房号', '商铺', '铺位'],
  nameZh: ['name', 'tenant', 'customer', 'namezh', '名称', '商户', '租户', '用户', '中文名'],
  nameEn: ['nameen', 'englishname', '英文名', '英文名称'],
  role: ['role', 'kind', 'use', '类别', '用途'],
  ctRatio: ['ct', 'ctratio', 'currentratio', '电流变比', '互感器', '倍率'],
  ptRatio: ['pt', 'ptratio', 'voltageratio', '电压变比'],
  circuit: ['circuit', 'box', 'breaker', '回路', '配电箱', '开关'],
  overloadLimitKw: ['limit', 'limitkw', 'overloadlimit', 'overloadlimitkw', '过载限值', '功率限值', '限容'],
};

/** Columns of a paste without a heading row, in the order that the form names. */
const DEFAULT_COLUMNS: readonly PasteColumn[] = [
  'unitAddress',
  'model',
  'meterNumber',
  'place',
  'nameZh',
  'nameEn',
  'role',
];

const plain = (text: string) => text.toLowerCase().replace(/[\s_.,()（）/:：-]/g, '');

function columnOf(heading: string): PasteColumn | undefined {
  return PASTE_COLUMNS.find((column) => HEADINGS[column].includes(plain(heading)));
}

/**
 * Reads what a spreadsheet puts on the clipboard: lines of tab-separated cells (semicolons or commas where there is
 * no tab), quoted where a cell has breaks. A first row of headings, in either language, names the columns.
 */
export function readPaste(text: string): PastedTable {
  const lines = splitCells(text.replace(/^\uFEFF/, '')).filter((cells) => cells.some((cell) => cell !== ''));
  const first = lines[0] ?? [];
  const named = first.map(columnOf);
  const hasHeadings = named.some((column) => column !== undefined) && !/^\d+$/.test(first[0] ?? '');
  const columns = hasHeadings ? named : DEFAULT_COLUMNS;
  const body = hasHeadings ? lines.slice(1) : lines;
  return {
    columns,
    rows: body.slice(0, PASTE_ROWS_MAX).map((cells) => cellsUnder(columns, cells)),
    unknownHeadings: hasHeadings ? first.filter((heading, index) => heading !== '' && named[index] === undefined) : [],
    rowsLeftOut: Math.max(0, body.length - PASTE_ROWS_MAX),
  };
}

function cellsUnder(columns: readonly (PasteColumn | undefined)[], cells: readonly string[]): PastedCells {
  const row: Partial<Record<PasteColumn, string>> = {};
  columns.forEach((column, index) => {
    const cell = cells[index];
    if (column !== undefined && cell !== undefined && cell !== '') row[column] = cell;
  });
  return row;
}

function separatorOf(text: string): string {
  if (text.includes('\t')) return '\t';
  return text.includes(';') ? ';' : ',';
}

/** Splits delimited text; a cell that begins with a quote runs to its closing quote (RFC 4180, 2.5–2.7). */
function splitCells(text: string): readonly (readonly string[])[] {
  const separator = separatorOf(text);
  const lines: string[][] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === separator || char === '\n') {
      cells.push(cell.trim());
      cell = '';
      if (char === '\n') {
        lines.push(cells);
        cells = [];
      }
    } else cell += char;
  }
  lines.push([...cells, cell.trim()]);
  return lines;
}
