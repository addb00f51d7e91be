import type { ZonedCalendar } from '#domain/calendar.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { MeterView } from './types.ts';

/** Polls that bring the registers anyway have this long after a billing instant. */
const ASK_AFTER_MS = 15_000;
/** Later than this the next central poll is as good. */
const ASK_UNTIL_MS = 5 * 60_000;

export interface CentralReadingDeps {
  readonly lines: LineDesk;
  readonly propertyIds: () => Iterable<number>;
  readonly metersOf: (propertyId: number) => readonly MeterView[];
  /** Instant of the last registers held for a meter. */
  readonly heldInstantMs: (meterId: number) => number | undefined;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
}

/**
 * Asks for registers at a billing instant where no poll brought them: the live poll of some models leaves them out, and
 * their central poll may come half an hour later. One meter a line at a time, each meter once an instant.
 */
export class CentralReading {
  readonly #deps: CentralReadingDeps;
  readonly #askedInstantMs = new Map<number, number>();
  readonly #busyLineIds = new Set<number>();

  constructor(deps: CentralReadingDeps) {
    this.#deps = deps;
  }

  sweep(nowMs: number): void {
    for (const propertyId of this.#deps.propertyIds()) {
      const instantMs = this.#deps.calendarOf(propertyId).billingInstant(nowMs);
      const sinceMs = nowMs - instantMs;
      if (sinceMs < ASK_AFTER_MS || sinceMs >= ASK_UNTIL_MS) continue;
      for (const meter of this.#deps.metersOf(propertyId)) {
        if (meter.state.facts.link === 'online') this.#askOnce(meter, instantMs);
      }
    }
  }

  #askOnce({ profile }: MeterView, instantMs: number): void {
    const { id, lineId } = profile.meter;
    const settledMs = Math.max(this.#deps.heldInstantMs(id) ?? 0, this.#askedInstantMs.get(id) ?? 0);
    if (settledMs >= instantMs || this.#busyLineIds.has(lineId)) return;
    this.#askedInstantMs.set(id, instantMs);
    this.#busyLineIds.add(lineId);
    void this.#deps.lines.readNow(id).finally(() => this.#busyLineIds.delete(lineId));
  }
}
