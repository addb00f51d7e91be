import type { DayLists, TariffBody } from '#domain/tariff/types.ts';
import type { MeterPrices } from '#drivers/core/command.ts';
import type { Queryable } from '#server/platform/db/index.ts';

export type TariffMedium = 'electricity' | 'water';

/** One immutable version of a tariff: in force from its instant until the next version's. */
export interface TariffVersion {
  readonly id: number;
  readonly tariffId: number;
  readonly propertyId: number;
  readonly effectiveFromMs: number;
  readonly body: TariffBody;
  /** What to write into a meter; undefined for steps, which no meter holds. */
  readonly meterPrices: MeterPrices | undefined;
}

export interface TariffFacts {
  readonly id: number;
  readonly propertyId: number;
  readonly name: string;
  readonly medium: TariffMedium;
}

/** What other modules may ask of the tariffs. Kept in memory, current after each commit; versions never change. */
export interface Tariffs {
  /** The version in force; undefined before the first one: hold, never charge a price that nobody published. */
  versionAt(tariffId: number, atMs: number): TariffVersion | undefined;
  /** A published version, in force or not. */
  version(versionId: number): TariffVersion | undefined;
  /**
   * Versions in force within [fromMs, toMs), oldest first, each with the part of the time that is its own. The time before
   * the first version has none.
   */
  versionsBetween(
    tariffId: number,
    fromMs: number,
    toMs: number,
  ): readonly { readonly version: TariffVersion; readonly fromMs: number; readonly toMs: number }[];
  tariff(tariffId: number): TariffFacts | undefined;
  tariffsOfProperty(propertyId: number): readonly TariffFacts[];
  /** Named days of a property: holidays, hot days … */
  dayLists(propertyId: number): DayLists;
  /** Of the settings that have the lists so; 0 as long as nobody set any. */
  dayListsVersion(propertyId: number): number;
  /** Published versions with a rule for a list of the property. */
  versionsNaming(propertyId: number, list: string): readonly number[];
  /** Loads all from the database; once, before the routes answer. */
  load(db: Queryable): Promise<void>;
}
