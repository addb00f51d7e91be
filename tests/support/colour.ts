type Triple = readonly [number, number, number];

/** Ways to see colours; `none` is the eye without a deficiency. */
export const DEFICIENCIES = ['none', 'deuteranopia', 'protanopia', 'tritanopia'] as const;
export type Deficiency = (typeof DEFICIENCIES)[number];

/** Full dichromacy in linear RGB: Machado, Oliveira, Fernandes 2009, severity 1.0. */
const MATRICES: Readonly<Record<Deficiency, readonly [Triple, Triple, Triple]>> = {
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

const linear = (byte: number) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const dot = (row: Triple, value: Triple) => row[0] * value[0] + row[1] * value[1] + row[2] * value[2];
const part = (hex: string, at: number) => linear(Number.parseInt(hex.slice(at, at + 2), 16));
const linearOf = (hex: string): Triple => [part(hex, 1), part(hex, 3), part(hex, 5)];

function luminance(hex: string): number {
  return dot([0.2126, 0.7152, 0.0722], linearOf(hex));
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2). */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

/** Distance of two `#rrggbb` colours in OKLab (Ottosson 2020) as somebody with the deficiency sees them. */
export function distance(a: string, b: string, deficiency: Deficiency): number {
  const [p, q] = [okLab(seenWith(a, deficiency)), okLab(seenWith(b, deficiency))];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function seenWith(hex: string, deficiency: Deficiency): Triple {
  const value = linearOf(hex);
  const [r, g, b] = MATRICES[deficiency];
  const bounded = (amount: number) => Math.min(1, Math.max(0, amount));
  return [bounded(dot(r, value)), bounded(dot(g, value)), bounded(dot(b, value))];
}

function okLab(rgb: Triple): Triple {
  const l = Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], rgb));
  const m = Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], rgb));
  const s = Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], rgb));
  const lms: Triple = [l, m, s];
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], lms),
    dot([1.9779984951, -2.428592205, 0.4505937099], lms),
    dot([0.0259040371, 0.7827717662, -0.808675766], lms),
  ];
}
