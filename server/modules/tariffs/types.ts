import type { TariffBody } from '#domain/tariff/types.ts';
import type { Queryable } from '#server/platform/db/index.ts';

/** One immutable version of a tariff: in force from its instant until the next version's. */
export interface TariffVersion {
  readonly id: number;
  readonly tariffId: number;
  readonly propertyId: number;
  readonly effectiveFromMs: number;
  readonly body: TariffBody;
}

/** What other modules may ask of the tariffs. Kept in memory, current after each commit; versions never change. */
export interface Tariffs {
  /** The version in force; undefined before the first one: hold, never charge a price that nobody published. */
  versionAt(tariffId: number, atMs: number): TariffVersion | undefined;
  version(versionId: number): TariffVersion | undefined;
  /** Versions in force within [fromMs, toMs), oldest first, each with the part of the time that is its own. */
  versionsBetween(
    tariffId: number,
    fromMs: number,
    toMs: number,
  ): readonly { readonly version: TariffVersion; readonly fromMs: number; readonly toMs: number }[];
  tariff(tariffId: number): { readonly id: number; readonly propertyId: number; readonly name: string } | undefined;
  /** Loads all from the database; once, before the routes answer. */
  load(db: Queryable): Promise<void>;
}
