import { readXlsx } from 'hucre/xlsx';

/** A sheet as somebody else's reader sees it. Dates are local wall times given as if they were UTC. */
export interface SheetContent {
  readonly name: string;
  readonly rows: readonly (readonly unknown[])[];
}

/** The sheets of a workbook in the order of its tabs. Throws on what is no whole workbook. */
export async function sheetsOf(bytes: Uint8Array): Promise<readonly SheetContent[]> {
  const { sheets } = await readXlsx(bytes);
  return sheets.map(({ name, rows }) => ({ name, rows }));
}

/** Rows of a sheet as objects by the words of its first row. */
export function rowsOf({ rows: [header = [], ...rows] }: SheetContent): readonly Readonly<Record<string, unknown>>[] {
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [String(name), row[index]])));
}
