/** Colours and type of a chart, read from the tokens of the theme that is on the screen now. */
export interface ChartPalette {
  readonly text: string;
  readonly label: string;
  readonly hint: string;
  readonly rule: string;
  readonly raised: string;
  readonly ground: string;
  readonly busy: string;
  readonly hatch: string;
  readonly select: string;
  readonly limit: string;
  readonly font: string;
  /** Size of labels, px. */
  readonly fontSize: number;
}

/** Reads the palette where `element` stands. Unknown tokens fall back to the element's own text colour. */
export function readPalette(element: Element): ChartPalette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim() || style.color || '#888888';
  return {
    text: token('--text-1'),
    label: token('--text-2'),
    hint: token('--text-3'),
    rule: token('--line'),
    raised: token('--surface-2'),
    ground: token('--ground'),
    busy: token('--opened-busy'),
    hatch: token('--lost'),
    select: token('--select'),
    limit: token('--alarm-2'),
    font: style.fontFamily,
    fontSize: Number.parseFloat(style.fontSize) || 12,
  };
}

const HATCH_STEP_PX = 6;

/** A diagonal hatch as a canvas pattern: the look of lost contact everywhere. */
export function hatchPattern(color: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = HATCH_STEP_PX;
  canvas.height = HATCH_STEP_PX;
  const pen = canvas.getContext('2d');
  if (!pen) return canvas;
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const shift of [-HATCH_STEP_PX, 0, HATCH_STEP_PX]) {
    pen.moveTo(shift, HATCH_STEP_PX);
    pen.lineTo(shift + HATCH_STEP_PX, 0);
  }
  pen.stroke();
  return canvas;
}
