import sql from 'sql-template-tag';
import { zonedCalendar } from '#domain/calendar.ts';
import { parseDecimal } from '#domain/money/amount.ts';
import { systemClock } from '#drivers/core/index.ts';
import { MODELS } from '#drivers/models/index.ts';
import type { AccountView } from '#server/modules/accounts/types.ts';
import { createEstate } from '#server/modules/estate/index.ts';
import { createLedger } from '#server/modules/ledger/index.ts';
import { createChargeRuns } from '#server/modules/settlement/chargeRuns.ts';
import { createTariffs } from '#server/modules/tariffs/index.ts';
import { type Db, migrate, openDb, startEmbeddedPostgres } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { chargeInOneStatement } from './support/bareSettlement.ts';
import type { Bench } from './support/bench.ts';
import { median } from './support/median.ts';
import { temporaryFolder } from './support/serverProcess.ts';

const METERS = 100_000;
const DAYS = 4;
const ZONE = 'Asia/Shanghai';
const FIRST_DAY_MS = Date.parse('2026-11-10T00:00+08:00');
const DAY_MS = 86_400_000;
const PRICE = '0.71568600';
const MIB = 2 ** 20;
const LOOK_EVERY_MS = 20;

/**
 * Accounts, tariffs and meters of two properties that differ in nothing: one is charged by the program, the other by one
 * statement that writes the same rows. The first day makes accounts and lines and is not counted.
 */
export const bench: Bench = {
  name: 'settle',
  what: 'daily deduction of 100,000 meters in custody of the platform: segments, lines, postings, wallets; limit: one SQL statement that writes the same rows',
  unit: 's',
  aim: { of: 'ratio', most: 3 },
  async run(say) {
    const folder = temporaryFolder('settle');
    const postgres = await startEmbeddedPostgres({ dir: `${folder.dir}/postgres`, log: silentLog });
    await migrate(postgres.url, silentLog);
    const db = openDb({ url: postgres.url, log: silentLog });
    try {
      return await measure(db, say);
    } finally {
      await db.close();
      await postgres.stop();
      folder.remove();
    }
  },
};

async function measure(db: Db, say: (line: string) => void) {
  const clock = { ...systemClock, nowMs: () => nowMs };
  let nowMs = FIRST_DAY_MS;
  const estate = createEstate({ db, models: MODELS });
  await estate.start();
  await estate.importPlant({ properties: ['ours', 'bare'].map(emptyProperty), gateways: [] });
  const [ours = 0, bare = 0] = estate.properties().map(({ id }) => id);
  const calendar = zonedCalendar(ZONE);
  const ledger = createLedger({ db, clock, timeZoneOf: () => ZONE });
  const tariffs = createTariffs({ db, estate, clock });
  await tariffs.load(db);
  const effectiveFromMs = FIRST_DAY_MS - 100 * DAY_MS;
  const tariffId = await tariffs.publishOwn({
    ...{ propertyId: ours, name: 'single', medium: 'electricity', effectiveFromMs },
    body: { kind: 'single', price: PRICE },
  });
  await tariffs.load(db);
  const versionId = tariffs.versionAt(tariffId, FIRST_DAY_MS)?.id ?? 0;
  const views = Array.from({ length: METERS }, (_, index) => accountView(index + 1, ours, tariffId));
  const runs = createChargeRuns({
    ...{ db, ledger, tariffs, nowMs: () => nowMs, calendarOf: () => calendar, charged: () => undefined },
    corrected: () => undefined,
    accounts: { accountsOfProperty: () => views, walletsChanged: () => undefined },
  });
  say(`${METERS} accounts in each of two properties`);
  await insertBareStreams(db, bare, tariffId);

  const seconds: { readonly ours: number; readonly bare: number }[] = [];
  const memory = new MemoryWatch();
  for (let day = 1; day <= DAYS; day += 1) {
    nowMs = FIRST_DAY_MS + day * DAY_MS;
    await insertReads(db, nowMs);
    if (day === 2) memory.start();
    const oursS = await secondsOf(async () => {
      const run = await runs.run(ours);
      if (run.charges !== METERS) throw new Error(`${run.charges} of ${METERS} meters were charged`);
    });
    memory.look();
    if (day === 1) await insertBareWallets(db, bare);
    const bareS = await secondsOf(() =>
      chargeInOneStatement(db, { propertyId: bare, untilMs: nowMs, price: parseDecimal(PRICE, 8), versionId }),
    );
    say(`day ${day}: ${oursS.toFixed(1)} s, one statement ${bareS.toFixed(1)} s`);
    if (day > 1) seconds.push({ ours: oursS, bare: bareS });
  }
  memory.stop();
  await demandSameRows(db, ours, bare);
  const { faults } = await ledger.prove(db);
  if (faults.length > 0) throw new Error(`the book is not sound: ${JSON.stringify(faults.slice(0, 3))}`);
  const value = median(seconds.map((pair) => pair.ours));
  const limit = median(seconds.map((pair) => pair.bare));
  return {
    value,
    limit,
    ratio: median(seconds.map((pair) => pair.ours / pair.bare)),
    notes: {
      'meters a second': Math.round(METERS / value),
      'resident memory, most above the start of a day, MiB': (memory.mostAboveBytes / MIB).toFixed(0),
      'heap after the last day less after the first, MiB': (memory.heapGrowthBytes / MIB).toFixed(1),
    },
  };
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return (performance.now() - beganMs) / 1_000;
}

