import type { ZonedCalendar } from '#domain/calendar.ts';
import type { TierUse } from '#domain/settlement/pricing.ts';
import type { TierCount } from './chargeStore.ts';
import { localDay } from './months.ts';

/** Counts of many accounts while a batch is charged: what one meter used, the next of the same account finds. */
export class TierCounts {
  readonly #counts = new Map<string, TierCount>();
  readonly #changed = new Set<string>();
  readonly #calendar: ZonedCalendar;

  constructor(calendar: ZonedCalendar, stored: readonly TierCount[]) {
    this.#calendar = calendar;
    for (const count of stored) this.#counts.set(keyOf(count), count);
  }

  of(accountId: number): TierUse {
    const entry = (tariffId: number, period: TierCount['period'], startMs: number): TierCount => {
      const empty = { accountId, tariffId, period, beganOn: localDay(this.#calendar, startMs), used: 0n };
      return this.#counts.get(keyOf(empty)) ?? empty;
    };
    return {
      used: (tariffId, period, startMs) => entry(tariffId, period, startMs).used,
      add: (tariffId, period, startMs, quantity) => {
        const count = entry(tariffId, period, startMs);
        this.#counts.set(keyOf(count), { ...count, used: count.used + quantity });
        this.#changed.add(keyOf(count));
      },
    };
  }

  changed(): readonly TierCount[] {
    return [...this.#changed].flatMap((key) => this.#counts.get(key) ?? []);
  }
}

function keyOf({ accountId, tariffId, period, beganOn }: TierCount): string {
  return `${accountId}/${tariffId}/${period}/${beganOn}`;
}
