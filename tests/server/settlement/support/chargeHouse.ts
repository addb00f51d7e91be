import sql from 'sql-template-tag';
import type { TariffBodyText } from '#contract/index.ts';
import { createCalendars, type ZonedCalendar } from '#domain/calendar.ts';
import type { AccountMeter, AccountView } from '#server/modules/accounts/types.ts';
import { createLedger, type LedgerModule } from '#server/modules/ledger/index.ts';
import { insertRegisters } from '#server/modules/metering/registerStore.ts';
import { type ChargeRun, createChargeRuns } from '#server/modules/settlement/chargeRuns.ts';
import { createChargingSource } from '#server/modules/settlement/chargingSource.ts';
import { createTariffs, type TariffsModule } from '#server/modules/tariffs/index.ts';
import { type House, openHouse } from '../../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';

/** The books, tariffs and charging over the small estate; accounts are as the test says. */
export interface ChargeHouse {
  readonly database: TestDatabase;
  readonly house: House;
  readonly ledger: LedgerModule;
  readonly tariffs: TariffsModule;
  readonly calendar: ZonedCalendar;
  readonly propertyId: number;
  readonly source: ReturnType<typeof createChargingSource>;
  /** Replaces or adds an account. */
  setAccount(account: AccountView): void;
  /** An account in custody of the platform for one meter, from an instant and a register on. */
  account(name: string, change?: Partial<AccountView>, meter?: Partial<AccountMeter>): AccountView;
  tariff(name: string, versions: readonly { readonly from: string; readonly body: TariffBodyText }[]): Promise<number>;
  addVersion(tariffId: number, from: string, body: TariffBodyText): Promise<number>;
  dropAccount(accountId: number): void;
  /** Changes an account as its use case does: charging is told in the same transaction. */
  change(account: AccountView, at?: string): Promise<void>;
  /** Registers at billing instants, kWh as text. */
  read(name: string, ...reads: readonly (readonly [at: string, kwh: string])[]): Promise<void>;
  run(at: string): Promise<ChargeRun>;
  wallet(accountId: number): Promise<bigint>;
  close(): Promise<void>;
}

export const wh = (kwh: string): bigint => {
  const [whole = '0', fraction = ''] = kwh.split('.');
  return BigInt(`${whole}${fraction.padEnd(3, '0')}`);
};

let accountIds = 0;
/** Charging knows meters by their ids only: a test takes as many as it likes. */
const meterIds = new Map<string, number>();
export function meterId(name: string): number {
  const id = meterIds.get(name) ?? 1_000 + meterIds.size;
  meterIds.set(name, id);
  return id;
}

export async function openChargeHouse(): Promise<ChargeHouse> {
  const database = await createTestDatabase();
  const { db } = database;
  const house = await openHouse(database);
  const { clock, estate } = house;
  const propertyId = house.propertyId('mall');
  const calendars = createCalendars();
  const calendarOf = (id: number) => calendars(estate.place(id)?.timeZone ?? 'UTC');
  const ledger = createLedger({ db, clock, timeZoneOf: (id) => estate.place(id)?.timeZone });
  const tariffs = createTariffs({ db, estate, clock });
  const accounts = new Map<number, AccountView>();
  const shared = {
    ledger,
    tariffs,
    calendarOf,
    nowMs: () => clock.nowMs(),
    charged: () => undefined,
    corrected: () => undefined,
  };
  const runs = createChargeRuns({
    ...shared,
    db,
    accounts: {
      accountsOfProperty: (id) => [...accounts.values()].filter((account) => account.propertyId === id),
      walletsChanged: () => undefined,
    },
  });
  const source = createChargingSource({ ...shared, runs, accounts: { account: (id) => accounts.get(id) } });
  async function addVersion(tariffId: number, from: string, body: TariffBodyText): Promise<number> {
    const [row] = await db.query<{ id: number }>(sql`
      insert into tariff_version (tariff_id, effective_from, body, created_name)
      values (${tariffId}, ${from}, ${JSON.stringify(body)}, 'test') returning id`);
    await db.query(sql`
      insert into tariff_decision (version_id, published, decided_name, decided_at) values (${row?.id}, true, 'test', now())`);
    await tariffs.load(db);
    return row?.id ?? 0;
  }
  return {
    database,
    house,
    ledger,
    tariffs,
    calendar: calendarOf(propertyId),
    propertyId,
    source,
    setAccount: (account) => void accounts.set(account.id, account),
    account(name, change, meter) {
      accountIds += 1;
      const account: AccountView = {
        id: accountIds,
        propertyId,
        customerId: 1,
        customerName: 'Shop',
        state: 'open',
        custody: 'platform',
        deduction: 'realTime',
        tariffId: 0,
        alarm1Minor: 5_000n,
        alarm2Minor: 2_000n,
        cutLineMinor: 0n,
        hoardingLimitMinor: undefined,
        overloadLimitW: undefined,
        meters: [
          {
            meterId: meterId(name),
            epoch: 1,
            fromMs: Date.parse('2025-06-20T00:00+08:00'),
            toMs: undefined,
            ctRatio: 1,
            ptRatio: 1,
            openingRegisters: { energyWh: 0n },
            ...meter,
          },
        ],
        placeIds: [],
        openedAtMs: 0,
        version: 1,
        ...change,
      };
      accounts.set(account.id, account);
      return account;
    },
    async tariff(tariffName, versions) {
      const [first, ...later] = versions;
      if (first === undefined) throw new Error('a tariff has a version');
      const id = await tariffs.publishOwn({
        ...{ propertyId, name: tariffName, medium: 'electricity', body: first.body },
        effectiveFromMs: Date.parse(first.from),
      });
      await tariffs.load(db);
      for (const { from, body } of later) await addVersion(id, from, body);
      return id;
    },
    addVersion,
    dropAccount: (accountId) => void accounts.delete(accountId),
    async change(account, at) {
      accounts.set(account.id, account);
      await db.tx((tx) => source.changed(tx, account, at === undefined ? clock.nowMs() : Date.parse(at)));
    },
    async read(name, ...reads) {
      await insertRegisters(
        db,
        reads.map(([at, kwh]) => ({
          meterId: meterId(name),
          instantMs: Date.parse(at),
          readAtMs: Date.parse(at) + 1_000,
          quality: 'measured',
          source: 'registers',
          registers: { energyWh: wh(kwh) },
          balanceMinor: undefined,
          purchaseCount: undefined,
        })),
      );
    },
    run(at) {
      clock.setNow(Date.parse(at));
      return runs.run(propertyId);
    },
    async wallet(accountId) {
      return -(await ledger.balance(db, propertyId, { kind: 'wallet', subject: `account:${accountId}` }));
    },
    async close() {
      await house.close();
      await database.drop();
    },
  };
}
