import { zonedCalendar } from '#domain/calendar.ts';
import { aboutSheet, bindings, sheetName, styles } from './parts.ts';
import { looksOf, type RowSource, rowSource, sheetXml } from './sheet.ts';
import type { FileWords, XlsxWorkbook } from './types.ts';
import { type ZipPart, zipChunks } from './zip.ts';

const WORDS = {
  about: { zh: '说明', en: 'About' },
  madeAt: { zh: '生成时间', en: 'Made at' },
  madeBy: { zh: '生成人', en: 'Made by' },
  rows: { zh: '行数', en: 'Rows' },
  sheets: { zh: '工作表数', en: 'Sheets' },
  zone: { zh: '时区', en: 'Time zone' },
  zonePerRow: {
    zh: '每行所在项目的当地时间，见最后一列',
    en: "the clock of each row's property, named in the last column",
  },
} satisfies Record<string, FileWords>;

/**
 * A workbook as the bytes of an .xlsx file, made while they are taken: a first sheet that says what was asked, when and by
 * whom, then the rows in as many sheets as they need. Waits for the first block of rows, so that what is wrong with the
 * question is thrown before there is a first byte; what fails later is thrown by the generator, and there is no file then.
 */
export async function xlsxChunks<Row>(workbook: XlsxWorkbook<Row>): Promise<AsyncGenerator<Buffer>> {
  const source = rowSource(workbook.blocks);
  await source.more();
  return zipChunks(parts(workbook, source));
}

async function* parts<Row>(workbook: XlsxWorkbook<Row>, source: RowSource<Row>): AsyncGenerator<ZipPart> {
  const { lang, title, madeBy, madeAtMs } = workbook;
  const { xml, columns } = styles(looksOf(workbook));
  let sheets = 0;
  try {
    do {
      sheets += 1;
      // The first sheet of the book is written last: it says how many rows there are.
      yield { path: `xl/worksheets/sheet${sheets + 1}.xml`, data: sheetXml(workbook, columns, source) };
    } while (await source.more());
  } finally {
    await source.close();
  }
  yield part('xl/worksheets/sheet1.xml', aboutSheet(title, aboutLines(workbook, source.count, sheets)));
  yield part('xl/styles.xml', xml);
  const names = Array.from({ length: sheets }, (_, index) => sheetName(title, index + 1));
  const about = { title, madeBy, madeAt: new Date(madeAtMs).toISOString() };
  for (const [path, text] of Object.entries(bindings([sheetName(WORDS.about[lang], 1), ...names], about)))
    yield part(path, text);
}

function part(path: string, text: string): ZipPart {
  return { path, data: [Buffer.from(text)] };
}

function aboutLines<Row>({ lang, zone, about, madeAtMs, madeBy }: XlsxWorkbook<Row>, rows: number, sheets: number) {
  const clock = typeof zone === 'string' ? zone : 'UTC';
  const local = new Date(madeAtMs + zonedCalendar(clock).offsetMs(madeAtMs));
  return [
    ...about,
    { name: WORDS.zone[lang], text: typeof zone === 'string' ? zone : WORDS.zonePerRow[lang] },
    { name: WORDS.madeAt[lang], text: `${local.toISOString().slice(0, 19).replace('T', ' ')} (${clock})` },
    { name: WORDS.madeBy[lang], text: madeBy },
    { name: WORDS.rows[lang], text: String(rows) },
    ...(sheets > 1 ? [{ name: WORDS.sheets[lang], text: String(sheets) }] : []),
  ];
}
