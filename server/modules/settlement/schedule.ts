import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Log } from '#server/platform/log.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';

/** How often it is looked whether a billing instant has passed for which registers are in. */
const LOOK_EVERY_MS = 30_000;
/** Minutes after a billing instant at which what was read is charged: most reads are in, then stragglers. */
const CHARGE_AT_MINUTES = [3, 10, 25];
/** How long after the local midnight a property is compared: the charges of its first instants are in. */
const COMPARE_AFTER_MS = 2 * 3_600_000;

export interface ScheduleDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: Pick<EstateReader, 'properties'>;
  readonly accounts: Pick<AccountsReader, 'accountsOfProperty'>;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
  readonly charge: (propertyId: number) => Promise<unknown>;
  readonly compare: (propertyId: number) => Promise<unknown>;
}

/** Charges every property after each of its billing instants, and compares it once a night. */
export function startSchedule({ clock, log, estate, accounts, calendarOf, ...deps }: ScheduleDeps): Repetition {
  const chargedMs = new Map<number, number>();

  async function serve(propertyId: number): Promise<void> {
    const calendar = calendarOf(propertyId);
    const now = clock.nowMs();
    const instant = calendar.billingInstant(now);
    const dueMs = CHARGE_AT_MINUTES.map((minutes) => instant + minutes * 60_000).findLast((atMs) => atMs <= now);
    if (dueMs === undefined || (chargedMs.get(propertyId) ?? 0) >= dueMs) return;
    if (accounts.accountsOfProperty(propertyId).length > 0) {
      await deps.charge(propertyId);
      if (now - calendar.startOfDay(now) >= COMPARE_AFTER_MS) await deps.compare(propertyId);
    }
    chargedMs.set(propertyId, now);
  }

  return repeat(clock, {
    everyMs: LOOK_EVERY_MS,
    startNow: true,
    async work() {
      for (const { id } of estate.properties()) {
        // One property's trouble is not another's.
        await serve(id).catch((error: unknown) =>
          log.error('a property was not charged and is charged at the next look', { propertyId: id, error }),
        );
      }
    },
    failed: (error) => log.error('charging stopped short', { error }),
  });
}
