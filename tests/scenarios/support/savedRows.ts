import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { rowsOf, sheetsOf } from '../../support/workbook.ts';

/**
 * The rows of the workbook that `save` brings, as objects by the words of its header. Above it stand what the file is and how
 * it was filtered: the header is the first row with the word `column`.
 */
export async function savedRows(
  page: Page,
  column: string,
  save: () => Promise<void>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const download = page.waitForEvent('download');
  await save();
  const sheets = await sheetsOf(await readFile(await (await download).path()));
  for (const sheet of sheets) {
    const header = sheet.rows.findIndex((row) => row.includes(column));
    if (header >= 0) return rowsOf({ ...sheet, rows: sheet.rows.slice(header) });
  }
  throw new Error(`no sheet has a column ${column}`);
}
