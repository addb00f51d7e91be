import type { NoCutPeriod } from './cutHours.ts';

/** What is known of a meter that holds its balance itself. Amounts in minor units. */
export interface PurseOutlook {
  /** As the meter said last; undefined: it never did. */
  readonly balanceMinor: bigint | undefined;
  readonly alarm1Minor: bigint;
  /** At or below it the meter trips by itself. */
  readonly cutLineMinor: bigint;
  /** What its use of the last days costs a day; undefined: not known. */
  readonly dailyMinor: bigint | undefined;
  /** It is without supply. */
  readonly isOpen: boolean;
  /** It was seen with supply since the time without cuts began. */
  readonly hadSupply: boolean;
}

/** Weekends and holidays are not like the days before them: so many times the usual use is reckoned with. */
export const USE_MARGIN = 2n;
const DAY_MS = 86_400_000;

/**
 * Must this meter be carried over a time without cuts, since it could trip by itself before the end? On the safe side: one
 * that never told its balance could, and so could one that stands at its first alarm level already, however little it uses.
 * A meter that was not seen with supply within that time has cut at an hour at which it might, and stays so; until the time
 * begins one that has nothing left may still cut.
 */
export function needsCover(purse: PurseOutlook, { fromMs, untilMs }: NoCutPeriod, nowMs: number): boolean {
  const { balanceMinor, alarm1Minor, cutLineMinor, dailyMinor, isOpen, hadSupply } = purse;
  if (isOpen && !hadSupply) return false;
  if (balanceMinor === undefined) return true;
  if (balanceMinor <= cutLineMinor) return nowMs >= fromMs;
  if (balanceMinor <= alarm1Minor) return true;
  if (dailyMinor === undefined) return false;
  return (balanceMinor - cutLineMinor) * BigInt(DAY_MS) <= dailyMinor * USE_MARGIN * BigInt(Math.ceil(untilMs - nowMs));
}
