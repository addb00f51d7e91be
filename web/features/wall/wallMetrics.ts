import type { Language } from '../../i18n/index.ts';
import { nameIn } from '../../ui/format.ts';
import type { WallMetrics } from './layout/packWall.ts';
import type { WallBuilding } from './layout/wallModel.ts';

const CHARACTER_PX = 7.2;
const LABEL_PX_MIN = 108;
const LATIN_PX = 8.4;
const HAN_PX = 14.5;

/** About how wide a building's name is, CSS px; Chinese is twice as wide. */
function textPx(text: string): number {
  return Array.from(text).reduce(
    (sum, character) => sum + ((character.codePointAt(0) ?? 0) > 0x2e80 ? HAN_PX : LATIN_PX),
    0,
  );
}

/** A wall so wide has its full distances; smaller ones move closer together. */
const FULL_WIDTH_PX = 1_400;
const CLOSEST = 0.6;

/**
 * Distances of a wall of `width` CSS px for a type scale (1 = 16 px); `floorCharacters` = length of the longest floor label,
 * `shared` = name of the block of the property's own meters.
 */
export function wallMetrics(
  width: number,
  scale: number,
  floorCharacters: number,
  column: boolean,
  language: Language,
  shared: string,
): WallMetrics {
  // A wall is packed some hundred times before it fits best: names are measured once.
  const widths = new Map<WallBuilding, number>();
  const widthOf = (building: WallBuilding): number => {
    const name = building.names === undefined ? shared : nameIn(building.names, language);
    return Math.max(LABEL_PX_MIN, textPx(name)) * scale;
  };
  const room = scale * Math.min(1, Math.max(CLOSEST, width / (FULL_WIDTH_PX * scale)));
  return {
    marginX: column ? 16 * scale : 36 * room,
    marginY: column ? 12 * scale : 28 * room,
    gapX: 34 * room,
    gapY: column ? 18 * scale : 26 * room,
    labelHeight: 56 * scale,
    labelWidth(building) {
      const px = widths.get(building) ?? widthOf(building);
      widths.set(building, px);
      return px;
    },
    floorLabelWidth: Math.min(64, 14 + floorCharacters * CHARACTER_PX) * scale,
    titleHeight: 44 * scale,
    pitchMin: 3,
    pitchMax: 76 * scale,
  };
}
