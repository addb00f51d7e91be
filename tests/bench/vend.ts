import { randomUUID } from 'node:crypto';
import sql, { raw } from 'sql-template-tag';
import type { Meter } from '#contract/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import type { AccountView, MoneyPolicy } from '#server/modules/accounts/types.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';
import { createLedger } from '#server/modules/ledger/index.ts';
import type { Context } from '#server/modules/vending/context.ts';
import { createSaleQueue } from '#server/modules/vending/saleQueue.ts';
import { insertSales } from '#server/modules/vending/saleStore.ts';
import { sellTo } from '#server/modules/vending/selling.ts';
import { createStepper, DELIVERY_TIMES } from '#server/modules/vending/stepper.ts';
import { type Db, migrate, openDb, startEmbeddedPostgres } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';
import { silentLog } from '#server/platform/log.ts';
import type { Bench } from './support/bench.ts';
import { median } from './support/median.ts';
import { type Pgbench, preparePgbench } from './support/pgbench.ts';
import { temporaryFolder } from './support/serverProcess.ts';

const CLIENTS = 8;
const ACCOUNTS = 2_000;
const ROUNDS = 15;
const ROUND_MS = 1_000;
/** Longer than a round of ours: it begins with connecting. */
const PGBENCH_S = 2;
/** 4,000 sales where TPC-B makes 3,500. */
const TPCB_RATIO_AIM = 1.14;
const PROPERTY = 1;
const ZONE = 'Asia/Shanghai';

/** Sales by eight clients; nothing of the wire. Each round measures both, so that a busy machine is busy for both. */
export const bench: Bench = {
  name: 'vend',
  what: 'sales a second by 8 clients, into wallets: vend, posting, audit, news; limit: the least that books a sale (one posting with its key, two entries, the wallet), by one hand-written statement',
  unit: 'sales/s',
  aim: { of: 'ratio', least: 0.5 },
  async run(say) {
    const folder = temporaryFolder('vend');
    const postgres = await startEmbeddedPostgres({ dir: `${folder.dir}/postgres`, log: silentLog });
    await migrate(postgres.url, silentLog);
    const owner = openDb({ url: postgres.url, log: silentLog, connectionsMax: 1, asOwner: true });
    const db = openDb({ url: postgres.url, log: silentLog, connectionsMax: CLIENTS });
    try {
      await owner.query(raw(BARE_TABLES));
      await insertAccounts(owner);
      return await measure(db, await preparePgbench(postgres.url), say);
    } finally {
      await owner.close();
      await db.close();
      await postgres.stop();
      folder.remove();
    }
  },
};

async function measure(db: Db, pgbench: Pgbench | undefined, say: (line: string) => void) {
  const kinds = { wallet: selling(db, 'platform'), meter: selling(db, 'meter'), bare: bareSale(db) };
  for (const sale of Object.values(kinds)) await perSecond(sale, ROUND_MS);
  const rounds: Record<keyof typeof kinds | 'tpcb', number>[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const wallet = await perSecond(kinds.wallet, ROUND_MS);
    const bare = await perSecond(kinds.bare, ROUND_MS);
    const meter = await perSecond(kinds.meter, ROUND_MS);
    const tpcb = (await pgbench?.(CLIENTS, PGBENCH_S)) ?? Number.NaN;
    rounds.push({ wallet, bare, meter, tpcb });
    say(
      `round ${round}: ${wallet.toFixed(0)} into wallets, ${meter.toFixed(0)} for meters, ${bare.toFixed(0)} bare, ${tpcb.toFixed(0)} tpcb`,
    );
  }
  const { faults, sumMinor } = await ledgerOf(db).prove(db);
  if (faults.length > 0 || sumMinor !== 0n) throw new Error('the book is not sound');
  const of = (kind: keyof (typeof rounds)[number]) => median(rounds.map((round) => round[kind]));
  return {
    value: of('wallet'),
    limit: of('bare'),
    ratio: median(rounds.map((round) => round.wallet / round.bare)),
    also: pgbench === undefined ? [] : [tpcbAim(median(rounds.map((round) => round.wallet / round.tpcb)))],
    notes: {
      'sales for meters a second (posted to suspense, queued)': Math.round(of('meter')),
      "pgbench's TPC-B a second":
        pgbench === undefined ? 'not compared, pgbench is not installed' : Math.round(of('tpcb')),
    },
  };
}

const tpcbAim = (value: number) => ({ what: "ratio to pgbench's TPC-B", value, least: TPCB_RATIO_AIM });

/** Each client begins the next when the last was answered. */
async function perSecond(work: (client: number, no: number) => Promise<unknown>, forMs: number): Promise<number> {
  const beganMs = performance.now();
  const counts = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      let done = 0;
      for (; performance.now() - beganMs < forMs; done += 1) await work(client, done);
      return done;
    }),
  );
  return counts.reduce((sum, done) => sum + done, 0) / ((performance.now() - beganMs) / 1_000);
}

const ledgerOf = (db: Db) => createLedger({ db, clock: systemClock, timeZoneOf: () => ZONE });
/** Clients sell to different shops, as cashiers do. */
const shopOf = (client: number, no: number) => 1 + ((no * CLIENTS + client) % ACCOUNTS);

/** The use case itself, from the request's body to the answer. */
function selling(db: Db, custody: 'meter' | 'platform') {
  const context = contextOf(db, custody);
  return (client: number, no: number) =>
    sellTo(context, ACTOR, { saleId: randomUUID(), meterId: shopOf(client, no), paidMinor: '10000', method: 'wechat' });
}

