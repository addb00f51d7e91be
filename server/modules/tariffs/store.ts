import sql from 'sql-template-tag';
import type { DayList, TariffBodyText, TariffComposition } from '#contract/index.ts';
import type { MeterPrices } from '#drivers/core/command.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { TariffMedium } from './types.ts';

/** First key of the advisory locks that serialize decisions on one tariff. */
const TARIFF_LOCK = 6;

export interface TariffRow {
  readonly id: number;
  readonly property_id: number;
  readonly name: string;
  readonly medium: TariffMedium;
}

export interface VersionRow {
  readonly id: number;
  readonly tariff_id: number;
  readonly effective_from: Date;
  readonly body: TariffBodyText;
  readonly meter_prices: MeterPrices | null;
  readonly composition: TariffComposition | null;
  readonly note: string | null;
  readonly created_by: number | null;
  readonly created_name: string;
  readonly created_at: Date;
}

export interface DecisionRow {
  readonly version_id: number;
  readonly published: boolean;
  readonly decided_name: string;
  readonly no: bigint;
  readonly decided_at: Date;
}

export interface SettingRow {
  readonly property_id: number;
  readonly second_person: boolean;
  readonly day_lists: readonly DayList[];
  readonly version: number;
}

const versionColumns = sql`id, tariff_id, effective_from, body, meter_prices, composition, note, created_by, created_name,
  created_at`;
const decisionColumns = sql`version_id, published, decided_name, no, decided_at`;
const settingColumns = sql`property_id, second_person, day_lists, version`;

export function selectTariffs(db: Queryable): Promise<TariffRow[]> {
  return db.query<TariffRow>(sql`select id, property_id, name, medium from tariff order by id`);
}

export function selectVersions(db: Queryable): Promise<VersionRow[]> {
  return db.query<VersionRow>(sql`select ${versionColumns} from tariff_version order by id`);
}

export function selectDecisions(db: Queryable): Promise<DecisionRow[]> {
  return db.query<DecisionRow>(sql`select ${decisionColumns} from tariff_decision order by no`);
}

export function selectSettings(db: Queryable): Promise<SettingRow[]> {
  return db.query<SettingRow>(sql`select ${settingColumns} from tariff_setting`);
}

export async function insertTariff(
  tx: Tx,
  tariff: { readonly propertyId: number; readonly name: string; readonly medium: TariffMedium },
): Promise<TariffRow> {
  return one(
    await tx.query<TariffRow>(sql`
      insert into tariff (property_id, name, medium) values (${tariff.propertyId}, ${tariff.name}, ${tariff.medium})
      returning id, property_id, name, medium`),
  );
}

export interface NewVersion {
  readonly tariffId: number;
  readonly effectiveFrom: Date;
  readonly body: TariffBodyText;
  readonly meterPrices: MeterPrices | undefined;
  readonly composition: TariffComposition | undefined;
  readonly note: string | undefined;
  readonly userId: number | undefined;
  readonly userName: string;
}

export async function insertVersion(tx: Tx, version: NewVersion): Promise<VersionRow> {
  return one(
    await tx.query<VersionRow>(sql`
      insert into tariff_version (tariff_id, effective_from, body, meter_prices, composition, note, created_by, created_name)
      values (${version.tariffId}, ${version.effectiveFrom}, ${json(version.body)}::jsonb,
        ${json(version.meterPrices)}::jsonb, ${json(version.composition)}::jsonb, ${version.note ?? null},
        ${version.userId ?? null}::int, ${version.userName})
      returning ${versionColumns}`),
  );
}

/** Decisions on one tariff wait for each other until the end of the transaction. */
export async function lockTariff(tx: Tx, tariffId: number): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(${TARIFF_LOCK}::int, ${tariffId}::int)`);
}

/** Has another version of the tariff been published? */
export async function isInUse(tx: Tx, tariffId: number, exceptVersionId: number | undefined): Promise<boolean> {
  const rows = await tx.query(sql`
    select 1 from tariff_version v join tariff_decision d on d.version_id = v.id
    where v.tariff_id = ${tariffId} and d.published and v.id is distinct from ${exceptVersionId ?? null}::int limit 1`);
  return rows.length > 0;
}

export interface NewDecision {
  readonly versionId: number;
  readonly published: boolean;
  readonly userId: number | undefined;
  readonly userName: string;
  readonly at: Date;
}

export async function insertDecision(tx: Tx, decision: NewDecision): Promise<DecisionRow> {
  return one(
    await tx.query<DecisionRow>(sql`
      insert into tariff_decision (version_id, published, decided_by, decided_name, decided_at)
      values (${decision.versionId}, ${decision.published}, ${decision.userId ?? null}::int, ${decision.userName},
        ${decision.at})
      returning ${decisionColumns}`),
  );
}

/** Undefined when the stored settings are not those of `version` any more; 0 = none are stored. */
export async function upsertSetting(
  tx: Tx,
  propertyId: number,
  version: number,
  setting: { readonly secondPerson: boolean; readonly dayLists: readonly DayList[] },
): Promise<SettingRow | undefined> {
  const rows = await tx.query<SettingRow>(sql`
    insert into tariff_setting as s (property_id, second_person, day_lists)
    values (${propertyId}, ${setting.secondPerson}, ${json(setting.dayLists)}::jsonb)
    on conflict (property_id) do update
      set second_person = excluded.second_person, day_lists = excluded.day_lists, version = s.version + 1
      where s.version = ${version}::int
    returning ${settingColumns}`);
  return rows[0];
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function one<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that returns one row returned none');
  return row;
}
