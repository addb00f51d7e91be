import { onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import { useSettings } from '../../../app/settings.ts';
import { useLive } from '../../../live/liveClient.ts';
import type { MeterProgress } from '../../jobs/useBatch.ts';
import { createPalette } from '../../wall/draw/palette.ts';
import { rowFacts } from '../rowFacts.ts';
import type { GridMeters } from '../useMeters.ts';
import type { GridSelection } from '../useSelection.ts';
import type { TileLayout } from './tileLayout.ts';
import { createTilesCanvas, type TilesCanvas } from './tilesCanvas.ts';

export interface TilesBoardOptions {
  readonly host: Ref<HTMLElement | null>;
  readonly canvas: Ref<HTMLCanvasElement | null>;
  readonly size: Ref<{ readonly width: number; readonly height: number }>;
  readonly layout: Ref<TileLayout>;
  readonly meters: GridMeters;
  readonly selection: GridSelection;
  readonly currency: () => string;
  readonly progressOf: (meterId: number) => MeterProgress | undefined;
}

/** Keeps the canvas under the tiles in step with list, feed, selection, scroll and theme. Only inside setup functions. */
export function useTilesBoard(options: TilesBoardOptions) {
  const { host, canvas, size, layout, meters, selection } = options;
  const { t } = useI18n();
  const settings = useSettings();
  const live = useLive();
  const board = shallowRef<TilesCanvas>();
  let observer: ResizeObserver | undefined;

  const factsOf = (slot: number) => {
    const table = meters.table.value;
    const feed = meters.feed.value;
    return table && feed && rowFacts(table, feed.store, slot, { currency: options.currency(), nowMs: live.nowMs(), t });
  };
  const wordsOf = (slot: number) => {
    const facts = factsOf(slot);
    if (facts === undefined) return { room: '', balance: '', load: '', age: '' };
    const room = meters.table.value?.roomText[slot] ?? '';
    return { room, balance: facts.balance, load: `${facts.load} kW`, age: facts.heard };
  };
  const idAt = (index: number) => selection.shownIds.value[index] ?? 0;
  const draw = () => board.value?.draw();

  function source(): void {
    const feed = meters.feed.value;
    board.value?.setSource(
      feed && {
        layout: layout.value,
        store: feed.store,
        rows: meters.rows.value,
        peakW: feed.layout.meters.peakW,
        versionOf: meters.versionOf,
        words: wordsOf,
        selected: (index) => selection.has(idAt(index)),
        cursor: () => (document.activeElement === host.value ? selection.cursor.value : -1),
        progress: (index) => options.progressOf(idAt(index)),
      },
    );
    draw();
  }
  function dress(): void {
    const style = getComputedStyle(document.documentElement);
    board.value?.setPalette(createPalette((name) => style.getPropertyValue(name)));
    draw();
  }

  onMounted(() => {
    const element = host.value;
    if (element === null || canvas.value === null) return;
    board.value = createTilesCanvas(canvas.value);
    dress();
    observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
      board.value?.resize(element.clientWidth, element.clientHeight, devicePixelRatio);
      source();
    });
    observer.observe(element);
  });
  onBeforeUnmount(() => observer?.disconnect());
  watch([layout, meters.rows], source);
  watch([selection.selection, selection.cursor], draw);
  watch(meters.tick, () => board.value?.drawChanged());
  watch(() => settings.theme, dress, { flush: 'post' });

  return {
    draw,
    /** The tile under the cursor in words, for whoever cannot see the canvas. */
    spoken(): string {
      const slot = meters.rows.value[selection.cursor.value];
      const facts = slot === undefined ? undefined : factsOf(slot);
      if (slot === undefined || facts === undefined) return '';
      const table = meters.table.value;
      return [
        ...[
          table?.roomText[slot],
          table?.customer[slot],
          facts.known ? t(`state.${facts.state}`) : t('grid.awaited'),
        ].filter(Boolean),
        facts.balance,
        `${facts.load} kW`,
      ].join(', ');
    },
    scroll(): void {
      board.value?.scroll(host.value?.scrollTop ?? 0);
      draw();
    },
  };
}