const EVERYWHERE = { all: true, propertyIds: [], buildingIds: [] };
const ACTOR: Actor = {
  ...{ userId: 7, user: 'till', displayName: 'Till', sessionId: 'x', ip: '127.0.0.1' },
  scope: () => EVERYWHERE,
};
const ALL_CAPABILITIES = {
  ...{ seqChecked: true, dupReported: true, readRecord: true, readCumulative: true, readBalance: true },
  ...{ zeroPurchase: true, refundCommand: true, setAbsolute: true, secondTariffSet: true },
};

function contextOf(db: Db, custody: 'meter' | 'platform'): Context {
  const ledger = ledgerOf(db);
  const nowMs = () => systemClock.nowMs();
  const nothing = () => undefined;
  const stepper = createStepper({
    ...{ ledger, nowMs, times: DELIVERY_TIMES, told: async () => undefined, foreignWrite: nothing, news: nothing },
  });
  return {
    ...{ db, clock: systemClock, ledger, stepper, limits: DELIVERY_TIMES, wake: nothing, background: nothing },
    estate: {
      meter: profileOf,
      place: () => ({
        id: PROPERTY,
        kind: 'property',
        propertyId: PROPERTY,
        names: { en: 'x' },
        position: 0,
        timeZone: ZONE,
      }),
      metersOfProperty: () => [],
    },
    accounts: {
      accountOfMeter: (meterId) => accountOf(meterId, custody),
      account: (accountId) => accountOf(accountId, custody),
      policy: () => POLICY,
      lock: async () => undefined,
      epochs: async () => [],
      runningCase: nothing,
      walletMinor: nothing,
      walletsChanged: nothing,
    },
    lines: { execute: async () => undefined, readPurse: async () => undefined },
    capabilitiesOf: () => ALL_CAPABILITIES,
    lastBalanceOf: nothing,
    sales: createSaleQueue((sales) => insertSales(db, sales)),
  };
}

function profileOf(id: number): MeterProfile {
  const meter: Meter = {
    ...{ id, lineId: 1, placeId: PROPERTY, propertyId: PROPERTY, modelId: 'acrel-dtsy1352', unitAddress: 1 },
    ...{ meterNumber: `M${id}`, role: 'tenant', ctRatio: 1, ptRatio: 1, enabled: true, version: 1 },
    ...{ gatewayId: 1, createdAt: '2026-01-01T00:00:00Z' },
  };
  return { meter, livePollMs: 10_000, registerPollMs: 1_800_000, buildingId: undefined, path: [] };
}

function accountOf(id: number, custody: 'meter' | 'platform'): AccountView {
  return {
    ...{ id, propertyId: PROPERTY, customerId: 1, customerName: 'Shop', state: 'open', custody, deduction: 'realTime' },
    ...{ tariffId: 1, alarm1Minor: 0n, alarm2Minor: 0n, cutLineMinor: 0n, placeIds: [], openedAtMs: 0, version: 1 },
    ...{ hoardingLimitMinor: undefined, overloadLimitW: undefined },
    meters: [
      { meterId: id, epoch: 1, fromMs: 0, toMs: undefined, ctRatio: 1, ptRatio: 1, openingRegisters: { energyWh: 0n } },
    ],
  };
}

const POLICY: MoneyPolicy = {
  ...{ propertyId: PROPERTY, serviceFeePpm: 0, serviceFeeLegalBasis: undefined, unprovenMeters: 'platform' },
  ...{ saleMinMinor: 1n, saleMaxMinor: 10n ** 9n, refundSecondPersonMinor: 10n ** 9n, batchSecondPersonMeters: 100 },
  ...{ refundFee: 'notRefunded', cutAllowed: [], holidays: [], extraWorkdays: [], noticeHours: 0 },
  ...{ cutForPropertyFees: false, cutForPropertyFeesLegalBasis: undefined },
};

async function insertAccounts(db: Db): Promise<void> {
  await db.query(sql`
    insert into customer (property_id, name, initials, request_id, request_hash)
    values (${PROPERTY}, 'Shop', 's', ${randomUUID()}, ${Buffer.alloc(32)})`);
  await db.query(sql`
    insert into account (property_id, customer_id, state, custody, deduction, tariff_id, alarm1_minor, alarm2_minor,
      cut_line_minor, opened_at)
    select ${PROPERTY}, 1, 'open', 'platform', 'realTime', 1, 0, 0, 0, now() from generate_series(1, ${ACCOUNTS}::int)`);
  await db.query(sql`insert into bare_wallet select i, 0 from generate_series(1, ${ACCOUNTS}::int) as i`);
}

/** A book without guards: keys, entries and wallets, each with the one index that it cannot do without. */
const BARE_TABLES = `
  create table bare_txn (id bigint generated always as identity primary key, key uuid not null unique, at timestamptz not null);
  create table bare_entry (txn_id bigint, no int, account int not null, amount bigint not null, primary key (txn_id, no));
  create table bare_wallet (account int primary key, balance bigint not null);
  grant select, insert, update on bare_txn, bare_entry, bare_wallet to meterwall_server;
  analyze;`;

function bareSale(db: Db) {
  return (client: number, no: number) => {
    const shop = shopOf(client, no);
    return db.query(sql`
      with txn as (insert into bare_txn (key, at) values (${randomUUID()}, now()) returning id),
        wallet as (update bare_wallet set balance = balance - 10000 where account = ${shop} returning balance)
      insert into bare_entry select txn.id, no, account, amount
      from txn, (values (1, 0, 10000::bigint), (2, ${shop}::int, -10000::bigint)) as e (no, account, amount)
      where exists (select from wallet)`);
  };
}
