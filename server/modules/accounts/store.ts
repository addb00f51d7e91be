import sql, { raw } from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { AccountState, AccountView, Custody, Deduction } from './types.ts';

export type RegisterQuality = 'measured' | 'stated' | 'estimated';
/** Counters by quantity, Wh as decimal text. */
export type StoredRegisters = Readonly<Record<string, string>>;

export interface AccountRow {
  readonly id: number;
  readonly property_id: number;
  readonly customer_id: number;
  readonly customer_name: string;
  readonly state: AccountState;
  readonly custody: Custody;
  readonly deduction: Deduction;
  readonly tariff_id: number;
  readonly alarm1_minor: bigint;
  readonly alarm2_minor: bigint;
  readonly cut_line_minor: bigint;
  readonly hoarding_limit_minor: bigint | null;
  readonly overload_limit_w: number | null;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly version: number;
  readonly place_ids: readonly number[];
}

export interface EpochRow {
  readonly account_id: number;
  readonly meter_id: number;
  readonly epoch: number;
  readonly from_at: Date;
  readonly to_at: Date | null;
  readonly ct_ratio: number;
  readonly pt_ratio: number;
  readonly opening_registers: StoredRegisters;
}

const ACCOUNT_COLUMNS =
  raw(`a.id, a.property_id, a.customer_id, c.name as customer_name, a.state, a.custody, a.deduction,
  a.tariff_id, a.alarm1_minor, a.alarm2_minor, a.cut_line_minor, a.hoarding_limit_minor, a.overload_limit_w, a.opened_at,
  a.closed_at, a.version,
  (select coalesce(array_agg(place_id order by place_id), '{}') from account_place p where p.account_id = a.id) as place_ids`);
const EPOCH_COLUMNS = raw('account_id, meter_id, epoch, from_at, to_at, ct_ratio, pt_ratio, opening_registers');

/** All accounts, closed ones too. */
export function selectAccounts(db: Queryable): Promise<AccountRow[]> {
  return db.query<AccountRow>(
    sql`select ${ACCOUNT_COLUMNS} from account a join customer c on c.id = a.customer_id order by a.id`,
  );
}

export function selectRunningEpochs(db: Queryable): Promise<EpochRow[]> {
  return db.query<EpochRow>(
    sql`select ${EPOCH_COLUMNS} from account_meter where to_at is null order by from_at, meter_id`,
  );
}

export async function selectAccount(tx: Tx, accountId: number): Promise<AccountRow | undefined> {
  const rows = await tx.query<AccountRow>(
    sql`select ${ACCOUNT_COLUMNS} from account a join customer c on c.id = a.customer_id where a.id = ${accountId}`,
  );
  return rows[0];
}

export async function lockAccountRow(tx: Tx, accountId: number): Promise<boolean> {
  return (await tx.query(sql`select from account where id = ${accountId} for update`)).length > 0;
}

/** Every epoch of an account, oldest first. */
export function selectEpochs(db: Queryable, accountId: number): Promise<EpochRow[]> {
  return db.query<EpochRow>(
    sql`select ${EPOCH_COLUMNS} from account_meter where account_id = ${accountId} order by from_at, meter_id, epoch`,
  );
}

/** Meters among these that belong to an account now. */
export async function selectHeldMeters(tx: Tx, meterIds: readonly number[]): Promise<readonly number[]> {
  const rows = await tx.query<{ meter_id: number }>(
    sql`select meter_id from account_meter where meter_id = any (${meterIds}::int[]) and to_at is null`,
  );
  return rows.map((row) => row.meter_id);
}

/** What an account is held under, from its opening on. */
type Terms = Pick<
  AccountView,
  | 'custody'
  | 'deduction'
  | 'tariffId'
  | 'alarm1Minor'
  | 'alarm2Minor'
  | 'cutLineMinor'
  | 'hoardingLimitMinor'
  | 'overloadLimitW'
