import { mix } from '../../../web/features/wall/draw/palette.ts';

/** A pattern of the raster pen: another raster, repeated. */
const PATTERNS = new WeakMap<object, Raster>();

/** Pixels of a small canvas, each a `#rrggbb`. It knows whole-pixel rectangles, frames and patterns: what small tiles are drawn with. */
export class Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: (string | undefined)[];
  /** What was asked for and is not drawn: words, curves. */
  readonly beyond: string[] = [];

  constructor(width: number, height: number, ground?: string) {
    this.width = width;
    this.height = height;
    this.pixels = Array.from({ length: width * height }, () => ground);
  }

  /** A pen on this raster that draws as a canvas would. */
  pen(): CanvasRenderingContext2D {
    const state: Record<string, unknown> = {
      globalAlpha: 1,
      lineWidth: 1,
      fillStyle: '#000000',
      strokeStyle: '#000000',
    };
    const fill = (style: unknown, x: number, y: number, width: number, height: number) =>
      this.#fill(style, Number(state['globalAlpha']), [x, y, width, height]);
    const verbs: Readonly<Record<string, (...args: number[]) => void>> = {
      fillRect: (x = 0, y = 0, width = 0, height = 0) => fill(state['fillStyle'], x, y, width, height),
      strokeRect: (x = 0, y = 0, width = 0, height = 0) => {
        const weight = Number(state['lineWidth']);
        const [left, top, style] = [x - weight / 2, y - weight / 2, state['strokeStyle']];
        fill(style, left, top, width + weight, weight);
        fill(style, left, top + height, width + weight, weight);
        fill(style, left, top + weight, weight, height - weight);
        fill(style, left + width, top + weight, weight, height - weight);
      },
      setLineDash: () => {},
    };
    const pen = new Proxy(
      {},
      {
        get: (_, name) => state[String(name)] ?? verbs[String(name)] ?? (() => this.beyond.push(String(name))),
        set: (_, name, value) => {
          state[String(name)] = value;
          return true;
        },
      },
    );
    return pen as CanvasRenderingContext2D;
  }

  #fill(style: unknown, alpha: number, [x, y, width, height]: readonly [number, number, number, number]): void {
    if ([x, y, width, height].some((value) => !Number.isInteger(value)))
      throw new RangeError(`between pixels: ${x} ${y} ${width} ${height}`);
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      for (let column = Math.max(0, x); column < Math.min(this.width, x + width); column++) {
        const ink = typeof style === 'object' && style !== null ? PATTERNS.get(style)?.at(column, row) : String(style);
        if (ink === undefined) continue;
        const at = row * this.width + column;
        const under = this.pixels[at];
        if (alpha !== 1 && under === undefined) throw new RangeError('nobody can say what will be seen through it');
        this.pixels[at] = alpha === 1 || under === undefined ? ink : mix(under, ink, alpha);
      }
    }
  }

  /** The pixel of the raster repeated without end. */
  at(x: number, y: number): string | undefined {
    return this.pixels[(y % this.height) * this.width + (x % this.width)];
  }

  pattern(): CanvasPattern {
    const pattern = {};
    PATTERNS.set(pattern, this);
    return pattern as CanvasPattern;
  }
}

/** How many pixels of two pictures of one size differ; where words or curves do, more than anybody asks for. */
export function difference(a: Raster, b: Raster): number {
  if (a.beyond.join() !== b.beyond.join()) return Number.POSITIVE_INFINITY;
  return a.pixels.reduce((count, pixel, index) => count + (pixel === b.pixels[index] ? 0 : 1), 0);
}
