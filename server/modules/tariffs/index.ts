import type { TariffBodyText } from '#contract/index.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { EstateReader } from '#server/modules/estate/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { createTariffBook } from './book.ts';
import { addTariffRoutes } from './routes.ts';
import { checkVersion, insertDecision, insertTariff, insertVersion, type TariffDeps } from './service.ts';
import type { TariffMedium, Tariffs } from './types.ts';

export {
  type ChangedDay,
  moveChangedDay,
  selectChangedDays,
  settleChangedDay,
} from './changedDayStore.ts';
export type { TariffFacts, TariffMedium, Tariffs, TariffVersion } from './types.ts';

/** A tariff that the program publishes by itself, for the demo. */
export interface OwnTariff {
  readonly propertyId: number;
  readonly name: string;
  readonly medium: TariffMedium;
  readonly effectiveFromMs: number;
  readonly body: TariffBodyText;
}

export interface TariffsModule extends Tariffs {
  addRoutes(routes: RouteServer): void;
  /** Publishes it where the property has no tariff of this name yet; its id. Idempotent. */
  publishOwn(tariff: OwnTariff): Promise<number>;
}

/** What energy and water cost, from when on. Kept in Postgres, never changed, read from memory. */
export function createTariffs({
  db,
  estate,
  clock,
}: {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly clock: Clock;
}): TariffsModule {
  const book = createTariffBook();
  const calendars = createCalendars();
  const calendarOf = (propertyId: number) => calendars(estate.place(propertyId)?.timeZone ?? 'UTC');
  const deps: TariffDeps = { db, book, estate, calendarOf, nowMs: () => clock.nowMs() };
  return {
    ...book,
    addRoutes: (routes) => addTariffRoutes(routes, deps),
    async publishOwn({ propertyId, name, medium, effectiveFromMs, body }) {
      const known = book.tariffsOfProperty(propertyId).find((tariff) => tariff.name === name);
      if (known !== undefined) return known.id;
      const checked = checkVersion(
        deps,
        { propertyId },
        { effectiveFrom: new Date(effectiveFromMs).toISOString(), body },
      );
      return db.tx(async (tx) => {
        const tariff = await insertTariff(deps, tx, 'meterwall', { propertyId, name, medium });
        const version = await insertVersion(deps, tx, 'meterwall', tariff, checked);
        await insertDecision(
          deps,
          tx,
          'meterwall',
          { ...tariff, tariffId: tariff.id, id: version.id, effectiveFromMs },
          'publish',
        );
        return tariff.id;
      });
    },
  };
}