>;

export interface NewAccount extends Terms, Pick<AccountView, 'propertyId' | 'customerId'> {
  readonly openedAt: Date;
}

export async function insertAccount(tx: Tx, account: NewAccount): Promise<number> {
  const rows = await tx.query<{ id: number }>(sql`
    insert into account (property_id, customer_id, state, custody, deduction, tariff_id, alarm1_minor, alarm2_minor,
      cut_line_minor, hoarding_limit_minor, overload_limit_w, opened_at)
    values (${account.propertyId}, ${account.customerId}, 'open', ${account.custody}, ${account.deduction},
      ${account.tariffId}, ${account.alarm1Minor}, ${account.alarm2Minor}, ${account.cutLineMinor},
      ${account.hoardingLimitMinor ?? null}, ${account.overloadLimitW ?? null}, ${account.openedAt})
    returning id`);
  return one(rows).id;
}

/** What a change of an account may touch. */
export interface AccountFields extends Terms, Pick<AccountView, 'state'> {
  readonly closedAt: Date | undefined;
}

export async function updateAccountRow(tx: Tx, accountId: number, fields: AccountFields): Promise<void> {
  await tx.query(sql`
    update account set state = ${fields.state}, custody = ${fields.custody}, deduction = ${fields.deduction},
      tariff_id = ${fields.tariffId}, alarm1_minor = ${fields.alarm1Minor}, alarm2_minor = ${fields.alarm2Minor},
      cut_line_minor = ${fields.cutLineMinor}, hoarding_limit_minor = ${fields.hoardingLimitMinor ?? null},
      overload_limit_w = ${fields.overloadLimitW ?? null}, closed_at = ${fields.closedAt ?? null},
      version = version + 1
    where id = ${accountId}`);
}

export async function replacePlaces(tx: Tx, accountId: number, placeIds: readonly number[]): Promise<void> {
  await tx.query(sql`delete from account_place where account_id = ${accountId}`);
  await tx.query(sql`insert into account_place (account_id, place_id) select ${accountId}, unnest(${placeIds}::int[])`);
}

export interface NewEpoch {
  readonly accountId: number;
  readonly meterId: number;
  readonly fromAt: Date;
  readonly ctRatio: number;
  readonly ptRatio: number;
  readonly registers: StoredRegisters;
  readonly quality: RegisterQuality;
  readonly balanceMinor: bigint | undefined;
  readonly count: number | undefined;
}

/** The next epoch of a meter, whosever the one before was. */
export async function insertEpoch(tx: Tx, epoch: NewEpoch): Promise<EpochRow> {
  const rows = await tx.query<EpochRow>(sql`
    insert into account_meter (account_id, meter_id, epoch, from_at, ct_ratio, pt_ratio, opening_registers,
      opening_quality, opening_balance_minor, opening_count)
    select ${epoch.accountId}, ${epoch.meterId},
      (select coalesce(max(epoch), 0) + 1 from account_meter where meter_id = ${epoch.meterId}),
      ${epoch.fromAt}, ${epoch.ctRatio}, ${epoch.ptRatio}, ${JSON.stringify(epoch.registers)}::jsonb, ${epoch.quality},
      ${epoch.balanceMinor ?? null}::bigint, ${epoch.count ?? null}::int
    returning ${EPOCH_COLUMNS}`);
  return one(rows);
}

export async function endEpoch(
  tx: Tx,
  meterId: number,
  epoch: number,
  end: { readonly at: Date; readonly registers: StoredRegisters; readonly quality: RegisterQuality },
): Promise<void> {
  await tx.query(sql`
    update account_meter set to_at = greatest(from_at, ${end.at}::timestamptz),
      closing_registers = ${JSON.stringify(end.registers)}::jsonb, closing_quality = ${end.quality}
    where meter_id = ${meterId} and epoch = ${epoch}`);
}

function one<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that returns one row returned none');
  return row;
}
