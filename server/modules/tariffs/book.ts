import type { DayList, TariffBodyText, TariffComposition } from '#contract/index.ts';
import type { DayLists } from '#domain/tariff/types.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import { parseBody } from './bodyText.ts';
import * as store from './store.ts';
import type { TariffFacts, Tariffs, TariffVersion } from './types.ts';

export interface Decision {
  readonly published: boolean;
  readonly byName: string;
  readonly atMs: number;
  /** Of two versions with the same instant the one with the higher number holds. */
  readonly no: bigint;
}

/** A version with everything that screens show. */
export interface BookVersion extends TariffVersion {
  readonly bodyText: TariffBodyText;
  readonly composition: TariffComposition | undefined;
  readonly note: string | undefined;
  /** Undefined: the program itself. */
  readonly createdBy: number | undefined;
  readonly createdByName: string;
  readonly createdAtMs: number;
  /** Undefined: a draft. */
  readonly decision: Decision | undefined;
}

export interface Settings {
  readonly propertyId: number;
  readonly secondPerson: boolean;
  readonly dayLists: readonly DayList[];
  /** 0 as long as nobody set anything. */
  readonly version: number;
}

/** All tariffs in memory: a few dozen rows, asked for with every segment that is charged. */
export interface TariffBook extends Tariffs {
  /** Draft, published or dropped. */
  anyVersion(versionId: number): BookVersion | undefined;
  /** Newest instant first. */
  versionsOf(tariffId: number): readonly BookVersion[];
  tariffs(): readonly TariffFacts[];
  settings(propertyId: number): Settings;
  /** What was committed; each may come twice and in any order. */
  addTariff(row: store.TariffRow): TariffFacts;
  addVersion(row: store.VersionRow): void;
  addDecision(row: store.DecisionRow): void;
  setSettings(row: store.SettingRow): void;
}

export function createTariffBook(): TariffBook {
  const tariffs = new Map<number, TariffFacts>();
  const versions = new Map<number, BookVersion>();
  const settings = new Map<number, Settings & { readonly lists: DayLists }>();
  /** Published versions of a tariff in the order in which they take effect. */
  const published = new Map<number, readonly BookVersion[]>();
  const versionsOf = (tariffId: number) => [...versions.values()].filter((version) => version.tariffId === tariffId);

  const book: TariffBook = {
    versionAt: (tariffId, atMs) =>
      (published.get(tariffId) ?? []).findLast(({ effectiveFromMs }) => effectiveFromMs <= atMs),
    version(versionId) {
      const version = versions.get(versionId);
      return version?.decision?.published === true ? version : undefined;
    },
    versionsBetween(tariffId, fromMs, toMs) {
      const own = published.get(tariffId) ?? [];
      return own.flatMap((version, index) => {
        const from = Math.max(fromMs, version.effectiveFromMs);
        const to = Math.min(toMs, own[index + 1]?.effectiveFromMs ?? toMs);
        return from < to ? [{ version, fromMs: from, toMs: to }] : [];
      });
    },
    tariff: (tariffId) => tariffs.get(tariffId),
    tariffsOfProperty: (propertyId) => book.tariffs().filter((tariff) => tariff.propertyId === propertyId),
    dayLists: (propertyId) => settings.get(propertyId)?.lists ?? NO_LISTS,
    dayListsVersion: (propertyId) => book.settings(propertyId).version,
    versionsNaming: (propertyId, list) =>
      book
        .tariffsOfProperty(propertyId)
        .flatMap(({ id }) => published.get(id) ?? [])
        .filter(({ body }) => body.kind === 'timeOfUse' && body.days.rules.some((rule) => rule.list === list))
        .map(({ id }) => id),
    async load(db: Queryable) {
      for (const row of await store.selectTariffs(db)) book.addTariff(row);
      for (const row of await store.selectVersions(db)) book.addVersion(row);
      for (const row of await store.selectDecisions(db)) book.addDecision(row);
      for (const row of await store.selectSettings(db)) book.setSettings(row);
    },
    anyVersion: (versionId) => versions.get(versionId),
    versionsOf: (tariffId) =>
      versionsOf(tariffId).toSorted((a, b) => b.effectiveFromMs - a.effectiveFromMs || b.id - a.id),
    tariffs: () => [...tariffs.values()].toSorted((a, b) => a.id - b.id),
    settings: (propertyId) => settings.get(propertyId) ?? { propertyId, secondPerson: false, dayLists: [], version: 0 },
    addTariff(row) {
      const tariff = { id: row.id, propertyId: row.property_id, name: row.name, medium: row.medium };
      tariffs.set(row.id, tariff);
      return tariff;
    },
    addVersion(row) {
      const propertyId = tariffs.get(row.tariff_id)?.propertyId;
      if (propertyId === undefined) throw new Error(`version ${row.id} has no tariff`);
      versions.set(row.id, { ...toVersion(row, propertyId), decision: versions.get(row.id)?.decision });
    },
    addDecision(row) {
      const version = versions.get(row.version_id);
      if (version === undefined) throw new Error(`the decision on version ${row.version_id} has no version`);
      versions.set(version.id, { ...version, decision: toDecision(row) });
      published.set(version.tariffId, inOrderOfEffect(versionsOf(version.tariffId)));
    },
    setSettings(row) {
      const known = settings.get(row.property_id);
      if (known !== undefined && known.version > row.version) return;
      settings.set(row.property_id, {
        propertyId: row.property_id,
        secondPerson: row.second_person,
        dayLists: row.day_lists,
        version: row.version,
        lists: new Map(row.day_lists.map(({ name, days }) => [name, new Set(days)])),
      });
    },
  };
  return book;
}

const NO_LISTS: DayLists = new Map();

function toVersion(row: store.VersionRow, propertyId: number): BookVersion {
  const { value: body, faults } = parseBody(row.body);
  if (faults.length > 0) throw new Error(`the stored prices of version ${row.id} cannot be read`);
  return {
    id: row.id,
    tariffId: row.tariff_id,
    propertyId,
    effectiveFromMs: row.effective_from.getTime(),
    body,
    meterPrices: row.meter_prices ?? undefined,
    bodyText: row.body,
    composition: row.composition ?? undefined,
    note: row.note ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdByName: row.created_name,
    createdAtMs: row.created_at.getTime(),
    decision: undefined,
  };
}

function toDecision(row: store.DecisionRow): Decision {
  return { published: row.published, byName: row.decided_name, atMs: row.decided_at.getTime(), no: row.no };
}

function inOrderOfEffect(versions: readonly BookVersion[]): readonly BookVersion[] {
  return versions
    .filter(({ decision }) => decision?.published === true)
    .toSorted(
      (a, b) => a.effectiveFromMs - b.effectiveFromMs || Number((a.decision?.no ?? 0n) - (b.decision?.no ?? 0n)),
    );
}
