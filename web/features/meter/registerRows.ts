import type { RegisterReading, RegisterSummary } from '#contract/index.ts';
import { COUNTERS, type Quantity } from '#drivers/core/quantity.ts';
import { wallClock } from '../../charts/zoneTime.ts';

type Quality = RegisterReading['quality'];

/** One line of the registers table; every figure is exact decimal text in kWh, undefined where not known. */
export interface RegisterRow {
  readonly quantity: Quantity;
  readonly now: string | undefined;
  readonly monthStart: string | undefined;
  readonly month: string | undefined;
  readonly day: string | undefined;
  /** The worst quality among the readings that the line rests on. */
  readonly quality: Quality | undefined;
}

const WH_PER_KWH_DIGITS = 3;
/** Meters that count in steps of 10 Wh need two decimals of a kWh; finer ones show all three. */
const COARSE_STEP_WH = 10n;

/** Decimals of a kWh that show these registers (Wh as text) without rounding any of them. */
export function registerDecimals(registersWh: readonly string[]): 2 | 3 {
  return registersWh.every((wh) => BigInt(wh) % COARSE_STEP_WH === 0n) ? 2 : 3;
}

/** Wh as decimal text → kWh with thousands separated, exact: "28236750" → "28,236.75". Never through a float. */
export function kwhText(wh: string | bigint, decimals: 2 | 3): string {
  const value = BigInt(wh);
  const digits = (value < 0n ? -value : value).toString().padStart(WH_PER_KWH_DIGITS + 1, '0');
  const whole = digits.slice(0, -WH_PER_KWH_DIGITS).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(-WH_PER_KWH_DIGITS).slice(0, decimals);
  return `${value < 0n ? '−' : ''}${whole}.${fraction}`;
}

const QUALITY_ORDER: readonly Quality[] = ['measured', 'late', 'estimated'];

function worstQuality(readings: readonly (RegisterReading | undefined)[]): Quality | undefined {
  const ranks = readings.flatMap((reading) => (reading ? [QUALITY_ORDER.indexOf(reading.quality)] : []));
  return ranks.length === 0 ? undefined : QUALITY_ORDER[Math.max(...ranks)];
}

/** True when a reading stands for the very start of a month or day on the property's clock, and not for a later one. */
export function isAtStart(reading: RegisterReading | undefined, of: 'month' | 'day', timeZone: string): boolean {
  if (reading === undefined) return true;
  const { day, hour, minute } = wallClock(Date.parse(reading.instant), timeZone);
  return hour === 0 && minute === 0 && (of === 'day' || day === 1);
}

/** The registers table: a line per counter that the meter has, total first, as the summary of the server gives them. */
export function registerRows(summary: RegisterSummary): readonly RegisterRow[] {
  const { now, monthStart, dayStart } = summary;
  const readings = [now, monthStart, dayStart];
  const decimals = registerDecimals(readings.flatMap((reading) => Object.values(reading?.registers ?? {})));
  const text = (wh: string | undefined) => (wh === undefined ? undefined : kwhText(wh, decimals));
  const since = (quantity: string, start: RegisterReading | undefined) => {
    const [from, to] = [start?.registers[quantity], now?.registers[quantity]];
    return from === undefined || to === undefined ? undefined : kwhText(BigInt(to) - BigInt(from), decimals);
  };
  return COUNTERS.filter((quantity) => readings.some((reading) => reading?.registers[quantity] !== undefined)).map(
    (quantity) => ({
      quantity,
      now: text(now?.registers[quantity]),
      monthStart: text(monthStart?.registers[quantity]),
      month: since(quantity, monthStart),
      day: since(quantity, dayStart),
      quality: worstQuality(readings),
    }),
  );
}
