import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { DISPLAY_STATES } from '#domain/meterState.ts';
import { type XlsxColumn, type XlsxWorkbook, xlsxChunks } from '#server/platform/xlsx/index.ts';
import { contrast } from '../../support/colour.ts';
import { rowsOf, sheetsOf } from '../../support/workbook.ts';

interface Row {
  readonly text?: string;
  readonly count?: number | bigint;
  readonly money?: string | bigint;
  readonly energy?: bigint;
  readonly load?: number;
  readonly at?: string | number;
  readonly day?: string;
}

const words = (text: string) => ({ zh: text, en: text });
const COLUMNS: readonly XlsxColumn<Row>[] = [
  { header: { zh: '文字', en: 'Text' }, kind: 'text', of: ({ text }) => text },
  { header: words('count'), kind: 'integer', of: ({ count }) => count },
  { header: words('money'), kind: 'money', of: ({ money }) => money },
  { header: words('energy'), kind: 'energy', of: ({ energy }) => energy },
  { header: words('load'), kind: 'decimal', digits: 1, of: ({ load }) => load },
  { header: words('at'), kind: 'instant', of: ({ at }) => at },
  { header: words('day'), kind: 'date', of: ({ day }) => day },
];

async function* inBlocks<T>(...blocks: readonly (readonly T[])[]): AsyncGenerator<readonly T[]> {
  yield* blocks;
}

function workbook(rows: readonly Row[], more: Partial<XlsxWorkbook<Row>> = {}): XlsxWorkbook<Row> {
  return {
    ...{ lang: 'en', title: 'List', columns: COLUMNS, zone: 'Asia/Shanghai', blocks: inBlocks(rows) },
    ...{ about: [{ name: 'State', text: 'open' }], madeAtMs: Date.UTC(2026, 10, 22, 16, 30), madeBy: 'Chen' },
    ...more,
  };
}

async function bytesOf(book: XlsxWorkbook<Row>): Promise<Buffer> {
  return Buffer.concat(await taken(await xlsxChunks(book)));
}

async function taken(chunks: AsyncIterable<Buffer>): Promise<readonly Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** The XML of a part, found by its name in the local headers. */
function partOf(bytes: Buffer, path: string): string {
  const name = bytes.indexOf(path);
  const start = name + path.length;
  const end = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x07, 0x08]), start);
  return inflateRawSync(bytes.subarray(start, end)).toString();
}

test('figures are figures with a format, instants show the clock of the property, text stays text', async () => {
  const bytes = await bytesOf(
    workbook([
      {
        ...{ text: '0012', count: 3n, money: '-123456789012345', energy: 12_345_678_901n, load: 1.5 },
        ...{ at: '2026-11-22T16:30:15Z', day: '2026-11-22' },
      },
    ]),
  );
  const xml = partOf(bytes, 'xl/worksheets/sheet2.xml');
  expect(xml).toContain('<c r="A2" s="3" t="inlineStr"><is><t xml:space="preserve">0012</t></is></c>');
  expect(xml).toContain('<c r="B2" s="4"><v>3</v></c>');
  // Exact to the last digit: never through a float.
  expect(xml).toContain('<c r="C2" s="5"><v>-1234567890123.45</v></c>');
  expect(xml).toContain('<c r="D2" s="6"><v>12345678.901</v></c>');
  expect(xml).toContain('<c r="E2" s="7"><v>1.5</v></c>');
  expect(xml).toContain('<c r="G2" s="9"><v>46348</v></c>');
  const styles = partOf(bytes, 'xl/styles.xml');
  for (const format of ['#,##0', '#,##0.00', '#,##0.000', '#,##0.0', 'yyyy\\-mm\\-dd hh:mm:ss', 'yyyy\\-mm\\-dd'])
    expect(styles).toContain(`formatCode="${format}"`);
  const [, list] = await sheetsOf(bytes);
  expect(list && rowsOf(list)).toEqual([
    {
      ...{ Text: '0012', count: 3, money: -1234567890123.45, energy: 12345678.901, load: 1.5 },
      ...{ 'at (Asia/Shanghai)': new Date('2026-11-23T00:30:15Z'), day: new Date('2026-11-22T00:00:00Z') },
    },
  ]);
});

test.for([
  '=1+1',
  '+86 10',
  '@SUM(A1)',
  '-5',
  ' leading and trailing ',
  '<b>&amp;</b> "quoted"',
  '购物中心 3F 𠮷野家',
  'line\nfeed\ttab',
  '_x0041_',
])('"%s" comes back as it was', async (text) => {
  const bytes = await bytesOf(workbook([{ text }]));
  expect(partOf(bytes, 'xl/worksheets/sheet2.xml')).not.toContain('<f>');
  const [, list] = await sheetsOf(bytes);
  expect(list?.rows[1]?.[0]).toBe(text);
});

test('what no XML holds is taken for a sign, half a character is replaced, and a text too long for a cell is cut', async () => {
  const bytes = await bytesOf(workbook([{ text: 'bell \u0007 half \ud83d' }, { text: 'x'.repeat(40_000) }]));
  const xml = partOf(bytes, 'xl/worksheets/sheet2.xml');
  expect(xml).toContain('bell _x0007_ half \ufffd<');
  const [, list] = await sheetsOf(bytes);
  expect(list?.rows[2]?.[0]).toHaveLength(32_767);
});

