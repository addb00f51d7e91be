// @vitest-environment node
import { expect, test } from 'vitest';
import { DISPLAY_STATES, type DisplayState, PROTECTION_STATES } from '#domain/meterState.ts';
import { hatchSize, paintHatch } from '../../../web/features/wall/draw/hatch.ts';
import { createPalette, type Palette } from '../../../web/features/wall/draw/palette.ts';
import { paintTile } from '../../../web/features/wall/draw/tilePainter.ts';
import type { TileView } from '../../../web/features/wall/draw/tileView.ts';
import { packToFit } from '../../../web/features/wall/layout/packWall.ts';
import { createScene } from '../../../web/features/wall/layout/scene.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { wallMetrics } from '../../../web/features/wall/wallMetrics.ts';
import { contrast } from '../../support/colour.ts';
import { paletteOf, THEMES } from '../support/tokens.ts';
import { difference, Raster } from './raster.ts';
import { type BuildingSpec, layoutOf, QUIET } from './support.ts';

/** Type of a screen that is read from three metres against that of a desk, as the tokens have it from 2,800 px on. */
const FAR = 26 / 16;
const FILLS = ['--ground', '--surface-1', '--opened-idle', '--opened-busy', '--alarm-1', '--alarm-2', '--arrears'];
/**
 * Every fill is black, everything drawn on it white: what is left when nobody sees colours. The outline of an empty window is
 * grey, since it is three times paler than marks and rings in both themes, which eyes without colours see as well.
 */
const COLOURLESS = createPalette((name) => {
  if (name === '--font') return 'sans-serif';
  return name === '--not-opened' ? '#808080' : FILLS.includes(name) ? '#000000' : '#ffffff';
});

interface Size {
  readonly side: number;
  readonly tall: number;
  readonly unit: number;
}

/** What a tile is on the screen, pixel by pixel. */
function painted({ side, tall, unit }: Size, over: Partial<TileView>, palette: Palette = COLOURLESS): Raster {
  const weave = new Raster(hatchSize(side, unit), hatchSize(side, unit));
  paintHatch(weave.pen(), palette.hatch, weave.width);
  const raster = new Raster(side, tall, palette.ground);
  const paint = { ctx: raster.pen(), palette, hatch: weave.pattern(), pulseOn: true };
  paintTile(paint, { x: 0, y: 0, side, tall, unit }, { ...QUIET, ...over }, undefined);
  return raster;
}

/** Pairs of pictures that differ by fewer pixels than anybody can be asked to see. */
function alike(pictures: ReadonlyMap<string, Raster>, least: number): readonly string[] {
  const all = [...pictures];
  return all.flatMap(([name, one], index) =>
    all
      .slice(index + 1)
      .filter(([, other]) => difference(one, other) < least)
      .map(([other]) => `${name} = ${other}`),
  );
}

/** Tiles of an estate that fills a 4K wall, device px. */
function tilesOf(properties: number, specs: readonly BuildingSpec[]): Size {
  const models = Array.from({ length: properties }, (_, index) => wallModel(layoutOf(specs, 0, index + 1)));
  const metrics = wallMetrics(3_140, FAR, 3, false, 'en', 'shared');
  const { side, tall, size } = createScene(packToFit(models, { width: 3_140, height: 2_076 }, metrics));
  expect(size).toBeGreaterThanOrEqual(20_000);
  return { side, tall, unit: FAR };
}
const towers = (count: number, floors: number, rooms: number, feeders = 0) =>
  Array.from({ length: count }, (_, index) => ({ name: `Tower ${index + 1}`, floors, rooms, feeders }));
/** Twenty thousand meters on 4K: eight properties with their titles between them, and one alone. */
const FULL_WALLS: readonly (readonly [name: string, size: Size])[] = [
  ['eight properties', tilesOf(8, towers(5, 25, 20))],
  ['one property', tilesOf(1, towers(12, 28, 59, 15))],
];
const SMALL: readonly (readonly [name: string, size: Size])[] = [
  ...FULL_WALLS,
  ...[8, 9, 11, 13, 16].map((side) => [`${side} px`, { side, tall: side, unit: 1 }] as const),
  ...[13, 16, 21, 27].map((side) => [`${side} px, large type`, { side, tall: side, unit: FAR }] as const),
].filter(([, { side, unit }]) => side / unit < 17);

