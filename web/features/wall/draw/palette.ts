import type { DisplayState } from '#domain/meterState.ts';

/** Steps of the quiet tile from idle to busy. */
export const GLOW_STEPS = 12;

/** Colours of the canvas, read from the tokens of the theme in use. */
export interface Palette {
  readonly ground: string;
  readonly surface: string;
  readonly line: string;
  readonly text1: string;
  readonly text2: string;
  readonly text3: string;
  readonly select: string;
  readonly glow: readonly string[];
  /** Fill of a state; the lost and the not opened have none of their own. */
  readonly fill: Readonly<Record<DisplayState, string>>;
  /** The same, quieter: the last known state under the hatch, which stands out from each of them. */
  readonly faded: Readonly<Record<DisplayState, string>>;
  readonly hatch: string;
  readonly outline: string;
  readonly onMark: string;
  readonly fontFamily: string;
}

type Rgb = readonly [number, number, number];

/** `#rrggbb` → its three parts. Throws on any other notation: tokens are written so. */
export function parseHex(hex: string): Rgb {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex.trim());
  if (match === null) throw new RangeError(`not a colour token: ${hex}`);
  const [, r = '0', g = '0', b = '0'] = match;
  return [Number.parseInt(r, 16), Number.parseInt(g, 16), Number.parseInt(b, 16)];
}

/** Between two colours; `share` 0 = the first. */
export function mix(from: string, to: string, share: number): string {
  const a = parseHex(from);
  const b = parseHex(to);
  const part = (index: 0 | 1 | 2) =>
    Math.round(a[index] + (b[index] - a[index]) * share)
      .toString(16)
      .padStart(2, '0');
  return `#${part(0)}${part(1)}${part(2)}`;
}

/** The palette of the tokens that `token` reads, e.g. from `getComputedStyle(document.documentElement)`. */
export function createPalette(token: (name: string) => string): Palette {
  const ground = token('--ground').trim();
  const idle = token('--opened-idle').trim();
  const busy = token('--opened-busy').trim();
  const fill: Record<DisplayState, string> = {
    lost: idle,
    notOpened: ground,
    arrears: token('--arrears').trim(),
    alarm2: token('--alarm-2').trim(),
    alarm1: token('--alarm-1').trim(),
    opened: idle,
  };
  const fade = (state: DisplayState) => mix(ground, fill[state], state === 'opened' || state === 'lost' ? 0.6 : 0.25);
  return {
    ground,
    surface: token('--surface-1').trim(),
    line: token('--line').trim(),
    text1: token('--text-1').trim(),
    text2: token('--text-2').trim(),
    text3: token('--text-3').trim(),
    select: token('--select').trim(),
    glow: Array.from({ length: GLOW_STEPS + 1 }, (_, step) => mix(idle, busy, step / GLOW_STEPS)),
    fill,
    faded: {
      lost: fade('lost'),
      notOpened: ground,
      arrears: fade('arrears'),
      alarm2: fade('alarm2'),
      alarm1: fade('alarm1'),
      opened: fade('opened'),
    },
    hatch: token('--lost').trim(),
    outline: token('--not-opened').trim(),
    onMark: token('--on-mark').trim(),
    fontFamily: token('--font').trim(),
  };
}

/** Step of the glow for a load against the usual peak, W. Without a peak the tile stays idle: silence, not a guess. */
export function glowStep(loadW: number, peakW: number): number {
  if (!(peakW > 0) || !(loadW > 0)) return 0;
  return Math.round(Math.min(1, loadW / peakW) * GLOW_STEPS);
}
