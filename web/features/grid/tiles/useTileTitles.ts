import { computed, type Ref } from 'vue';
import { loadOf } from '../../wall/figures.ts';
import type { GridMeters } from '../useMeters.ts';
import type { GridSelection } from '../useSelection.ts';
import type { TileBox, TileLayout } from './tileLayout.ts';

export interface TileTitlesOptions {
  readonly layout: Ref<TileLayout>;
  /** What is on screen of the layout, px. */
  readonly top: Ref<number>;
  readonly height: () => number;
  readonly meters: GridMeters;
  readonly selection: GridSelection;
}

/** A group of tiles on screen, and what is said beside its name. */
export interface TileTitle {
  readonly box: TileBox;
  /** W; undefined when none of them says. */
  readonly loadW: number | undefined;
  readonly selected: number;
}

/**
 * Titles of the groups on screen: load now, and how many of them are selected. They follow every tick of the feed, so nothing is
 * computed for groups beyond the edges, and nothing reactive is read meter by meter.
 */
export function useTileTitles({ layout, top, height, meters, selection }: TileTitlesOptions) {
  const shown = computed(() => {
    const { boxes, title, pitch } = layout.value;
    const [from, to] = [top.value, top.value + height()];
    return boxes.filter(
      (box) => box.y <= to && box.y + title + Math.ceil(box.count / Math.max(1, box.columns)) * pitch >= from,
    );
  });
  const selected = computed(() => {
    const { ids } = selection.selection.value;
    const shownIds = selection.shownIds.value;
    return shown.value.map(({ from, count }) => {
      let found = 0;
      for (let index = from; index < from + count; index++) if (ids.has(shownIds[index] ?? 0)) found++;
      return found;
    });
  });
  return computed<readonly TileTitle[]>(() => {
    void meters.tick.value;
    const feed = meters.feed.value;
    const rows = meters.rows.value;
    return shown.value.map((box, at) => ({
      box,
      loadW: feed && loadOf(feed, rows.subarray(box.from, box.from + box.count)),
      selected: selected.value[at] ?? 0,
    }));
  });
}
