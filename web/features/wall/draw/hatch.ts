/** Period of the hatch on tiles of `side` device px, device px; `unit` = device px per CSS px of type. */
export function hatchSize(side: number, unit: number): number {
  return Math.max(4, Math.round(Math.min(7 * unit, side / 3)));
}

/**
 * One period of a diagonal hatch, in whole pixels: a line that runs between pixels, or through which the fill shines, is
 * paler than its colour, and pale lines are not seen from far away.
 */
export function paintHatch(
  pen: Pick<CanvasRenderingContext2D, 'fillStyle' | 'fillRect'>,
  colour: string,
  size: number,
) {
  const weight = Math.max(1, Math.round(size * 0.28));
  pen.fillStyle = colour;
  for (let y = 0; y < size; y++) {
    const x = size - 1 - y;
    pen.fillRect(x, y, weight, 1);
    // What leaves on the right comes in on the left, so that the pattern joins.
    pen.fillRect(x - size, y, weight, 1);
  }
}

/** Diagonal hatch of `colour` for tiles of `side` device px, as a pattern of this canvas. */
export function createHatch(
  ctx: CanvasRenderingContext2D,
  colour: string,
  side: number,
  unit: number,
): CanvasPattern | null {
  const size = hatchSize(side, unit);
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  if (pen === null) return null;
  paintHatch(pen, colour, size);
  return ctx.createPattern(tile, 'repeat');
}
