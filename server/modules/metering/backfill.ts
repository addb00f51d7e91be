import type { ZonedCalendar } from '#domain/calendar.ts';
import { COUNTERS, QUANTITY_NAMES, type Quantity, type Reading } from '#drivers/core/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Telemetry } from '#server/platform/telemetry/index.ts';
import type { RegisterKeeper } from './registerKeeper.ts';
import type { ModelLookup } from './types.ts';

/** One past reading of a meter that somebody else kept. Values by quantity; unknown names are ignored. */
export interface HistoryRow {
  readonly meterNumber: string;
  readonly atMs: number;
  readonly values: Readonly<Record<string, number>>;
  /** Minor units as decimal text. */
  readonly balanceMinor: string | undefined;
}

export interface BackfillDeps {
  readonly estate: EstateReader;
  readonly registers: RegisterKeeper;
  readonly telemetry: Telemetry;
  readonly modelOf: ModelLookup;
  readonly calendarOfPlace: (placeId: number) => ZonedCalendar;
}

/** Takes history into telemetry and registers. Meters are found by their number; rows of strangers are left out. */
export function createBackfill({ estate, registers, telemetry, modelOf, calendarOfPlace }: BackfillDeps) {
  return async (rows: readonly HistoryRow[]): Promise<void> => {
    const profiles = new Map(
      estate.meterIds().flatMap((meterId) => {
        const profile = estate.meter(meterId);
        return profile === undefined ? [] : [[profile.meter.meterNumber, profile] as const];
      }),
    );
    const readings: Reading[] = [];
    for (const row of rows) {
      const profile = profiles.get(row.meterNumber);
      if (profile === undefined) continue;
      const { id, modelId, propertyId } = profile.meter;
      const reading = toReading(row, id);
      readings.push(reading);
      registers.take(reading, countersOf(modelOf, modelId), calendarOfPlace(propertyId));
    }
    telemetry.write(readings);
    // Each part is stored before the next is taken, so that history never pushes live readings out of the queues.
    await registers.flush();
    await telemetry.flush();
  };
}

function toReading({ atMs, values, balanceMinor }: HistoryRow, meterId: number): Reading {
  const known: Partial<Record<Quantity, number>> = {};
  for (const quantity of QUANTITY_NAMES) {
    const value = values[quantity];
    if (value !== undefined) known[quantity] = value;
  }
  return {
    meterId,
    atMs,
    receivedMs: atMs,
    source: 'backfill',
    values: known,
    balanceMinor: balanceMinor === undefined ? undefined : BigInt(balanceMinor),
    status: {},
    meterClockMs: undefined,
    rejected: [],
  };
}

function countersOf(modelOf: ModelLookup, modelId: string): readonly Quantity[] {
  const fields = new Set<string>(modelOf(modelId)?.fields.map(({ quantity }) => quantity));
  return COUNTERS.filter((counter) => fields.has(counter));
}