test('the fullest walls are those that this is about', () => {
  expect(FULL_WALLS.map(([, { side }]) => side)).toEqual([8, 11]);
});

test.each([...SMALL, ...[4, 5, 6, 7].map((side) => [`${side} px`, { side, tall: side, unit: 1 }] as const)])(
  '%s: every two states differ by their drawing, without any colour',
  (_, size) => {
    const pictures = (unacknowledged: boolean) =>
      new Map(DISPLAY_STATES.map(({ key }) => [key, painted(size, { state: key, unacknowledged })] as const));
    expect(alike(pictures(false), 2)).toEqual([]);
    expect(alike(pictures(true), 1)).toEqual([]);
  },
);

test.each(SMALL)('%s: every state with every set of marks is a picture of its own', (_, size) => {
  const pictures = new Map<string, Raster>();
  for (const { key: state } of DISPLAY_STATES)
    for (const relay of ['closed', 'relayOpen', 'relayDisagrees'] as const)
      for (const protection of PROTECTION_STATES)
        for (const mark of ['', 'commandInFlight', 'unacknowledged', 'both'] as const) {
          const marks = {
            ...(relay === 'closed' ? {} : { [relay]: true }),
            commandInFlight: mark === 'commandInFlight' || mark === 'both',
            unacknowledged: mark === 'unacknowledged' || mark === 'both',
          };
          pictures.set([state, relay, protection, mark].join(' '), painted(size, { state, protection, ...marks }));
        }
  expect(alike(pictures, 1)).toEqual([]);
});

test.each(SMALL)('%s: on a quiet tile no two marks are taken for each other', (_, size) => {
  const marks: Readonly<Record<string, Partial<TileView>>> = {
    none: {},
    'relay open': { relayOpen: true },
    'relay disagrees': { relayDisagrees: true },
    shield: { protection: 'forcedClosed' },
    lock: { protection: 'forcedOpen' },
    'window without cuts': { protection: 'noCutWindow' },
    command: { commandInFlight: true },
    unacknowledged: { unacknowledged: true },
  };
  const pictures = new Map(Object.entries(marks).map(([name, mark]) => [name, painted(size, mark)] as const));
  expect(alike(pictures, 3)).toEqual([]);
});

test.each(THEMES)('%s: a mark on a quiet tile stands out by 3:1, however busy the tile is', (theme) => {
  const palette = paletteOf(theme);
  const size = { side: 8, tall: 10, unit: FAR };
  for (const [glow, fill] of palette.glow.entries()) {
    const { pixels } = painted(
      size,
      { glow, relayOpen: true, protection: 'forcedOpen', commandInFlight: true },
      palette,
    );
    const marks = pixels.filter((pixel) => pixel !== fill);
    expect(marks.length).toBeGreaterThan(10);
    expect(marks.filter((pixel) => contrast(pixel ?? fill, fill) < 3)).toEqual([]);
  }
});

const LAST_STATES = DISPLAY_STATES.map(({ key }) => key).filter((key) => key !== 'lost');
const SIZES: readonly (readonly [name: string, size: Size])[] = [
  ...SMALL,
  ['30 px', { side: 30, tall: 30, unit: 1 }],
  ['37 px', { side: 37, tall: 37, unit: 1 }],
];

test.each(THEMES)('%s: the hatch stands out by 3:1 from the ground, and from every fill that it lies on', (theme) => {
  const { hatch, ground, faded } = paletteOf(theme);
  const under = [ground, ...LAST_STATES.map((state) => faded[state])];
  expect(under.filter((fill) => contrast(hatch, fill) < 3)).toEqual([]);
});

/** Not one stray pixel, but lines over a good part of the tile. */
const LINES = 0.15;
test.each(SIZES)('%s: what is painted of a lost tile is lines of the full colour of the hatch', (_, size) => {
  const palette = paletteOf('light');
  const share = (lastState: DisplayState) => {
    const { pixels } = painted(size, { state: 'lost', lastState }, palette);
    return pixels.filter((pixel) => pixel === palette.hatch).length / pixels.length;
  };
  expect(LAST_STATES.filter((lastState) => share(lastState) < LINES)).toEqual([]);
});
