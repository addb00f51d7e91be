export type { AboutLine, Cell, CellKind, FileLang, FileWords, XlsxColumn, XlsxWorkbook } from './types.ts';
export { xlsxChunks } from './workbook.ts';
