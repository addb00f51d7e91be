type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

/**
 * Colour vision deficiencies at full severity, on linear RGB (Machado, Oliveira, Fernandes 2009, table 1).
 * `none` is the eye without a deficiency.
 */
export const DEFICIENCIES: Readonly<Record<string, Matrix>> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2). */
export function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(linear(a)), luminance(linear(b))].toSorted((x, y) => y - x);
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

/** CIE76 distance of two `#rrggbb` colours as seen through a deficiency. */
export function distance(a: string, b: string, matrix: Matrix): number {
  const [l1, a1, b1] = lab(seen(linear(a), matrix));
  const [l2, a2, b2] = lab(seen(linear(b), matrix));
  return Math.hypot(l1 - l2, a1 - a2, b1 - b2);
}

function linear(hex: string): Vector {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function luminance([r, g, b]: Vector): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function times([x, y, z]: Vector, row: Vector): number {
  return row[0] * x + row[1] * y + row[2] * z;
}

function seen(rgb: Vector, matrix: Matrix): Vector {
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  return [clamp(times(rgb, matrix[0])), clamp(times(rgb, matrix[1])), clamp(times(rgb, matrix[2]))];
}

/** Linear sRGB to CIELAB under D65. */
function lab(rgb: Vector): Vector {
  const curve = (t: number): number => (t > 216 / 24_389 ? Math.cbrt(t) : (24_389 / 27 / 116) * t + 16 / 116);
  const x = curve(times(rgb, [0.4124564, 0.3575761, 0.1804375]) / 0.95047);
  const y = curve(times(rgb, [0.2126729, 0.7151522, 0.072175]));
  const z = curve(times(rgb, [0.0193339, 0.119192, 0.9503041]) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
