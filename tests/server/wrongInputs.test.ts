import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorBody, type Tariff, type TariffVersion } from '#contract/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { CONTRACTS } from '../support/contracts.ts';
import { buildSmallEstate, type SmallEstate } from '../support/estate.ts';
import { mulberry32 } from '../support/fuzz.ts';
import { type Client, startTestServer, type TestServer } from '../support/server.ts';
import { type WrongInput, type WrongInputSources, wrongInput } from '../support/wrongInput.ts';

/** Another seed asks other questions; each must be answered as well. */
const SEED = 20_261_122;
const INPUTS = 2_000;
/** A kind of wrong that a route has no room for is drawn anew, so that no route is left out by chance. */
const DRAWS_MAX = 4;
const AT_ONCE = 8;
/** Nothing changes for so long: all that follows by itself has followed. */
const SETTLED_MS = 1_500;
const PASSWORD = 'correct-horse-battery';
/** What the program does by its own timetable, whatever anybody asks. */
const BY_TIMETABLE = new Set(['audit_seal', 'charge_run', 'charge_stream', 'reconciliation_run', 'reconciliation_row']);
/** The opening of an account gives commands, and their rows move on by themselves: these are counted, not compared. */
const ONLY_COUNTED = new Set(['command', 'session']);

/** What fields of these names want to hold, so that a request is good but for the one thing that is spoiled. */
const TEXTS = {
  ...{
    price: '0.7',
    prices: '0.7',
    upTo: '5',
    total: '100',
    usedBefore: '1',
    effectiveFrom: '2099-01-01T00:00:00Z',
    gridQuantity: '100',
    tenantPrice: '0.7',
  },
  ...{ sharp: '1', peak: '1', flat: '1', valley: '1', deepValley: '1', days: '2026-10-01', day: '2026-10-01' },
  ...{ modelId: 'acrel-dtsy1352', unitAddress: 77, quantity: 'energyWh', host: '127.0.0.1', timeZone: 'Asia/Shanghai' },
  ...{ role: 'viewer', scope: 'property', kind: 'building', version: 1, current: PASSWORD, custody: 'platform' },
};

let server: TestServer;
let admin: Client;
let sender: Client;
let sources: WrongInputSources;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signedIn();
  const own = await thingsOf(await buildSmallEstate(admin, 'OWN'));
  const foreign = await thingsOf(await buildSmallEstate(admin, 'FOREIGN'));
  const grants = [{ role: 'administrator', scope: 'property', placeId: own.propertyId }];
  const user = await made<{ id: number }>('/api/users', {
    user: 'sender',
    displayName: 'S',
    password: PASSWORD,
    grants,
  });
  sender = await server.signedIn('sender', PASSWORD);
  sources = {
    hints: { ...own, ...TEXTS, userId: user.id, parentId: own.propertyId },
    foreign: { ...foreign, saleId: foreign.vendId },
  };
});
afterAll(() => server.stop());

