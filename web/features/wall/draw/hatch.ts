/** Diagonal hatch of `colour`, as a pattern of this canvas; `unit` = device px per CSS px. */
export function createHatch(
  ctx: CanvasRenderingContext2D,
  colour: string,
  side: number,
  unit: number,
): CanvasPattern | null {
  const size = Math.max(3, Math.round(Math.min(7, Math.max(3, side / 3)) * unit));
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  if (pen === null) return null;
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.62;
  pen.lineWidth = Math.max(1, size * 0.2);
  pen.beginPath();
  // The line and its neighbours across the edges, so that the pattern joins.
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat');
}
