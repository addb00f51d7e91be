import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { raw } from 'sql-template-tag';
import type { TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyRoute, ErrorBody } from '#contract/index.ts';
import { CONTRACTS } from '../../support/contracts.ts';
import { buildSmallEstate } from '../../support/estate.ts';
import { propertiesOf, sampleOf } from '../../support/samples.ts';
import { type Answer, type Client, startTestServer, type TestServer } from '../../support/server.ts';
import { type MoneyThings, moneyThingsOf } from './support/moneyThings.ts';

/**
 * Money of another property (I13): whoever has every right in one property names things of the other, one id at a time, in every
 * route of the API that takes such an id. Each answers as if they were not there, says nothing of them, and nothing changes.
 */
const PASSWORD = 'correct-horse-battery';
let server: TestServer;
let own: MoneyThings;
let foreign: MoneyThings;
let admin: Client;
let stranger: Client;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signedIn();
  const things = async (name: string) =>
    moneyThingsOf(server.database.owner, admin, await buildSmallEstate(admin, name), name);
  own = await things('OWN');
  foreign = await things('FOREIGN');
  const grants = [{ role: 'administrator', scope: 'property', placeId: own.propertyId }];
  await admin.request('POST', '/api/users', { user: 'own', displayName: 'own', password: PASSWORD, grants });
  stranger = await server.signedIn('own', PASSWORD);
}, 60_000);
afterAll(() => server.stop());

/** Where a field stands. */
type Part = 'params' | 'query' | 'body';
interface Named {
  readonly name: string;
  readonly route: AnyRoute;
  readonly part: Part;
  readonly field: string;
}

const THINGS: Readonly<Record<string, keyof MoneyThings>> = {
  ...{ accountId: 'accountId', caseId: 'caseId', customerId: 'customerId', toCustomerId: 'otherCustomerId' },
  ...{ meterId: 'meterId', meterIds: 'meterId', oldMeterId: 'meterId', newMeterId: 'otherMeterId' },
  ...{ placeIds: 'placeId', propertyId: 'propertyId', tariffId: 'tariffId', versionId: 'versionId' },
  ...{ saleId: 'saleId', vendId: 'saleId', commandId: 'commandId', batchId: 'batchId' },
  ...{ chargeId: 'chargeId', readId: 'readId', runId: 'runId', rowId: 'rowId' },
};
/** The name of the thing that a field names; undefined where it names nothing of money. */
function thingOf({ path }: AnyRoute, field: string): keyof MoneyThings | undefined {
  if (field === 'batchId' && /vend|sales/.test(path)) return 'sheetId';
  if (field === 'meterIds' && path === '/api/accounts') return 'otherMeterId';
  return THINGS[field];
}
/** Of alarms, of the estate and of people: isolation.test.ts. */
const ELSEWHERE =
  /^\/api\/(alarms|users|kiosk|notifications|places|gateways|exports\/(alarms|deliveries|gateways|doctor))/;
const PARTS: readonly Part[] = ['params', 'query', 'body'];
/** Every route with every field of it that names a thing of money. */
const CASES: readonly Named[] = CONTRACTS.filter(([, { path }]) => !ELSEWHERE.test(path)).flatMap(([name, route]) =>
  PARTS.flatMap((part) =>
    Object.keys(propertiesOf(route[part]))
      .filter((field) => thingOf(route, field) !== undefined)
      .map((field) => ({ name, route, part, field })),
  ),
);

/** An id that the caller makes; the very same one may be another's. */
function isMade({ route, part, field }: Named): boolean {
  if (part !== 'body' || route.method !== 'POST') return false;
  return (field === 'saleId' && route.path === '/api/sales') || field === 'batchId' || field === 'commandId';
}

/** What some fields want to hold, so that a request is good but for the one id. */
const VALUES: Readonly<Record<string, unknown>> = {
  ...{ version: 1, quantity: 'energyWh', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  ...{ kind: 'makeup', custody: 'platform' },
};
const ALSO: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  runVendBatch: { rows: [{ meterNumber: 'none', amountMinor: '100', reason: 'a reason' }] },
};

