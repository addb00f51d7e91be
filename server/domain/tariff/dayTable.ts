import type { ZonedCalendar } from '#domain/calendar.ts';
import { shareOut } from '#domain/money/share.ts';
import { type Consumption, type DayLists, type DayRule, type DayTables, RATES, type Rate } from './types.ts';

/** A quarter hour: the grid of daily tables. */
export const SLOT_MS = 15 * 60_000;
export const SLOTS_PER_DAY = 96;

/** A local day as rules see it. */
export interface LocalDay {
  /** `2026-10-01`. */
  readonly date: string;
  /** 1–12. */
  readonly month: number;
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number;
}

/** The local day of a date like `2026-10-01`; undefined for a text that names no day. */
export function localDay(date: string): LocalDay | undefined {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(atMs)) return undefined;
  const day = dayOfLocalMs(atMs);
  // Date.parse lets the 30th of February become March.
  return day.date === date ? day : undefined;
}

/** Index of the rule that holds on a day: the first that matches. Undefined where none does. */
export function ruleOfDay({ rules }: DayTables, lists: DayLists, day: LocalDay): number | undefined {
  const index = rules.findIndex((rule) => matches(rule, lists, day));
  return index < 0 ? undefined : index;
}

/** The 96 rates of a day, by the local clock. Throws RangeError where no rule matches. */
export function tableOfDay(days: DayTables, lists: DayLists, day: LocalDay): readonly Rate[] {
  const index = ruleOfDay(days, lists, day);
  const table = index === undefined ? undefined : days.tables[days.rules[index]?.table ?? -1];
  if (table === undefined) throw new RangeError(`no daily table holds on ${day.date}`);
  return table;
}

/** The rate that holds at an instant. */
export function rateAt(days: DayTables, lists: DayLists, calendar: ZonedCalendar, atMs: number): Rate {
  const localMs = atMs + calendar.offsetMs(atMs);
  return slotOf(tableOfDay(days, lists, dayOfLocalMs(localMs)), localMs);
}

/**
 * How long each rate holds within [fromMs, toMs), ms; together the whole span. Slots are those of the local clock: an
 * hour that is shown twice counts twice, one that is skipped does not count.
 */
export function timeByRate(
  days: DayTables,
  lists: DayLists,
  calendar: ZonedCalendar,
  fromMs: number,
  toMs: number,
): Readonly<Record<Rate, number>> {
  const held = { sharp: 0, peak: 0, flat: 0, valley: 0, deepValley: 0 };
  let dayNumber = Number.NaN;
  let table: readonly Rate[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const localMs = atMs + calendar.offsetMs(atMs);
    if (Math.floor(localMs / DAY_MS) !== dayNumber) {
      dayNumber = Math.floor(localMs / DAY_MS);
      table = tableOfDay(days, lists, dayOfLocalMs(localMs));
    }
    // Every zone's offset is whole quarter hours and changes on one, so that local slots end where those of UTC do.
    const endMs = Math.min(toMs, (Math.floor(atMs / SLOT_MS) + 1) * SLOT_MS);
    held[slotOf(table, localMs)] += endMs - atMs;
    atMs = endMs;
  }
  return held;
}

/**
 * Splits the quantity of a span of time into rates by how long each held: for meters that count only a total. The parts
 * add up to `total`. Throws RangeError for an empty span with something in it.
 */
export function splitByTime(
  days: DayTables,
  lists: DayLists,
  calendar: ZonedCalendar,
  span: { readonly fromMs: number; readonly toMs: number },
  total: bigint,
): Readonly<Record<Rate, bigint>> {
  const held = timeByRate(days, lists, calendar, span.fromMs, span.toMs);
  return fitRates(total, Object.fromEntries(RATES.map((rate) => [rate, BigInt(held[rate])])));
}

/**
 * Rates that add up to `total`, in the proportion of `byRate`. Registers are cut to their last digit each by itself, so
 * that the rates of a meter differ from its total by a digit or two; the total is what was used.
 */
export function fitRates(total: bigint, byRate: NonNullable<Consumption['byRate']>): Readonly<Record<Rate, bigint>> {
  const [sharp = 0n, peak = 0n, flat = 0n, valley = 0n, deepValley = 0n] = shareOut(
    total,
    RATES.map((rate) => byRate[rate] ?? 0n),
  );
  return { sharp, peak, flat, valley, deepValley };
}

const DAY_MS = 86_400_000;

/** `localMs`: the local clock as if it were UTC. */
function dayOfLocalMs(localMs: number): LocalDay {
  const day = new Date(localMs);
  return { date: day.toISOString().slice(0, 10), month: day.getUTCMonth() + 1, weekday: day.getUTCDay() || 7 };
}

function slotOf(table: readonly Rate[], localMs: number): Rate {
  const slot = Math.floor((((localMs % DAY_MS) + DAY_MS) % DAY_MS) / SLOT_MS);
  const rate = table[slot];
  if (rate === undefined) throw new RangeError(`the daily table has no slot ${slot}`);
  return rate;
}

function matches({ months, weekdays, list }: DayRule, lists: DayLists, day: LocalDay): boolean {
  return (
    (months === undefined || months.includes(day.month)) &&
    (weekdays === undefined || weekdays.includes(day.weekday)) &&
    (list === undefined || lists.get(list)?.has(day.date) === true)
  );
}
