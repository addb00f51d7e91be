import type { WallMetrics } from './layout/packWall.ts';

const CHARACTER_PX = 7.2;

/** Distances of the wall for a type scale (1 = 16 px); `floorCharacters` = length of the longest floor label. */
export function wallMetrics(scale: number, floorCharacters: number, column: boolean): WallMetrics {
  return {
    marginX: (column ? 16 : 36) * scale,
    marginY: (column ? 12 : 28) * scale,
    gapX: 34 * scale,
    gapY: (column ? 18 : 26) * scale,
    labelHeight: 56 * scale,
    labelWidth: 128 * scale,
    floorLabelWidth: Math.min(64, 14 + floorCharacters * CHARACTER_PX) * scale,
    titleHeight: 44 * scale,
    pitchMin: 3,
    pitchMax: 76 * scale,
  };
}
