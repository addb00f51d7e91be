import type { ZonedCalendar } from './calendar.ts';

/** Rates are of ten minutes, as EEMUA 191 has them. */
export const INTERVAL_MINUTES = 10;
const MINUTE_MS = 60_000;
const INTERVAL_MS = INTERVAL_MINUTES * MINUTE_MS;

/** A flood begins with more alarms than this in ten minutes for each operator, */
export const FLOOD_ABOVE = 10;
/** and ends with fewer than this. */
export const FLOOD_UNTIL_BELOW = 5;

export interface Shift {
  /** 0 is the first of the day. */
  readonly index: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The shift that runs at an instant. `starts`: times of day "HH:MM" of the property's clock, ascending; the last shift
 * of a day runs into the next one. A day on which the clocks change has one shift that is an hour shorter or longer.
 */
export function shiftAt(calendar: ZonedCalendar, starts: readonly string[], atMs: number): Shift {
  const days = [-1, 0, 1].map((step) => calendar.startOfDayAfter(atMs, step));
  const all = days.flatMap((dayMs) =>
    starts.map((start, index) => ({ index, fromMs: timeOfDay(calendar, dayMs, minutesOf(start)) })),
  );
  const next = all.findIndex(({ fromMs }) => fromMs > atMs);
  const running = all[next - 1];
  const following = all[next];
  if (running === undefined || following === undefined) throw new RangeError('no shift begins in three days');
  return { ...running, toMs: following.fromMs };
}

function minutesOf(start: string): number {
  const [hours = 0, minutes = 0] = start.split(':').map(Number);
  return hours * 60 + minutes;
}

/** The instant at which the clock on the wall shows so many minutes after midnight; after a gap in it, as much later. */
function timeOfDay(calendar: ZonedCalendar, dayMs: number, minutes: number): number {
  const guessMs = dayMs + minutes * MINUTE_MS;
  return guessMs - (calendar.offsetMs(guessMs) - calendar.offsetMs(dayMs));
}

/** Alarms in each minute from `fromMs` until `untilMs`, from how many came in which minute since epoch. */
export function perMinute(counts: ReadonlyMap<number, number>, fromMs: number, untilMs: number): readonly number[] {
  const first = Math.floor(fromMs / MINUTE_MS);
  const minutes = Math.max(0, Math.ceil((untilMs - fromMs) / MINUTE_MS));
  return Array.from({ length: minutes }, (_, minute) => counts.get(first + minute) ?? 0);
}

export interface Flood {
  readonly fromMs: number;
  readonly toMs: number;
  readonly raised: number;
}

export interface RateFigures {
  readonly raised: number;
  readonly per10Min: readonly number[];
  readonly averagePer10Min: number;
  readonly peakPer10Min: number;
  readonly floods: readonly Flood[];
  readonly floodMinutes: number;
  readonly floodShare: number;
}

/**
 * The rates of a stretch of time after EEMUA 191, from the alarms in each of its minutes. Ten-minute intervals begin with
 * it; the last may be shorter. `floodShare` is of the time, 0 to 1.
 */
export function rateFigures(minutes: readonly number[], fromMs: number, operators: number): RateFigures {
  const per10Min = Array.from({ length: Math.ceil(minutes.length / INTERVAL_MINUTES) }, (_, interval) =>
    sum(minutes.slice(interval * INTERVAL_MINUTES, (interval + 1) * INTERVAL_MINUTES)),
  );
  const endMs = fromMs + minutes.length * MINUTE_MS;
  const floods = floodsOf(per10Min, fromMs, endMs, operators);
  const raised = sum(minutes);
  const floodMinutes = sum(floods.map((flood) => (flood.toMs - flood.fromMs) / MINUTE_MS));
  return {
    raised,
    per10Min,
    averagePer10Min: minutes.length === 0 ? 0 : (raised * INTERVAL_MINUTES) / minutes.length,
    peakPer10Min: Math.max(0, ...per10Min),
    floods,
    floodMinutes,
    floodShare: minutes.length === 0 ? 0 : floodMinutes / minutes.length,
  };
}

function floodsOf(per10Min: readonly number[], fromMs: number, endMs: number, operators: number): readonly Flood[] {
  const floods: Flood[] = [];
  let running = false;
  for (const [interval, raised] of per10Min.entries()) {
    running = raised > FLOOD_ABOVE * operators || (running && raised >= FLOOD_UNTIL_BELOW * operators);
    if (!running) continue;
    const startMs = fromMs + interval * INTERVAL_MS;
    const toMs = Math.min(startMs + INTERVAL_MS, endMs);
    const last = floods.at(-1);
    if (last?.toMs === startMs) floods[floods.length - 1] = { ...last, toMs, raised: last.raised + raised };
    else floods.push({ fromMs: startMs, toMs, raised });
  }
  return floods;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
