import type { ChartPoint, Span } from './trendSeries.ts';

/** Where a small chart draws: its span of time, its span of values, its box in px. */
export interface SparkFrame {
  readonly range: Span;
  readonly low: number;
  readonly high: number;
  readonly width: number;
  readonly height: number;
}

export const sparkX = (frame: SparkFrame, atMs: number): number =>
  ((atMs - frame.range.fromMs) / (frame.range.toMs - frame.range.fromMs)) * frame.width;

export const sparkY = (frame: SparkFrame, value: number): number =>
  frame.height - ((value - frame.low) / (frame.high - frame.low || 1)) * frame.height;

/** SVG path of a line; it is lifted over every null, so that a gap stays a gap. */
export function sparkPath(points: readonly ChartPoint[], frame: SparkFrame): string {
  let path = '';
  let down = false;
  for (const [atMs, value] of points) {
    if (value === null) {
      down = false;
      continue;
    }
    path += `${down ? 'L' : 'M'}${sparkX(frame, atMs).toFixed(1)} ${sparkY(frame, value).toFixed(1)}`;
    down = true;
  }
  return path;
}

/** Room above and below the values, as a share of their span. */
const MARGIN = 0.15;

/** The span of values that a small chart shows: everything drawn and the limit, with a margin; never flat. */
export function sparkBounds(
  lines: readonly (readonly ChartPoint[])[],
  limit: number | undefined,
): { low: number; high: number } {
  const values = lines.flatMap((points) => points.flatMap(([, value]) => (value === null ? [] : [value])));
  if (limit !== undefined) values.push(limit);
  if (values.length === 0) return { low: 0, high: 1 };
  const least = Math.min(...values);
  const most = Math.max(...values);
  const margin = (most - least || Math.abs(most) || 1) * MARGIN;
  return { low: least >= 0 ? Math.max(0, least - margin) : least - margin, high: most + margin };
}