test(`${INPUTS} wrong inputs, seed ${SEED}: each is refused with a code of ours, and nothing is stored`, async () => {
  const inputs = generate();
  const before = await settledContent();
  const answers: { input: WrongInput; fault: string | undefined; code: string }[] = [];
  const left = [...inputs];
  const ask = async () => {
    for (let input = left.pop(); input !== undefined; input = left.pop())
      answers.push({ input, ...(await faultOf(input)) });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  const faults = answers.flatMap(({ input, fault }) => (fault === undefined ? [] : [`${fault}: ${tell(input)}`]));
  expect(faults).toEqual([]);
  expect(await contentOf(server.database.owner)).toEqual(before);
  // The inputs reach far: every route that takes anything, and refusals of every kind.
  const reached = new Set(inputs.map(({ name }) => name));
  expect(CONTRACTS.filter(([name, { params, body }]) => (params ?? body) !== undefined && !reached.has(name))).toEqual(
    [],
  );
  const codes = new Set(answers.map(({ code }) => code));
  expect(codes).not.toContain('session.required');
  for (const code of ['request.invalid', 'request.not-json', 'not-found']) expect(codes).toContain(code);
}, 120_000);

test.for(['/%00', '/%', '/api/meters/%ff', '/a%5cb', '/assets/%00.js', '/api/nothing/%00', '/api/meters/1/nothing'])(
  'GET %s leads nowhere, and that is no fault of the server',
  async (path) => {
    expect(await sender.request('GET', path)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  },
);

function generate(): WrongInput[] {
  const chance = mulberry32(SEED);
  const inputs: WrongInput[] = [];
  for (let turn = 0; inputs.length < INPUTS; turn += 1) {
    const contract = CONTRACTS[turn % CONTRACTS.length];
    let input: WrongInput | undefined;
    for (let draw = 0; contract !== undefined && input === undefined && draw < DRAWS_MAX; draw += 1)
      input = wrongInput(contract, sources, chance);
    if (input !== undefined) inputs.push(input);
  }
  return inputs;
}

/** What is wrong with the answer to a wrong input; undefined where it is as it should be. */
async function faultOf(input: WrongInput): Promise<{ fault: string | undefined; code: string }> {
  const headers = { 'content-type': input.contentType };
  const answer = await sender.request(input.method, input.path, input.body, headers);
  const body = (answer.body ?? {}) as Partial<ErrorBody>;
  const code = body.code ?? '';
  const known = Object.entries(ERROR_CODES).find(([name]) => name === code);
  if (answer.status < 400 || answer.status > 499) return { fault: `${answer.status} ${code}`, code };
  if (known?.[1] !== answer.status) return { fault: `${answer.status} with the code "${code}"`, code };
  return { fault: body.message === undefined || body.message.length < 10 ? 'no sentence' : undefined, code };
}

function tell({ name, method, path, body, what }: WrongInput): string {
  return `${name}: ${what} (${method} ${path.slice(0, 120)} ${body?.slice(0, 300) ?? ''})`;
}

/** What is there once all that setting up brings about is done: commands, arrears, alarms follow by themselves. */
async function settledContent(): Promise<Record<string, string>> {
  for (let before = await contentOf(server.database.owner); ; ) {
    await sleep(SETTLED_MS);
    const now = await contentOf(server.database.owner);
    if (isDeepStrictEqual(now, before)) return now;
    before = now;
  }
}

/** Rows and a digest of every table. */
async function contentOf(db: Db): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>(sql`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`);
  const content: Record<string, string> = {};
  for (const { name } of tables.filter((table) => !BY_TIMETABLE.has(table.name))) {
    const digest = ONLY_COUNTED.has(name) ? `'not compared'` : `md5(string_agg(t::text, '|' order by t::text))`;
    const rows = await db.query<{ content: string }>(
      raw(`select count(*) || ' rows ' || coalesce(${digest}, '') as content from ${name} t`),
    );
    content[name] = rows[0]?.content ?? '';
  }
  return content;
}

async function made<T>(path: string, body: object): Promise<T> {
  const answer = await admin.request('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

/** Ids of a property's things by the names that fields have: a tariff in use and a draft, an account with money. */
async function thingsOf({ property, rooms, gateway, meters }: SmallEstate) {
  const tariff = await made<Tariff>('/api/tariffs', { propertyId: property.id, name: 'shops', medium: 'electricity' });
  const draft = () =>
    made<TariffVersion>(`/api/tariffs/${tariff.id}/versions`, {
      effectiveFrom: '2026-01-01T00:00:00Z',
      body: { kind: 'single', price: '0.7' },
    });
  const [used, version] = [await draft(), await draft()];
  await admin.request('POST', `/api/tariff-versions/${used.id}/decision`, { decision: 'publish' });
  const name = property.names.en ?? '';
  const customer = await made<{ id: number }>('/api/customers', {
    requestId: randomUUID(),
    propertyId: property.id,
    name,
  });
  const account = await made<{ id: number }>('/api/accounts', {
    ...{ openingId: randomUUID(), customerId: customer.id, meterIds: [meters[0].id], tariffId: tariff.id },
    ...{ custody: 'platform', stated: [{ meterId: meters[0].id, energyWh: '1000', reason: 'read by eye' }] },
  });
  const sale = await made<{ saleId: string }>('/api/sales', {
    ...{ saleId: randomUUID(), meterId: meters[0].id, paidMinor: '10000', method: 'cash' },
  });
  return {
    ...{ propertyId: property.id, placeId: rooms[0].id, placeIds: rooms[0].id, gatewayId: gateway.id },
    ...{ lineId: gateway.lines[0]?.id ?? 0, meterId: meters[0].id, meterIds: meters[0].id },
    ...{ oldMeterId: meters[0].id, newMeterId: meters[1].id, tariffId: tariff.id, versionId: version.id },
    ...{ customerId: customer.id, toCustomerId: customer.id, accountId: account.id, vendId: sale.saleId },
  };
}
