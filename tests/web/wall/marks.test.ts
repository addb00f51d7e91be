// @vitest-environment node
import { expect, test } from 'vitest';
import { DISPLAY_STATES, type DisplayState } from '#domain/meterState.ts';
import { createPalette } from '../../../web/features/wall/draw/palette.ts';
import { paintTile } from '../../../web/features/wall/draw/tilePainter.ts';
import type { TileView } from '../../../web/features/wall/draw/tileView.ts';
import { QUIET } from './support.ts';

/** A pen that notes what is drawn where, and in no colour. */
function colourlessPen() {
  const strokes: string[] = [];
  const pen = new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'globalAlpha'
          ? 1
          : (...args: readonly unknown[]) => {
              strokes.push(`${String(name)} ${args.join(' ')}`);
              return { width: 0 };
            },
      set: () => true,
    },
  );
  return { pen: pen as CanvasRenderingContext2D, strokes };
}

const palette = createPalette((name) => (name === '--font' ? 'sans-serif' : '#808080'));
const HATCH = {} as CanvasPattern;

function drawn(side: number, state: DisplayState, over: Partial<TileView> = {}): string {
  const { pen, strokes } = colourlessPen();
  const view: TileView = { ...QUIET, state, ...over };
  const paint = { ctx: pen, palette, hatch: HATCH, pulseOn: true };
  paintTile(paint, { x: 0, y: 0, side, tall: side, unit: 1 }, view, undefined);
  return strokes.join('\n');
}

/** From the tiles of twenty thousand on one screen to those that fill a hand. */
test.each([8, 14, 30, 90])('on tiles of %i px every two states are drawn differently, colours apart', (side) => {
  const pictures = DISPLAY_STATES.map(({ key }) => drawn(side, key));
  expect(new Set(pictures).size).toBe(DISPLAY_STATES.length);
});

test.each([12, 30, 90])('on tiles of %i px every mark is seen, and no two marks are the same', (side) => {
  const marks: readonly Partial<TileView>[] = [
    {},
    { relayOpen: true },
    { protection: 'forcedClosed' },
    { commandInFlight: true },
    { unacknowledged: true },
  ];
  const pictures = marks.map((mark) => drawn(side, 'opened', mark));
  expect(new Set(pictures).size).toBe(marks.length);
});

test.each([30, 90])('on tiles of %i px the shield, the lock and the window without cuts are three signs', (side) => {
  const signs = (['forcedClosed', 'forcedOpen', 'noCutWindow'] as const).map((protection) =>
    drawn(side, 'opened', { protection }),
  );
  expect(new Set(signs).size).toBe(3);
});