/** A request over things of one's own but for the one that is named. */
function ask(named: Named, of: MoneyThings) {
  const { name, route } = named;
  const value = (part: Part, field: string, schema: TSchema): unknown => {
    const thing = thingOf(route, field);
    if (thing === undefined) return sampleOf(schema, VALUES, false, field);
    const wanted = part === named.part && field === named.field;
    if (!wanted && isMade({ name, route, part, field })) return randomUUID();
    const id = (wanted ? of : own)[thing];
    return 'items' in schema ? [id] : id;
  };
  const fill = (part: Part): Record<string, unknown> => {
    const schema = route[part];
    const required = schema !== undefined && 'required' in schema ? (schema.required as readonly string[]) : [];
    const fields = Object.entries(propertiesOf(schema)).filter(
      ([field]) => required.includes(field) || (part === named.part && field === named.field),
    );
    return Object.fromEntries(fields.map(([field, one]) => [field, value(part, field, one)]));
  };
  const params = fill('params');
  const path = route.path.replace(/:(\w+)/g, (_match, field: string) => String(params[field]));
  const query = new URLSearchParams(
    Object.entries(fill('query')).map(([field, one]): [string, string] => [field, String(one)]),
  );
  return {
    path: query.size === 0 ? path : `${path}?${query.toString()}`,
    body: route.body === undefined ? undefined : { ...fill('body'), ...ALSO[name] },
  };
}

/** Lists that the house empties by itself when it looks at the account. */
const BY_ITSELF = new Set(['listArrears', 'listChargeHolds']);

/** Rows of what only people change, and of what they did. */
const WITNESSES = [
  ...['customer', 'account', 'account_place', 'account_meter', 'account_case', 'money_policy', 'tariff_setting'],
  ...['tariff', 'tariff_version', 'tariff_decision', 'ledger_txn', 'ledger_entry', 'ledger_closed_period'],
  ...[
    'register_edit',
    'vend',
    'vend_batch',
    'vend_batch_row',
    'vend_decision',
    'vend_payout',
    'vend_step',
    'command_batch',
    'protection',
  ],
  ...['drift_decision', 'quarantine', 'audit'],
];
async function witnessed(): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const table of WITNESSES) {
    const byPeople = table === 'audit' ? 'where user_id is not null' : '';
    const digest = `count(*) as rows, md5(string_agg(t::text, '|' order by t::text)) as digest`;
    [told[table]] = await server.database.owner.query(raw(`select ${digest} from ${table} t ${byPeople}`));
  }
  return told;
}

test('the routes of money are among them', () => {
  const names = CASES.map(({ name, field }) => `${name} ${field}`);
  for (const name of ['getSale saleId', 'refund saleId', 'postDrift rowId', 'transferAccount toCustomerId'])
    expect(names).toContain(name);
  expect(CASES.length).toBeGreaterThan(100);
  expect(Object.values(foreign).filter((id) => id === undefined || id === '')).toEqual([]);
});

describe('a thing of another property', () => {
  test('is not found by any route, and nothing changes', async () => {
    const before = await witnessed();
    const faults: string[] = [];
    for (const named of CASES) {
      const { path, body } = ask(named, foreign);
      const answer = await stranger.request(named.route.method, path, body);
      const fault = faultOf(named, answer);
      if (fault !== undefined) faults.push(`${named.name} ${named.field}: ${fault} (${path} ${JSON.stringify(body)})`);
    }
    expect(faults).toEqual([]);
    expect(await witnessed()).toEqual(before);
  }, 60_000);

  test.for(CASES.filter(({ route, part }) => route.method === 'GET' && part === 'params'))(
    '$name $field: it is there for who may see it',
    async (named) => {
      expect((await admin.request('GET', ask(named, foreign).path)).status).toBe(200);
    },
  );

  test('what is asked for in the same way of one’s own is found', async () => {
    const lost: string[] = [];
    for (const named of CASES.filter((one) => !BY_ITSELF.has(one.name) && !isMade(one))) {
      const { path, body } = ask(named, own);
      const answer = await stranger.request(named.route.method, path, body);
      if (faultOf(named, answer) === undefined)
        lost.push(`${named.name} ${named.field} ${path}: ${JSON.stringify(answer.body)}`);
    }
    expect(lost).toEqual([]);
  }, 60_000);
});

/** What is wrong with an answer about a foreign thing; undefined: it is as if it were not there. */
function faultOf(named: Named, { status, body }: Answer): string | undefined {
  const text = JSON.stringify(body ?? {});
  const wrong = `${status} ${text.slice(0, 300)}`;
  if (text.includes('FOREIGN')) return wrong;
  const { code, details } = (body ?? {}) as Partial<ErrorBody>;
  if (code === 'not-found') return undefined;
  if (named.part === 'params') return wrong;
  if (isMade(named) && code === 'request.key-reused') return undefined;
  if (code === 'request.invalid' && details?.some(({ field }) => field.startsWith(named.field))) return undefined;
  return named.part === 'query' && status === 200 && isEmpty(body) ? undefined : wrong;
}

/** A list, or a workbook, without a row. */
function isEmpty(body: unknown): boolean {
  if (!Array.isArray(body)) return isDeepStrictEqual((body as { items?: unknown }).items, []);
  return (body as { rows: unknown[] }[]).slice(1).every(({ rows }) => rows.length <= 1);
}
