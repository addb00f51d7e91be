import type { CommandWhy, previewBatch } from '#contract/commands.ts';
import type { ResponseOf } from '#contract/route.ts';
import type { TileStore } from '../../../live/tileStore.ts';
import { placeName } from '../../../ui/saidOnce.ts';
import type { GridTable } from '../data/gridTable.ts';

export type Preview = ResponseOf<typeof previewBatch>;
export type PreviewItem = Preview['items'][number];

/** One meter of a preview with what the grid knows of it. */
export interface PreviewRow {
  readonly item: PreviewItem;
  /** -1: the grid does not know it yet. */
  readonly slot: number;
  readonly room: string;
  readonly customer: string;
  readonly part: string;
  readonly loadW: number;
}
export interface PreviewPart {
  readonly name: string;
  readonly count: number;
  readonly loadW: number;
}
export interface SkippedGroup {
  readonly why: CommandWhy | 'other';
  readonly rows: readonly PreviewRow[];
}

/** Rows with place and name; parts are floors, or buildings where there are several. */
export function previewRows(preview: Preview, table: GridTable, store: TileStore): readonly PreviewRow[] {
  const slots = preview.items.map(({ meterId }) => store.slotOf(meterId) ?? -1);
  const several = new Set(slots.map((slot) => table.building[slot])).size > 1;
  return preview.items.map((item, index) => {
    const slot = slots[index] ?? -1;
    const part = several ? table.buildingText[slot] : table.floorText[slot];
    const room = table.roomText[slot] ?? item.meterNumber;
    return {
      ...{ item, slot, room: several ? placeName(part, room) : room, part: part ?? '' },
      customer: item.customer ?? table.customer[slot] ?? '',
      loadW: item.loadW ?? 0,
    };
  });
}

/** Those that would be told, the largest load first: for a trip whoever goes dark stands before the rest. */
export function toldRows(rows: readonly PreviewRow[]): readonly PreviewRow[] {
  return rows
    .filter(({ item }) => item.outcome === 'run')
    .sort((a, b) => Number(b.item.goesDark) - Number(a.item.goesDark) || b.loadW - a.loadW);
}

/** Parts with their counts and loads, in the order in which they come first; the sums are those of the rows. */
export function partsOf(rows: readonly PreviewRow[]): readonly PreviewPart[] {
  const groups = Map.groupBy(rows, ({ part }) => part);
  return [...groups]
    .map(([name, list]) => ({ name, count: list.length, loadW: list.reduce((sum, { loadW }) => sum + loadW, 0) }))
    .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** Those that are skipped by their first reason, the largest group first; each stands in exactly one group. */
export function skippedGroups(rows: readonly PreviewRow[]): readonly SkippedGroup[] {
  const skipped = rows.filter(({ item }) => item.outcome === 'skip');
  const groups = Map.groupBy(skipped, ({ item }) => item.why[0] ?? ('other' as const));
  return [...groups].map(([why, list]) => ({ why, rows: list })).sort((a, b) => b.rows.length - a.rows.length);
}
