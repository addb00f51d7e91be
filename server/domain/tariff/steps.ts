import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Step, Steps } from './types.ts';

/** What falls into one step. */
export interface StepPart {
  /** Index of the step. */
  readonly step: number;
  readonly quantity: bigint;
  readonly price: bigint;
}

/**
 * Splits `quantity` by the steps that it climbs, beginning after `usedBefore`. A limit still belongs to its own step. The
 * parts add up to `quantity`; steps that get nothing are left out.
 */
export function splitBySteps(steps: readonly Step[], usedBefore: bigint, quantity: bigint): StepPart[] {
  const end = usedBefore + quantity;
  let from = usedBefore;
  return steps.flatMap(({ upTo, price }, step) => {
    const to = upTo === undefined || upTo > end ? end : upTo;
    if (to <= from) return [];
    const part = { step, quantity: to - from, price };
    from = to;
    return [part];
  });
}

/** First instant of the month or year, on the property's clock, in which steps count from zero. */
export function startOfTierPeriod(calendar: ZonedCalendar, period: Steps['period'], atMs: number): number {
  let start = calendar.startOfMonth(atMs);
  if (period === 'month') return start;
  while (monthOf(calendar, start) !== 0) start = calendar.startOfMonth(start - 1);
  return start;
}

function monthOf(calendar: ZonedCalendar, atMs: number): number {
  return new Date(atMs + calendar.offsetMs(atMs)).getUTCMonth();
}