test('the first sheet says what was asked, when, by whom and how many rows', async () => {
  const [about] = await sheetsOf(await bytesOf(workbook([{}, {}, {}], { lang: 'zh', title: '清单' })));
  expect(about).toMatchObject({
    name: '说明',
    rows: [
      ['清单', null],
      ['State', 'open'],
      ['时区', 'Asia/Shanghai'],
      ['生成时间', '2026-11-23 00:30:00 (Asia/Shanghai)'],
      ['生成人', 'Chen'],
      ['行数', '3'],
    ],
  });
});

test('rows of several zones each show their own clock and name it in the last column', async () => {
  const zone = ({ text }: Row) => (text === 'far' ? 'Europe/Berlin' : 'Asia/Shanghai');
  const at = '2026-07-01T00:00:00Z';
  const [, list] = await sheetsOf(
    await bytesOf(
      workbook(
        [
          { text: 'near', at },
          { text: 'far', at },
        ],
        { zone },
      ),
    ),
  );
  expect(list && rowsOf(list)).toMatchObject([
    { at: new Date('2026-07-01T08:00:00Z'), 'Time zone': 'Asia/Shanghai' },
    { at: new Date('2026-07-01T02:00:00Z'), 'Time zone': 'Europe/Berlin' },
  ]);
});

test('a list longer than a sheet goes on in the next one, under the same headers; none is lost between blocks', async () => {
  const rows = Array.from({ length: 25 }, (_, count) => ({ count }));
  const blocks = inBlocks<Row>(rows.slice(0, 7), [], rows.slice(7));
  const sheets = await sheetsOf(await bytesOf(workbook([], { blocks, sheetRowsMax: 11, title: "A/B: 'list'" })));
  expect(sheets.map(({ name }) => name)).toEqual(['About', 'A B list', 'A B list 2', 'A B list 3']);
  expect(sheets.slice(1).flatMap((sheet) => rowsOf(sheet).map(({ count }) => count))).toEqual([...rows.keys()]);
  expect(sheets[0]?.rows).toContainEqual(['Rows', '25']);
});

test('a list without rows is a whole workbook with its headers', async () => {
  const [, list] = await sheetsOf(await bytesOf(workbook([])));
  expect(list?.rows).toEqual([['Text', 'count', 'money', 'energy', 'load', 'at (Asia/Shanghai)', 'day']]);
});

test('what fails at the first rows is thrown before there is a byte; later, in the middle, and there is no file', async () => {
  async function* failing(good: number): AsyncGenerator<readonly Row[]> {
    for (let block = 0; block < good; block += 1) yield [{ count: block }];
    throw new Error('the store is away');
  }
  await expect(xlsxChunks(workbook([], { blocks: failing(0) }))).rejects.toThrow('the store is away');
  const chunks = await xlsxChunks(workbook([], { blocks: failing(3) }));
  await expect(taken(chunks)).rejects.toThrow('the store is away');
});

test('a figure that is none breaks the file instead of leaving a hole', async () => {
  for (const row of [{ money: '12.5' }, { load: Number.NaN }, { at: 'yesterday' }])
    await expect(xlsxChunks(workbook([row])).then(taken)).rejects.toThrow(TypeError);
});

test('rows are asked for only as bytes are taken, and no more when nobody takes them', async () => {
  let asked = 0;
  let closed = false;
  async function* endless(): AsyncGenerator<readonly Row[]> {
    try {
      for (;;) {
        asked += 1;
        yield Array.from({ length: 100 }, (_, count) => ({
          text: `room ${count * asked * 7919}`,
          count,
          load: asked / 7,
        }));
      }
    } finally {
      closed = true;
    }
  }
  const chunks = await xlsxChunks(workbook([], { blocks: endless() }));
  for (let chunk = 0; chunk < 5; chunk += 1) await chunks.next();
  const before = asked;
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(asked - before).toBeLessThan(200);
  await chunks.return(undefined);
  await expect.poll(() => closed).toBe(true);
});

test('a ground is a colour of the file, with words on it that are read at 4.5:1; other cells of the column have none', async () => {
  const colours = DISPLAY_STATES.map(({ light }) => light);
  const [head, ...others] = COLUMNS;
  if (head === undefined) throw new Error('no column');
  const columns = [{ ...head, ground: { colours, of: ({ text }: Row) => text } }, ...others];
  const bytes = await bytesOf(workbook([...colours.map((text) => ({ text })), { text: 'none' }], { columns }));
  const [, list] = await sheetsOf(bytes);
  const looks = colours.map((_, index) => list?.looks.get(`${index + 1},0`));
  expect(looks.map((look) => look?.ground)).toEqual(colours);
  for (const { ink, ground } of looks.flatMap((look) => look ?? []))
    expect(contrast(ink, ground)).toBeGreaterThanOrEqual(4.5);
  expect(list?.looks.size).toBe(colours.length);
});
