/** How a bench is judged: `most` for costs (value or ratio at most so much), `least` for shares of a limit. */
export interface Aim {
  readonly of: 'value' | 'ratio';
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

/** True when the aim holds; `undefined` of a figure that the aim needs is a failure. */
export function holds({ of, most, least }: Aim, { value, ratio }: Measured): boolean {
  const figure = of === 'value' ? value : ratio;
  if (figure === undefined || !Number.isFinite(figure)) return false;
  return (most === undefined || figure <= most) && (least === undefined || figure >= least);
}

/** The aim in words: "≤ 0.5" or "ratio ≥ 0.7". */
export function aimText({ of, most, least }: Aim): string {
  const bounds = [least === undefined ? '' : `≥ ${least}`, most === undefined ? '' : `≤ ${most}`].filter(Boolean);
  return `${of === 'ratio' ? 'ratio ' : ''}${bounds.join(', ')}`;
}

/** Four significant digits: more would only be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
