import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Alarm, Command, LedgerTxn, Sale, Session, Tariff, TariffVersion, VendBatch } from '#contract/index.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';
import { rowsOf, type SheetContent } from '../../support/workbook.ts';

const HALF_HOUR_MS = 30 * 60_000;
const CUSTOMER = '=星河咖啡';
const calendar = zonedCalendar('Asia/Shanghai');
let house: HouseServer;
let boss: Client;

beforeAll(async () => {
  house = await startHouseServer();
  boss = house.boss;
  house.take(...['a1', 'a2', 'b1'].map((number) => house.reading(number)));
  await openAccount();
});
afterAll(() => house.stop());

async function made<T>(path: string, body: object, method: 'POST' | 'PATCH' = 'POST'): Promise<T> {
  const answer = await boss.request(method, path, body);
  if (answer.status !== 201 && answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

/** An account of a1 with its balance here, and two sales. */
async function openAccount(): Promise<void> {
  const propertyId = house.propertyId('mall');
  const tariff = await made<Tariff>('/api/tariffs', { propertyId, name: 'shops', medium: 'electricity' });
  const version = await made<TariffVersion>(`/api/tariffs/${tariff.id}/versions`, {
    ...{ effectiveFrom: '2026-01-01T00:00:00Z', body: { kind: 'single', price: '0.7' } },
  });
  await boss.request('POST', `/api/tariff-versions/${version.id}/decision`, { decision: 'publish' });
  const customer = await made<{ id: number }>('/api/customers', {
    ...{ requestId: randomUUID(), propertyId, name: CUSTOMER },
  });
  const meterId = house.meterId('a1');
  await made('/api/accounts', {
    ...{ openingId: randomUUID(), customerId: customer.id, meterIds: [meterId], tariffId: tariff.id },
    ...{ custody: 'platform', stated: [{ meterId, energyWh: '1000', reason: 'read by eye' }] },
  });
  for (const paidMinor of ['10000', '12345'])
    await made('/api/sales', { saleId: randomUUID(), meterId, paidMinor, method: 'cash' });
}

interface Book {
  readonly name: string;
  readonly about: Readonly<Record<string, unknown>>;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Alarms of a1 that are over, a minute apart. */
async function pastAlarms(kind: string, count: number, unit = 'W'): Promise<readonly { readonly id: number }[]> {
  return house.server.database.owner.query<{ id: number }>(sql`
    insert into alarm (property_id, kind, severity, source_kind, source_id, path, search, raised_at, state, last_raised_at,
      cleared_at, closed_at, value, limit_value, unit)
    select ${house.propertyId('mall')}, ${kind}, 2, 'meter', ${house.meterId('a1')}, '[{"en":"A"},{"en":"A-101"}]', 'a', at,
      'closed', at, at, at, 1813, 2000, ${unit}
    from generate_series(1, ${count}) n,
      lateral (select '2026-11-01T00:00:00Z'::timestamptz + n * interval '1 minute') t(at)
    returning id`);
}

/** The file as somebody's spreadsheet shows it. */
async function book(client: Client, method: 'GET' | 'POST', path: string, body?: object): Promise<Book> {
  const answer = await client.request(method, path, body);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  const [about, ...lists] = answer.body as readonly SheetContent[];
  return {
    name: decodeURIComponent(answer.headers.get('content-disposition')?.split("UTF-8''")[1] ?? ''),
    about: Object.fromEntries((about?.rows ?? []).map(([name, text]) => [String(name), text])),
    rows: lists.flatMap(rowsOf),
  };
}

async function list<Item>(client: Client, path: string): Promise<readonly Item[]> {
  return ((await client.request('GET', path)).body as { items: Item[] }).items;
}

const local = (iso: string) => new Date(Date.parse(iso) + calendar.offsetMs(Date.parse(iso)));

test('sales: the rows of the same filter, typed, in the clock of the property, with what was asked', async () => {
  const filter = `propertyId=${house.propertyId('mall')}&kind=sale`;
  const sales = await list<Sale>(boss, `/api/sales?${filter}`);
  const { name, about, rows } = await book(boss, 'GET', `/api/exports/sales?${filter}&lang=zh`);
  expect(sales).toHaveLength(2);
  expect(rows.map((row) => row['流水号'])).toEqual(sales.map(({ serial }) => serial));
  expect(rows[0]).toMatchObject({
    ...{ 类型: '售电', 状态: '已到账', 客户: CUSTOMER, 实收: 123.45, 付款方式: '现金', 余额在: '平台' },
    '时间 (Asia/Shanghai)': local(sales[0]?.at ?? ''),
  });
  expect(about).toMatchObject({ 项目: 'mall项目', 类型: '售电', 行数: '2', 时区: 'Asia/Shanghai' });
  expect(name).toMatch(/^售电记录 mall项目 \d{4}-\d\d-\d\d\.xlsx$/);
  expect((await book(boss, 'GET', `/api/exports/sales?${filter}&lang=en`)).rows[0]).toMatchObject({ Method: 'Cash' });
  expect((await book(boss, 'GET', '/api/exports/sales?kind=refund')).rows).toEqual([]);
});

test('the ledger has a row for each entry, and they sum up to nothing', async () => {
  const query = `propertyId=${house.propertyId('mall')}`;
  const txns = await list<LedgerTxn>(boss, `/api/ledger/transactions?${query}`);
  const { rows } = await book(boss, 'GET', `/api/exports/ledger-transactions?${query}&lang=en`);
  expect(rows).toHaveLength(txns.reduce((sum, { entries }) => sum + entries.length, 0));
  const cents = rows.map((row) => Math.round(Number(row['Debit (+), credit (−)']) * 100));
  expect(cents.length).toBeGreaterThan(3);
  expect(cents.reduce((sum, amount) => sum + amount, 0)).toBe(0);
});

test('alarms: more than a page, each once, in the words of the screens; others see their own only', async () => {
  const mall = house.propertyId('mall');
  await pastAlarms('overload', 2_345);
  const { rows, about } = await book(
    boss,
    'GET',
    `/api/exports/alarms?propertyId=${mall}&kind=overload&state=all&lang=en`,
  );
  expect(rows).toHaveLength(2_345);
  expect(new Set(rows.map((row) => row['Number'])).size).toBe(2_345);
  expect(rows[0]).toMatchObject({ Severity: 'Medium', Alarm: 'Overload', State: 'Closed', Place: 'A / A-101' });
  expect(about).toMatchObject({ Property: 'mall', Kind: 'Overload', Rows: '2345' });
  const [newest] = await list<Alarm>(boss, `/api/alarms?propertyId=${mall}&kind=overload&state=all&limit=1`);
  expect(rows[0]).toMatchObject({ 'Raised (Asia/Shanghai)': local(newest?.raisedAt ?? '') });
  const office = await house.userWith('viewer', 'property', 'office');
  expect((await book(office, 'GET', '/api/exports/alarms?state=all')).rows).toEqual([]);
  await pastAlarms('balanceLow1', 1, 'minor');
  const low = await book(boss, 'GET', '/api/exports/alarms?kind=balanceLow1&state=all&lang=en');
  expect(low.rows, 'money in its currency').toMatchObject([{ Value: 18.13, Limit: 20, Unit: 'CNY' }]);
});

test('what became of a batch: a row for each meter, with its end in words', async () => {
  const batchId = randomUUID();
  const meterIds = ['a1', 'a2', 'b1'].map((number) => house.meterId(number));
  await made('/api/command-batches', { batchId, meterIds, order: { kind: 'trip' }, reason: 'drill' });
  await boss.request('POST', `/api/command-batches/${batchId}/stop`, {});
  const commands = await list<Command>(boss, `/api/commands?batchId=${batchId}`);
  const { rows, about } = await book(boss, 'GET', `/api/exports/command-batches/${batchId}?lang=zh`);
  expect(rows.map((row) => row['表号'])).toEqual(commands.map(({ meterNumber }) => meterNumber));
  expect(rows.map((row) => row['命令'])).toEqual(['分闸', '分闸', '分闸']);
  expect(rows.every((row) => row['事由'] === 'drill' && typeof row['结果'] === 'string')).toBe(true);
  expect(about).toMatchObject({ 项目: 'mall项目', 批次: batchId });
  const office = await house.userWith('operator', 'property', 'office');
  expect((await office.request('GET', `/api/exports/command-batches/${batchId}`)).status).toBe(404);
  expect((await book(boss, 'GET', `/api/exports/commands?batchId=${batchId}`)).rows).toHaveLength(3);
});

test('the protective list', async () => {
  const { rows } = await book(boss, 'GET', `/api/exports/protections?propertyId=${house.propertyId('mall')}&lang=en`);
  expect(rows).toEqual([]);
});

test('meters in the order in which they are named; customers only for those who may know them', async () => {
  const propertyId = house.propertyId('mall');
  const meterIds = ['b1', 'a1', 'feeder'].map((number) => house.meterId(number));
  const body = { propertyId, meterIds, filter: 'relay closed' };
  const { rows, about } = await book(boss, 'POST', '/api/exports/meters?lang=en', body);
  expect(rows.map((row) => row['Meter number'])).toEqual(['b1', 'a1', 'feeder']);
  expect(rows[1]).toMatchObject({
    ...{ Place: 'mall / A / 1F / A-101', Customer: CUSTOMER, Tariff: 'shops', Gateway: 'GW-1', Line: '1', Address: 1 },
    ...{ Relay: 'Closed', Balance: 50, 'Load (kW)': 1, 'Total energy (kWh)': 123456.78 },
  });
  expect(rows[1]?.['Last reading (Asia/Shanghai)']).toBeInstanceOf(Date);
  expect(rows[2]).toMatchObject({ Customer: null, Balance: null, 'Load (kW)': null });
  expect(about).toMatchObject({ Filter: 'relay closed', Rows: '3' });
  const viewer = await house.userWith('viewer', 'property', 'mall');
  expect(JSON.stringify((await book(viewer, 'POST', '/api/exports/meters', body)).rows)).not.toContain(CUSTOMER);
  const other = { propertyId, meterIds: [...meterIds, house.meterId('o1')] };
  expect(await boss.request('POST', '/api/exports/meters', other)).toMatchObject({ status: 404 });
  const onlyB = await house.userWith('viewer', 'building', 'B');
  expect((await onlyB.request('POST', '/api/exports/meters', body)).status).toBe(404);
});

test('readings: registers at half hours and days with quality and source, and what is missing is said', async () => {
  const propertyId = house.propertyId('mall');
  const dayMs = calendar.startOfDayAfter(Date.now(), -2);
  const halfHours = Array.from({ length: 49 }, (_, index) => dayMs + index * HALF_HOUR_MS);
  const { metering } = house.server.app.measuring;
  const history = halfHours.map((atMs, index) => {
    const values = { activePowerW: 6_000 + index, energyWh: 3_000_000_000 + index * 3_001 };
    return { meterNumber: 'b2', atMs, balanceMinor: '-150', values };
  });
  await metering.takeHistory(history.filter((_, index) => index !== 3));
  await metering.flush();
  const asked = { propertyId, meterIds: [house.meterId('b2'), house.meterId('b1')], from: isoOf(dayMs) };
  const { rows } = await book(boss, 'POST', '/api/exports/readings?lang=en', {
    ...{ ...asked, to: isoOf(dayMs + 48 * HALF_HOUR_MS), what: 'halfHours' },
  });
  expect(rows).toHaveLength(96);
  expect(rows.map((row) => row['Meter number'])).toEqual([...Array(48).fill('b2'), ...Array(48).fill('b1')]);
  expect(rows[1]).toMatchObject({
    ...{ 'Instant (Asia/Shanghai)': local(isoOf(dayMs + HALF_HOUR_MS)), 'Total energy (kWh)': 3_000_003.001 },
    ...{ Balance: -1.5, Quality: 'Measured', Place: 'mall / B / 1F / B-102' },
  });
  expect(rows[3]).toMatchObject({ 'Total energy (kWh)': null, Quality: 'No reading' });
  expect(rows.slice(48).every((row) => row['Quality'] === 'No reading')).toBe(true);
  const days = await book(boss, 'POST', '/api/exports/readings?lang=en', {
    ...{ ...asked, to: isoOf(dayMs + 49 * HALF_HOUR_MS), what: 'days' },
  });
  expect(days.rows.map((row) => [row['Meter number'], row['Total energy (kWh)']])).toEqual([
    ['b2', 3_000_000],
    ['b2', expect.any(Number)],
    ['b1', null],
    ['b1', null],
  ]);
  const live = await book(boss, 'POST', '/api/exports/readings?lang=en', {
    ...{ ...asked, to: isoOf(dayMs + 48 * HALF_HOUR_MS), what: 'live1h', quantities: ['activePowerW', 'energyWh'] },
  });
  expect(live.rows).toHaveLength(24);
  expect(live.rows[0]).toMatchObject({ 'Active power (W)': 6_000.5, 'Total energy (kWh)': 3_000_003.001 });
});

test('the books of the administration: deliveries, gateways, links and the audit, each within the right of who asks', async () => {
  const link = await made<{ link: { id: number } }>('/api/kiosk-links', {
    ...{ name: 'Duty room', propertyIds: [house.propertyId('mall')] },
    tour: { dwellS: 30, alarmS: 20, touchS: 90 },
  });
  const links = await book(boss, 'GET', '/api/exports/kiosk-links?lang=en');
  expect(links.rows).toMatchObject([{ Name: 'Duty room', Properties: 'mall', 'Time at each property (s)': 30 }]);
  const audit = await book(boss, 'GET', '/api/exports/audit?lang=en&subjectKind=kiosk-link');
  expect(audit.rows.map((row) => row['Subject'])).toEqual([String(link.link.id)]);
  const lines = await book(boss, 'GET', '/api/exports/gateways?lang=en');
  expect(lines.rows.length).toBeGreaterThan(1);
  expect((await book(boss, 'GET', '/api/exports/deliveries?lang=en&state=sent')).rows).toEqual([]);

  const engineer = await house.userWith('engineer', 'property', 'mall');
  const mallId = house.propertyId('mall');
  const own = await book(engineer, 'GET', `/api/exports/gateways?lang=en&propertyId=${mallId}`);
  const seen = await book(engineer, 'GET', '/api/exports/gateways?lang=en');
  expect(seen.rows).toEqual(own.rows);
  expect(seen.rows.length).toBeLessThan(lines.rows.length);
  for (const [path, status] of [
    ['kiosk-links', 403],
    ['audit', 200],
  ] as const)
    expect((await engineer.request('GET', `/api/exports/${path}`)).status).toBe(status);
  const cashier = await house.userWith('cashier', 'property', 'mall');
  for (const path of ['audit', 'deliveries', 'gateways', 'kiosk-links'])
    expect((await cashier.request('GET', `/api/exports/${path}`)).status).toBe(403);
});

test('tariffs: a row for each price of each version, and one for a tariff that has none', async () => {
  const propertyId = house.propertyId('mall');
  const stairs = await made<Tariff>('/api/tariffs', { propertyId, name: 'stairs', medium: 'water' });
  const steps = [{ upTo: '10.5', price: '2' }, { price: '3.12345678' }];
  await made(`/api/tariffs/${stairs.id}/versions`, {
    ...{ effectiveFrom: '2026-10-31T16:00:00Z', body: { kind: 'stepped', steps: { period: 'month', steps } } },
  });
  await made('/api/tariffs', { propertyId, name: 'empty', medium: 'electricity' });
  const { rows, about } = await book(boss, 'GET', `/api/exports/tariffs?propertyId=${propertyId}&lang=en`);
  const midnight = local('2026-10-31T16:00:00Z');
  const step = { Tariff: 'stairs', For: 'Water', State: 'Draft', Kind: 'Steps', Per: 'm³', 'Fits a meter': 'no' };
  expect(rows).toMatchObject([
    { Tariff: 'shops', State: 'In force', 'Rate or step': 'Price', 'Published price': 0.7, 'Price in the meter': 0.7 },
    { ...step, 'Rate or step': 'Step 1', 'Up to and with': 10.5, 'In force from (Asia/Shanghai)': midnight },
    { ...step, 'Rate or step': 'Step 2', 'Up to and with': null, 'Published price': 3.12345678 },
    { Tariff: 'empty', State: null, 'Published price': null },
  ]);
  expect(rows[1]).toMatchObject({ 'Price in the meter': null, Drift: null, Property: 'mall', Currency: 'CNY' });
  expect(about).toMatchObject({ Property: 'mall', Rows: '4' });
  const office = await house.userWith('accountant', 'property', 'office');
  expect((await book(office, 'GET', '/api/exports/tariffs')).rows).toEqual([]);
});

test('the doctor’s lines by property, verdict and text, as far as the right goes', async () => {
  const lines = async (client: Client, filter = '') => {
    const { rows } = await book(client, 'GET', `/api/exports/doctor-lines?lang=en${filter}`);
    return rows.map((row) => [row['Gateway'], row['Line']].join('/')).toSorted();
  };
  const listed = await list<{ gatewayCode: string; name: string }>(boss, '/api/doctor/lines');
  expect(await lines(boss)).toEqual(listed.map(({ gatewayCode, name }) => `${gatewayCode}/${name}`).toSorted());
  expect(await lines(boss, '&q=GW-1%20/%202')).toEqual(['GW-1/2']);
  expect(await lines(boss, '&q=MALL')).toEqual(['GW-1/1', 'GW-1/2', 'GW-2/1']);
  expect(await lines(await house.userWith('viewer', 'property', 'office'))).toEqual(['GW-3/1']);

  const gateways = await list<{ id: number; version: number }>(
    boss,
    `/api/gateways?propertyId=${house.propertyId('office')}`,
  );
  await made(`/api/gateways/${gateways[0]?.id}`, { version: gateways[0]?.version, enabled: false }, 'PATCH');
  await expect.poll(() => lines(boss, '&verdict=stopped'), { timeout: 15_000 }).toEqual(['GW-3/1']);
  const { about, rows } = await book(boss, 'GET', '/api/exports/doctor-lines?verdict=stopped&lang=zh');
  expect(about).toMatchObject({ 结论: '已停用' });
  expect(rows).toMatchObject([{ 结论: '已停用', 项目: 'office项目', 网关: 'GW-3', '占用（%）': 0, 建议: null }]);
});

test('the differences of a comparison: money as money, counts in words, the same filter as the list', async () => {
  const propertyId = house.propertyId('mall');
  const run = await made<{ id: string; day: string }>('/api/reconciliation-runs', { propertyId });
  const read = '2026-11-21T17:30:00.000Z';
  await house.server.database.owner.query(sql`
    insert into reconciliation_row (run_id, property_id, side, cause, meter_id, expected, found, difference_minor, detail)
    values (${run.id}, ${propertyId}, 'meter', 'balanceDiffers', ${house.meterId('a1')}, '10000', '9750', -250, ${`read ${read}`}),
      (${run.id}, ${propertyId}, 'meter', 'countDiffers', ${house.meterId('a2')}, '4 purchases', '5 purchases', null, 'odd'),
      (${run.id}, ${propertyId}, 'meter', 'drift', ${house.meterId('b1')}, '10000', '9999', -1, 'odd')`);
  const path = `/api/exports/reconciliation-runs/${run.id}/rows`;
  const { rows, about } = await book(boss, 'GET', `${path}?open=true&lang=zh`);
  expect(rows).toMatchObject([
    { 原因: '余额不符', 表号: 'a1', '应为（金额）': 100, '实为（金额）': 97.5, 差额: -2.5, 明细: null },
    {
      原因: '购电次数不符',
      表号: 'a2',
      差额: null,
      '应为（其他）': '4 次购电',
      '实为（其他）': '5 次购电',
      明细: 'odd',
    },
  ]);
  expect(rows[0]?.['读表时间 (Asia/Shanghai)']).toEqual(local(read));
  expect(about).toMatchObject({ 对账日: run.day, 项目: 'mall项目', 仅未解释: '是' });
  const drift = await book(boss, 'GET', `${path}?cause=drift&lang=en`);
  expect(drift.rows).toMatchObject([{ Cause: 'Rounding', 'Meter number': 'b1', Difference: -0.01 }]);
  expect(drift.about).toMatchObject({ Cause: 'Rounding' });
  const office = await house.userWith('accountant', 'property', 'office');
  expect((await office.request('GET', path)).status).toBe(404);
  expect((await office.request('GET', `/api/reconciliation-runs/${run.id}`)).status).toBe(404);
});

test('a sheet: each row with what became of it, and why not', async () => {
  const batchId = randomUUID();
  await made('/api/vend-batches', {
    ...{ batchId, propertyId: house.propertyId('mall'), kind: 'makeup', dryRun: false, reason: 'storm' },
    rows: ['a1', 'nobody'].map((meterNumber) => ({ meterNumber, amountMinor: '123' })),
  });
  const sheetNow = async () => (await boss.request('GET', `/api/vend-batches/${batchId}`)).body as VendBatch;
  await expect.poll(async () => (await sheetNow()).state, { timeout: 15_000 }).toBe('done');
  const path = `/api/exports/vend-batches/${batchId}`;
  const { rows, about } = await book(boss, 'GET', `${path}?lang=zh`);
  expect(rows).toMatchObject([
    { 行: 1, 表号: 'a1', 金额: 1.23, 结果: '已受理', 原因: null },
    { 行: 2, 表号: 'nobody', 金额: 1.23, 结果: '未受理', 交易状态: null, 原因: '找不到该内容，可能已被删除。' },
  ]);
  expect(about).toMatchObject({ 类型: '补差', 事由: 'storm', 行数: '2', 时区: 'Asia/Shanghai' });
  const english = await book(boss, 'GET', `${path}?lang=en`);
  expect(english.rows[1]).toMatchObject({ Outcome: 'refused', Why: (await sheetNow()).rows[1]?.message });
  const office = await house.userWith('accountant', 'property', 'office');
  expect((await office.request('GET', path)).status).toBe(404);
});

test.for<[file: string, filter: string, about: Readonly<Record<string, string>>]>([
  ['deliveries', 'channel=email&state=failed&what=raised', { Way: 'E-mail', State: 'Failed, will be tried again' }],
  ['deliveries', 'what=raised&alarmId=7&bundleId=8', { What: 'Raised', 'Alarm number': '7', 'In bundle': '8' }],
  ['audit', 'subjectKind=kiosk-link&subjectId=4', { 'Kind of subject': 'Kiosk link', Subject: '4' }],
  ['sales', 'kind=refund&state=open', { Kind: 'Refund', State: 'Under way' }],
  ['alarms', 'state=current&assigned=nobody&chattering=true', { State: 'Current', Assigned: 'Nobody' }],
  ['commands', 'kind=trip&state=failed&single=true', { Kind: 'Trip', State: 'Failed', 'Of no batch': 'yes' }],
  ['jobs', 'waiting=true', { 'Awaiting approval': 'yes' }],
])('the file of %s says by which filter it was made, in words: %s', async ([file, filter, expected]) => {
  expect((await book(boss, 'GET', `/api/exports/${file}?${filter}&lang=en`)).about).toMatchObject(expected);
});

test('a ledger’s filter is told in the words of its columns', async () => {
  const filter = `propertyId=${house.propertyId('mall')}&kind=wallet&refKind=vend`;
  const { about, rows } = await book(boss, 'GET', `/api/exports/ledger-transactions?${filter}&lang=zh`);
  expect(about).toMatchObject({ 类型: '钱包', 凭据类型: '售电' });
  expect(new Set(rows.map((row) => row['凭据类型']))).toEqual(new Set(['售电']));
  expect(rows.map((row) => row['科目'])).toContain('钱包');
});

test('a history by person names the person, and its days by the clock of the property', async () => {
  const operator = await house.userWith('operator', 'property', 'mall');
  const me = (await operator.request('GET', '/api/session')).body as Session;
  const handledBy = `handledBy=${me.userId}&state=all&from=2026-10-31T16:00:00Z&lang=en`;
  // Nothing done yet: somebody who could be given an alarm there.
  const before = await book(boss, 'GET', `/api/exports/alarms?propertyId=${house.propertyId('mall')}&${handledBy}`);
  expect(before.about).toMatchObject({ 'Handled by': me.displayName, From: '2026-11-01 00:00 (Asia/Shanghai)' });
  const viewer = await house.userWith('viewer', 'property', 'mall');
  expect((await book(viewer, 'GET', `/api/exports/alarms?${handledBy}`)).about['Handled by']).toBe(String(me.userId));

  const ids = (await pastAlarms('overload', 1)).map(({ id }) => id);
  expect((await operator.request('POST', '/api/alarms/note', { ids, note: 'seen' })).status).toBe(200);
  const after = await book(viewer, 'GET', `/api/exports/alarms?${handledBy}`);
  expect(after.about['Handled by']).toBe(me.displayName);
  expect(after.rows).toHaveLength(1);
  // Who may see nothing of it learns no name.
  const office = await house.userWith('operator', 'property', 'office');
  expect((await book(office, 'GET', `/api/exports/alarms?${handledBy}`)).about['Handled by']).toBe(String(me.userId));
  const mine = await book(operator, 'GET', '/api/exports/alarms?assigned=me&lang=en');
  expect(mine.about).toMatchObject({ Assigned: me.displayName });
});

test('a question too large, or of no time at all, is refused with what to do', async () => {
  const body = { propertyId: house.propertyId('mall'), meterIds: [house.meterId('a1')], what: 'halfHours' };
  const wide = await boss.request('POST', '/api/exports/readings', {
    ...body,
    from: '1800-01-01T00:00Z',
    to: '2026-01-01T00:00Z',
  });
  expect(wide).toMatchObject({ status: 400, body: { code: 'request.invalid', details: [{ field: 'meterIds' }] } });
  const none = await boss.request('POST', '/api/exports/readings', {
    ...body,
    from: '2999-01-01T00:00Z',
    to: '2999-01-02T00:00Z',
  });
  expect(none).toMatchObject({ status: 400, body: { code: 'request.invalid', details: [{ field: 'from' }] } });
});

const isoOf = (atMs: number): string => new Date(atMs).toISOString();
