import type { DoctorLine, DoctorSheet, LineVerdict } from '#contract/index.ts';
import { LOSSES, lossOf, type TimePart } from '#domain/busFacts.ts';
import { wholeParts } from '#domain/wholeParts.ts';

/** Parts in which the line is occupied: those of one round. */
export const OCCUPIED: readonly TimePart[] = ['wire', 'reply', 'pause', 'silence', 'damaged'];
/** As they are drawn: work first, then what is lost, then rest. */
export const DRAWN: readonly TimePart[] = ['wire', 'reply', 'pause', 'silence', 'damaged', 'closed', 'idle'];

export const SECOND_MS = 1_000;
const TENTHS = 10;

/** Time of the window that was lost to silence, damage and a closed way. */
export function lostMs({ parts }: Pick<DoctorLine, 'parts'>): number {
  return lossOf(parts);
}

/** The same in seconds, as the table behind the bar shows it: the sum of what its rows of losses say. */
export function lostSeconds(line: Pick<DoctorLine, 'parts' | 'observedMs'>): number {
  const tenthsLost = timeRows(line)
    .filter(({ part }) => LOSSES.includes(part))
    .reduce((sum, { seconds }) => sum + Math.round(seconds * TENTHS), 0);
  return tenthsLost / TENTHS;
}

/** A row of the table behind the bar: tenths of a second and of a per cent that add up to the totals shown. */
export interface TimeRow {
  readonly part: TimePart;
  readonly ms: number;
  readonly seconds: number;
  readonly percent: number;
}

/** The parts of the window as they are shown; both columns add up to `seconds` in all and to 100 %. */
export function timeRows({ parts, observedMs }: Pick<DoctorLine, 'parts' | 'observedMs'>): readonly TimeRow[] {
  const seconds = tenths(
    DRAWN.map((part) => parts[part] / SECOND_MS),
    observedMs / SECOND_MS,
  );
  const percent =
    observedMs === 0
      ? DRAWN.map(() => 0)
      : tenths(
          DRAWN.map((part) => (100 * parts[part]) / observedMs),
          100,
        );
  return DRAWN.map((part, index) => ({
    part,
    ms: parts[part],
    seconds: seconds[index] ?? 0,
    percent: percent[index] ?? 0,
  }));
}

/** Figures to one decimal that add up to `total` to one decimal. */
export function tenths(figures: readonly number[], total: number): readonly number[] {
  const whole = wholeParts(
    figures.map((figure) => figure * TENTHS),
    Math.round(total * TENTHS),
  );
  return whole.map((tenth) => tenth / TENTHS);
}

/** One piece of a round, ms. */
export interface RoundPart {
  readonly part: TimePart;
  readonly ms: number;
}

/** The mean round of a line in pieces; they add up to its cycle. Nothing when no meter was read. */
export function roundParts({ parts, cycleMs }: Pick<DoctorLine, 'parts' | 'cycleMs'>): readonly RoundPart[] {
  const occupiedMs = OCCUPIED.reduce((sum, part) => sum + parts[part], 0);
  if (cycleMs === undefined || occupiedMs === 0) return [];
  return OCCUPIED.map((part) => ({ part, ms: (parts[part] / occupiedMs) * cycleMs }));
}

/** A round longer than so many times what the longest wire takes runs out of its bar; the others stay readable. */
const SCALE_RATIO_MAX = 4;

/** What a bar's whole length means in a list, so that all bars have one scale. */
export function roundScaleMs(lines: readonly Pick<DoctorLine, 'cycleMs' | 'cycleLimitMs'>[]): number {
  const longestMs = Math.max(1, ...lines.map(({ cycleMs = 0 }) => cycleMs));
  const longestLimitMs = Math.max(1, ...lines.map(({ cycleLimitMs = 0 }) => cycleLimitMs));
  return Math.min(longestMs, SCALE_RATIO_MAX * longestLimitMs);
}

/** How many times the wire's least a round takes. */
export function cycleRatio({
  cycleMs,
  cycleLimitMs,
}: Pick<DoctorLine, 'cycleMs' | 'cycleLimitMs'>): number | undefined {
  return cycleMs === undefined || cycleLimitMs === undefined || cycleLimitMs === 0 ? undefined : cycleMs / cycleLimitMs;
}

export type MeterRow = DoctorSheet['meters'][number];
/** What a meter cost beyond its work. */
export const meterLostMs = ({ silenceMs, damagedMs }: MeterRow): number => silenceMs + damagedMs;

/** Meters by what they cost, and the columns in tenths of a second that add up to those of the line. */
export function lossRows(sheet: Pick<DoctorSheet, 'meters' | 'parts' | 'observedMs'>) {
  const { meters } = sheet;
  const totals = new Map(timeRows(sheet).map(({ part, seconds }) => [part, seconds]));
  const sorted = meters.toSorted((a, b) => meterLostMs(b) - meterLostMs(a) || a.unitAddress - b.unitAddress);
  const column = (of: (meter: MeterRow) => number, part: TimePart) =>
    tenths(
      sorted.map((meter) => of(meter) / SECOND_MS),
      totals.get(part) ?? 0,
    );
  const silence = column(({ silenceMs }) => silenceMs, 'silence');
  const damaged = column(({ damagedMs }) => damagedMs, 'damaged');
  return sorted.map((meter, index) => ({ meter, silenceS: silence[index] ?? 0, damagedS: damaged[index] ?? 0 }));
}

export const VERDICT_ORDER: readonly LineVerdict[] = [
  'closed',
  'overrun',
  'dead',
  'lossy',
  'slow',
  'waiting',
  'healthy',
  'stopped',
];
/** Verdicts that are shown quietly: nothing is to be done. */
export const QUIET: ReadonlySet<LineVerdict> = new Set<LineVerdict>(['waiting', 'healthy', 'stopped']);