/** Of this process, garbage collected at each look. */
class MemoryWatch {
  mostAboveBytes = 0;
  heapGrowthBytes = 0;
  #startBytes = 0;
  #firstHeapBytes: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    globalThis.gc?.();
    this.#startBytes = process.memoryUsage.rss();
    this.#timer = setInterval(() => {
      this.mostAboveBytes = Math.max(this.mostAboveBytes, process.memoryUsage.rss() - this.#startBytes);
    }, LOOK_EVERY_MS);
  }

  look(): void {
    globalThis.gc?.();
    const { heapUsed } = process.memoryUsage();
    this.#firstHeapBytes ??= heapUsed;
    this.heapGrowthBytes = heapUsed - this.#firstHeapBytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function emptyProperty(key: string) {
  return { key, names: { en: key }, timeZone: ZONE, currency: 'CNY', buildings: [] };
}

function accountView(id: number, propertyId: number, tariffId: number): AccountView {
  return {
    ...{
      id,
      propertyId,
      customerId: 1,
      customerName: 'Shop',
      state: 'open',
      custody: 'platform',
      deduction: 'realTime',
    },
    ...{ tariffId, alarm1Minor: 0n, alarm2Minor: 0n, cutLineMinor: 0n, placeIds: [], openedAtMs: 0, version: 1 },
    ...{ hoardingLimitMinor: undefined, overloadLimitW: undefined },
    meters: [
      {
        ...{ meterId: id, epoch: 1, fromMs: FIRST_DAY_MS, toMs: undefined, ctRatio: 1, ptRatio: 1 },
        openingRegisters: { energyWh: 0n },
      },
    ],
  } as const;
}

async function insertBareStreams(db: Db, propertyId: number, tariffId: number): Promise<void> {
  const first = new Date(FIRST_DAY_MS);
  await db.query(sql`
    insert into charge_stream (property_id, account_id, meter_id, epoch, custody, mode, utility, multiplier, tariffs, began_at,
      began_wh, cursor_at, cursor_wh, charged_to)
    select ${propertyId}::int, i, i, 1, 'platform', 'realTime', 'electricity', 1,
      ${JSON.stringify([{ fromMs: 0, tariffId }])}::jsonb, ${first}::timestamptz, 0, ${first}::timestamptz, 0, ${first}::timestamptz
    from generate_series(${METERS + 1}::int, ${2 * METERS}::int) as i`);
}

async function insertBareWallets(db: Db, propertyId: number): Promise<void> {
  await db.query(sql`
    with made as (
      insert into ledger_account (property_id, kind, subject)
      select ${propertyId}::int, 'wallet', 'account:' || i from generate_series(${METERS + 1}::int, ${2 * METERS}::int) as i
      union all select ${propertyId}::int, 'electricity', '' returning id, limited)
    insert into ledger_balance (account_id, balance_minor, version) select id, 0, 0 from made where limited`);
}

/** Both properties' meters use the same, each meter its own. */
async function insertReads(db: Db, atMs: number): Promise<void> {
  const days = (atMs - FIRST_DAY_MS) / DAY_MS;
  await db.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
    select i, ${new Date(atMs)}::timestamptz, ${new Date(atMs + 4_000)}::timestamptz, 'measured', 'registers',
      ${days}::int8 * (3000 + (i - 1) % ${METERS}::int % 9000)
    from generate_series(1, ${2 * METERS}::int) as i`);
}

/** The comparison is fair only where both wrote the same. */
async function demandSameRows(db: Db, ours: number, bare: number): Promise<void> {
  const rows = await db.query<{ property_id: number; rows: bigint; amount: bigint }>(sql`
    select property_id, count(*) as rows, sum(amount_minor)::int8 as amount from charge group by property_id`);
  const of = (id: number) => rows.find(({ property_id }) => property_id === id);
  const [left, right] = [of(ours), of(bare)];
  if (left === undefined || left.rows !== right?.rows || left.amount !== right.amount)
    throw new Error(`not the same charges: ${left?.rows}/${left?.amount} and ${right?.rows}/${right?.amount}`);
}
