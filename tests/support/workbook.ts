import { readXlsx } from 'hucre/xlsx';

/** A sheet as somebody else's reader sees it. Dates are local wall times given as if they were UTC. */
export interface SheetContent {
  readonly name: string;
  readonly rows: readonly (readonly unknown[])[];
  /** Cells on a ground of their own, by "row,column" from 0, the header's left out. */
  readonly looks: ReadonlyMap<string, Look>;
}

/** Colours of a cell as `#rrggbb`. */
export interface Look {
  readonly ground: string;
  readonly ink: string;
}

/** The sheets of a workbook in the order of its tabs. Throws on what is no whole workbook. */
export async function sheetsOf(bytes: Uint8Array): Promise<readonly SheetContent[]> {
  const { sheets } = await readXlsx(bytes, { readStyles: true });
  return sheets.map(({ name, rows, cells = new Map() }) => {
    const looks = new Map<string, Look>();
    for (const [at, { style }] of cells) {
      const ground = style?.fill?.type === 'pattern' ? style.fill.fgColor?.rgb : undefined;
      const ink = style?.font?.color?.rgb ?? '000000';
      if (ground !== undefined && style?.font?.bold !== true) looks.set(at, { ground: hex(ground), ink: hex(ink) });
    }
    return { name, rows, looks };
  });
}

/** The reader leaves the opaque alpha away or not. */
const hex = (rgb: string): string => `#${rgb.slice(-6).toLowerCase()}`;

/** Rows of a sheet as objects by the words of its first row. */
export function rowsOf({ rows: [header = [], ...rows] }: SheetContent): readonly Readonly<Record<string, unknown>>[] {
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [String(name), row[index]])));
}
