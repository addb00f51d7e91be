import { onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from 'vue';
import { useSettings } from '../../app/settings.ts';
import { typeScale } from './draw/backdrop.ts';
import { createPalette, type Palette } from './draw/palette.ts';
import type { TileWords } from './draw/tileView.ts';
import { createWallRenderer, type WallRenderer } from './draw/wallRenderer.ts';
import {
  between,
  type Camera,
  clampCamera,
  flattened,
  HOME,
  isFlat,
  scaleMax,
  type Viewport,
} from './layout/camera.ts';
import { packColumn, packToFit } from './layout/packWall.ts';
import { createScene, type Scene } from './layout/scene.ts';
import type { WallFeed } from './useWallFeeds.ts';
import { wallMetrics } from './wallMetrics.ts';

const GLIDE_MS = 260;
const PULSE_MS = 600;
/** Ages written on lost tiles grow old themselves. */
const REFRESH_MS = 20_000;

export interface WallViewOptions {
  readonly canvas: Ref<HTMLCanvasElement | null>;
  readonly host: Ref<HTMLElement | null>;
  readonly feeds: Ref<readonly WallFeed[]>;
  readonly shown: Ref<ReadonlySet<number> | undefined>;
  /** Narrow screens: one column that scrolls, until it is magnified. */
  readonly column: Ref<boolean>;
  readonly words: (scene: Scene, tile: number) => TileWords;
  readonly floorLabel: (names: Scene['buildings'][number]['storeys'][number]['names']) => string;
  /** Name of the block of the property's own meters. */
  readonly sharedName: () => string;
  readonly language: Ref<string>;
}

/** The wall's canvas: packs the scene into the host's size, moves the camera, keeps the renderer. */
export function useWallView(options: WallViewOptions) {
  const settings = useSettings();
  const scene = shallowRef<Scene>();
  const camera = shallowRef<Camera>(HOME);
  const viewport = shallowRef<Viewport>({ width: 0, height: 0 });
  let renderer: WallRenderer | undefined;
  let observer: ResizeObserver | undefined;
  let glide = 0;
  const timers: ReturnType<typeof setInterval>[] = [];

  function rebuild(): void {
    const { width, height } = viewport.value;
    if (renderer === undefined || width === 0 || options.feeds.value.length === 0) {
      scene.value = undefined;
      renderer?.setSource(undefined);
      return;
    }
    const properties = options.feeds.value.map((feed) => feed.model);
    const longest = Math.max(
      0,
      ...properties.flatMap((one) =>
        one.buildings.flatMap((building) => building.floors.map((floor) => options.floorLabel(floor.names).length)),
      ),
    );
    const metrics = wallMetrics(
      width,
      typeScale(),
      longest,
      options.column.value,
      settings.language,
      options.sharedName(),
    );
    const packed = options.column.value
      ? packColumn(properties, width, metrics)
      : packToFit(properties, { width, height }, metrics);
    const next = createScene(packed);
    scene.value = next;
    renderer.setSource({
      scene: next,
      stores: options.feeds.value.map((feed) => feed.store),
      peakW: options.feeds.value.map((feed) => feed.layout.meters.peakW),
      words: (tile) => options.words(next, tile),
      floorLabel: options.floorLabel,
    });
    show(camera.value);
  }

  /** Moves the camera at once; it is kept on the wall. */
  function show(next: Camera): void {
    const now = scene.value;
    if (now === undefined) return;
    camera.value = clampCamera(next, worldOf(now), viewport.value);
    if (options.column.value && isFlat(camera.value)) scrollTo(-camera.value.y);
    renderer?.setCamera(camera.value);
  }

  /** A column that is not magnified stands where it is scrolled to. */
  function scrollTo(top: number): void {
    const host = options.host.value;
    if (host === null) return;
    host.scrollTop = top;
    camera.value = { scale: 1, x: 0, y: -host.scrollTop };
  }

  /** Moves the camera smoothly, so that the eye keeps its place. */
  function glideTo(target: Camera): void {
    cancelAnimationFrame(glide);
    const now = scene.value;
    if (now === undefined) return;
    const from = camera.value;
    // A column that is left by zooming out stays where one looked.
    const ends = options.column.value && isFlat(target) && !isFlat(from) ? flattened(from, viewport.value) : target;
    const to = clampCamera(ends, worldOf(now), viewport.value);
    const startMs = performance.now();
    const step = (atMs: number) => {
      const progress = Math.min(1, Math.max(0, (atMs - startMs) / GLIDE_MS));
      show(between(from, to, progress));
      if (progress < 1) glide = requestAnimationFrame(step);
    };
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) show(to);
    else glide = requestAnimationFrame(step);
  }

  function readPalette(): Palette {
    const style = getComputedStyle(document.documentElement);
    return createPalette((name) => style.getPropertyValue(name));
  }

  function measure(): void {
    const host = options.host.value;
    if (host === null) return;
    // A phone's browser takes its bars away and brings them back: the same column, a little higher.
    const sameColumn = options.column.value && host.clientWidth === viewport.value.width && scene.value !== undefined;
    viewport.value = { width: host.clientWidth, height: host.clientHeight };
    renderer?.resize(host.clientWidth, host.clientHeight, devicePixelRatio);
    if (!sameColumn) camera.value = options.column.value ? { scale: 1, x: 0, y: -host.scrollTop } : HOME;
    rebuild();
  }

  const redraw = () => renderer?.invalidate();
  function onScroll(): void {
    if (!options.column.value || !isFlat(camera.value)) return;
    camera.value = { scale: 1, x: 0, y: -(options.host.value?.scrollTop ?? 0) };
    renderer?.setCamera(camera.value);
  }

  onMounted(() => {
    const { canvas, host } = options;
    if (canvas.value === null || host.value === null) return;
    renderer = createWallRenderer(canvas.value, readPalette());
    observer = new ResizeObserver(measure);
    observer.observe(host.value);
    host.value.addEventListener('scroll', onScroll, { passive: true });
    // Chinese glyphs come in pieces, when they are first needed.
    document.fonts?.addEventListener('loadingdone', redraw);
    const still = matchMedia('(prefers-reduced-motion: reduce)');
    let on = true;
    timers.push(
      setInterval(() => {
        on = !on || still.matches;
        if (!document.hidden && !still.matches) renderer?.pulse(on);
      }, PULSE_MS),
      setInterval(redraw, REFRESH_MS),
    );
  });
  onBeforeUnmount(() => {
    cancelAnimationFrame(glide);
    for (const timer of timers) clearInterval(timer);
    observer?.disconnect();
    options.host.value?.removeEventListener('scroll', onScroll);
    document.fonts?.removeEventListener('loadingdone', redraw);
    renderer?.destroy();
  });

  watch([options.feeds, options.language], () => rebuild());
  watch(options.column, measure);
  watch(options.shown, (shown) => renderer?.setShown(shown));
  watch(
    () => settings.theme,
    () => renderer?.setPalette(readPalette()),
    { flush: 'post' },
  );

  return {
    scene,
    camera,
    viewport,
    show,
    glideTo,
    changed: () => renderer?.changed(),
    scaleMost: () => scaleMax(scene.value?.side ?? 1),
  };
}

function worldOf(scene: Scene): Viewport {
  return { width: scene.packed.width, height: scene.packed.height };
}
