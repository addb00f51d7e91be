/** How a bench is judged: `most` for costs (value or ratio at most so much), `least` for shares of a limit. */
export interface Aim {
  readonly of: 'value' | 'ratio';
  readonly most?: number;
  readonly least?: number;
}

/** A further figure that is judged as well: the aim holds only when each of them holds. */
export interface AlsoJudged {
  readonly what: string;
  readonly value: number;
  readonly most?: number;
  readonly least?: number;
}

/** What one run of a bench measured. */
export interface Measured {
  readonly value: number;
  /** Measured in the same run, by the bare means that the row's README line names; absent where there is none. */
  readonly limit?: number;
  /** As the aim wants it: a share of the limit, or a multiple of it. */
  readonly ratio?: number;
  readonly also?: readonly AlsoJudged[];
  /** Further figures for the eye: printed above the last line, never judged. */
  readonly notes?: Readonly<Record<string, number | string>>;
}

/** One row of the table of figures. */
export interface Bench {
  readonly name: string;
  /** One line: the work, and what the limit is. */
  readonly what: string;
  readonly unit: string;
  readonly aim: Aim;
  /** Says what it is doing; the figures come as the result. */
  run(say: (line: string) => void): Promise<Measured>;
}

/** True when the aim holds and all that is judged as well; `undefined` of a figure that the aim needs is a failure. */
export function holds({ of, ...bounds }: Aim, { value, ratio, also = [] }: Measured): boolean {
  const figure = of === 'value' ? value : ratio;
  return isWithin(figure, bounds) && also.every((judged) => isWithin(judged.value, judged));
}

function isWithin(figure: number | undefined, { most, least }: Omit<Aim, 'of'>): boolean {
  if (figure === undefined || !Number.isFinite(figure)) return false;
  return (most === undefined || figure <= most) && (least === undefined || figure >= least);
}

/** The aim in words: "≤ 0.5" or "ratio ≥ 0.7". */
export function aimText({ of, ...bounds }: Aim): string {
  return `${of === 'ratio' ? 'ratio ' : ''}${boundsText(bounds)}`;
}

/** "bytes a screen and second: 5012 (aim ≤ 8000)", and whether it was missed. */
export function judgedText(judged: AlsoJudged): string {
  const missed = isWithin(judged.value, judged) ? '' : ', missed';
  return `${judged.what}: ${rounded(judged.value)} (aim ${boundsText(judged)}${missed})`;
}

function boundsText({ most, least }: Omit<Aim, 'of'>): string {
  return [least === undefined ? '' : `≥ ${least}`, most === undefined ? '' : `≤ ${most}`].filter(Boolean).join(', ');
}

/** Four significant digits: more would only be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
