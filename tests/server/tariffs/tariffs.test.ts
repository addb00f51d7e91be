import { raw } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tariff, TariffVersion } from '#contract/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import { createTariffs } from '#server/modules/tariffs/index.ts';
import * as store from '#server/modules/tariffs/store.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';
import { prepareAll } from '../../support/statements.ts';

let house: HouseServer;
let boss: Client;
let mall: number;
beforeAll(async () => {
  house = await startHouseServer();
  boss = house.boss;
  mall = house.propertyId('mall');
});
afterAll(() => house.stop());

const HALF_HOUR_MS = 1_800_000;
/** An instant some half hours from now, on the half hour. */
const ahead = (halfHours: number) =>
  new Date((Math.floor(Date.now() / HALF_HOUR_MS) + halfHours) * HALF_HOUR_MS).toISOString();
const single = (price: string) => ({ kind: 'single', price }) as const;
const LONG_AGO = '2026-01-01T00:00:00Z';

async function post<T>(client: Client, path: string, body: object): Promise<T> {
  const answer = await client.request('POST', path, body);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body as T;
}
const newTariff = (name: string, propertyId = mall) =>
  post<Tariff>(boss, '/api/tariffs', { propertyId, name, medium: 'electricity' });
const draft = (tariffId: number, effectiveFrom: string, price = '0.7', client = boss) =>
  post<TariffVersion>(client, `/api/tariffs/${tariffId}/versions`, { effectiveFrom, body: single(price) });
const decide = (versionId: number, decision: 'publish' | 'drop', client = boss) =>
  client.request('POST', `/api/tariff-versions/${versionId}/decision`, { decision });
const tariffs = () => house.server.app.money.tariffs;
const auditOf = async (subjectKind: string, subjectId: number) => {
  const { body } = await boss.request('GET', `/api/audit?subjectKind=${subjectKind}&subjectId=${subjectId}`);
  return (body as { items: { action: string; after: unknown }[] }).items;
};

describe('a version', () => {
  test('charges nothing before it is published, and holds from its instant on', async () => {
    const tariff = await newTariff('shops');
    expect(tariffs().versionAt(tariff.id, Date.now())).toBeUndefined();
    const version = await draft(tariff.id, LONG_AGO, '0.715686');
    expect(version).toMatchObject({
      state: 'draft',
      createdBy: 'Administrator',
      body: single('0.715686'),
      prices: [{ label: 'energy', published: '0.715686', meter: '0.7157', drift: '0.000014' }],
      fitsMeters: true,
    });
    expect(tariffs().versionAt(tariff.id, Date.now())).toBeUndefined();
    expect(tariffs().version(version.id)).toBeUndefined();
    expect(await decide(version.id, 'publish')).toMatchObject({ status: 200, body: { state: 'published' } });
    expect(tariffs().versionAt(tariff.id, Date.now())).toMatchObject({
      id: version.id,
      body: { kind: 'single', price: 71_568_600n },
      meterPrices: { sharp: 7157, peak: 7157, flat: 7157, valley: 7157, deepValley: 7157 },
    });
    expect(tariffs().versionAt(tariff.id, Date.parse('2025-12-31T23:59:59Z'))).toBeUndefined();
    expect(await boss.request('GET', `/api/tariffs/${tariff.id}`)).toMatchObject({
      body: { tariff: { currentVersionId: version.id, versionCount: 1 } },
    });
    expect((await auditOf('tariff', tariff.id)).map(({ action }) => action)).toEqual([
      'tariff.publish',
      'tariff.add-version',
      'tariff.create',
    ]);
  });

  test('gives way to the next at its instant; of two with the same instant the later published holds', async () => {
    const tariff = await newTariff('steps of time');
    const first = await draft(tariff.id, LONG_AGO, '0.5');
    const [next, slip] = [await draft(tariff.id, ahead(4), '0.6'), await draft(tariff.id, ahead(4), '6')];
    for (const version of [first, slip, next]) expect((await decide(version.id, 'publish')).status).toBe(200);
    const atMs = Date.parse(ahead(4));
    expect(tariffs().versionAt(tariff.id, atMs - 1)?.id).toBe(first.id);
    expect(tariffs().versionAt(tariff.id, atMs)?.id).toBe(next.id);
    const spans = tariffs().versionsBetween(tariff.id, atMs - 1_000, atMs + 1_000);
    expect(spans.map(({ version, fromMs, toMs }) => [version.id, fromMs - atMs, toMs - atMs])).toEqual([
      [first.id, -1_000, 0],
      [next.id, 0, 1_000],
    ]);
    expect(tariffs().versionsBetween(tariff.id, 0, Date.parse(LONG_AGO))).toEqual([]);
  });

  test('of a tariff in use never begins in the past', async () => {
    const tariff = await newTariff('never afterwards');
    const [first, other] = [await draft(tariff.id, LONG_AGO), await draft(tariff.id, '2026-02-01T00:00:00Z')];
    expect((await decide(first.id, 'publish')).status).toBe(200);
    const late = { status: 409, body: { code: 'tariff.too-late' } };
    expect(await decide(other.id, 'publish')).toMatchObject(late);
    expect(
      await boss.request('POST', `/api/tariffs/${tariff.id}/versions`, { effectiveFrom: ahead(-2), body: single('1') }),
    ).toMatchObject(late);
    expect((await decide(other.id, 'drop')).status).toBe(200);
    expect(tariffs().versionAt(tariff.id, Date.now())?.id).toBe(first.id);
  });

  test('is decided once, even by two at the same time', async () => {
    const tariff = await newTariff('once');
    const version = await draft(tariff.id, LONG_AGO);
    const answers = await Promise.all([decide(version.id, 'publish'), decide(version.id, 'drop')]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(await decide(version.id, 'publish')).toMatchObject({
      status: 409,
      body: { code: 'conflict.changed-meanwhile' },
    });
  });

  test('is refused with a sentence for each field that cannot be charged', async () => {
    const tariff = await newTariff('wrong');
    const add = (body: object) => boss.request('POST', `/api/tariffs/${tariff.id}/versions`, body);
    const fieldsOf = (answer: { body: unknown }) =>
      (answer.body as { details: { field: string }[] }).details.map(({ field }) => field);
    expect(await add({ effectiveFrom: LONG_AGO, body: single('0.123456789') })).toMatchObject({
      status: 400,
      body: {
        code: 'request.invalid',
        message:
          'The request is not valid: body.price must be a price of 0 or more with at most 8 decimals, like 0.715686.',
      },
    });
    for (const instant of [
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-01-01T00:10:00Z',
      '1999-01-01T00:00:00Z',
    ])
      expect(fieldsOf(await add({ effectiveFrom: instant, body: single('1') }))).toEqual(['effectiveFrom']);
    const steps = [{ upTo: '5', price: '1' }, { upTo: '4', price: '-1' }, { price: 'NaN' }];
    expect(
      fieldsOf(await add({ effectiveFrom: LONG_AGO, body: { kind: 'stepped', steps: { period: 'month', steps } } })),
    ).toEqual(['body.steps.steps.1.price', 'body.steps.steps.2.price']);
    expect(await boss.request('GET', `/api/tariffs/${tariff.id}`)).toMatchObject({ body: { versions: [] } });
  });
});

describe('what is stored', () => {
  test('is never changed: not by the server’s role, not by mistake of the owner', async () => {
    const tariff = await newTariff('kept');
    await decide((await draft(tariff.id, LONG_AGO)).id, 'publish');
    const { db, owner } = house.server.database;
    const changes = [
      'tariff set name = name',
      'tariff_version set note = note',
      'tariff_decision set published = false',
    ];
    const statements = changes.flatMap((change) => [`update ${change}`, `delete from ${change.split(' ')[0]}`]);
    for (const statement of statements) {
      await expect(db.query(raw(statement))).rejects.toThrow('permission denied');
      await expect(owner.query(raw(statement))).rejects.toThrow('append-only');
    }
    await expect(owner.query(raw('truncate tariff_decision'))).rejects.toThrow('append-only');
  });

  test('is all there after a restart', async () => {
    const tariff = await newTariff('again');
    const version = await draft(tariff.id, LONG_AGO, '0.58886875');
    await decide(version.id, 'publish');
    const { db } = house.server.database;
    const again = createTariffs({ db, estate: house.server.app.estate, clock: systemClock });
    await again.load(db);
    expect(again.versionAt(tariff.id, Date.now())).toEqual(tariffs().versionAt(tariff.id, Date.now()));
    expect(again.tariffsOfProperty(mall)).toEqual(tariffs().tariffsOfProperty(mall));
  });

  test('every statement fits the schema', async () => {
    const at = new Date(0);
    const body = single('1');
    const counts = await prepareAll(house.server.database.db, store, {
      selectTariffs: [],
      selectVersions: [],
      selectDecisions: [],
      selectSettings: [],
      insertTariff: [{ propertyId: 1, name: 'x', medium: 'water' }],
      insertVersion: [
        {
          ...{ tariffId: 1, effectiveFrom: at, body, meterPrices: undefined, composition: undefined },
          ...{ note: undefined, userId: undefined, userName: 'x' },
        },
      ],
      lockTariff: [1],
      isInUse: [1, undefined],
      insertDecision: [{ versionId: 1, published: true, userId: undefined, userName: 'x', at }],
      upsertSetting: [1, 0, { secondPerson: false, dayLists: [] }],
    });
    expect(Object.values(counts)).not.toContain(0);
  });
});

describe('who may', () => {
  test('a second person publishes where the property says so', async () => {
    const office = house.propertyId('office');
    const put = (body: object, client = boss) =>
      client.request('PUT', `/api/properties/${office}/tariff-settings`, body);
    expect(await put({ version: 0, secondPerson: true })).toMatchObject({ body: { secondPerson: true, version: 1 } });
    expect(await put({ version: 0, secondPerson: false })).toMatchObject({ status: 409 });
    const writer = await house.userWith('accountant', 'property', 'office');
    const tariff = await newTariff('two people', office);
    const version = await draft(tariff.id, LONG_AGO, '1', writer);
    expect(await decide(version.id, 'publish', writer)).toMatchObject({
      status: 409,
      body: { code: 'approval.same-person' },
    });
    expect(await decide(version.id, 'publish')).toMatchObject({ status: 200, body: { decidedBy: 'Administrator' } });
    // One's own slip may be dropped.
    const slip = await draft(tariff.id, ahead(3), '9', writer);
    expect((await decide(slip.id, 'drop', writer)).status).toBe(200);
  });

  test('only those with the right in this property; others do not learn that it is there', async () => {
    const tariff = await newTariff('mine');
    const version = await draft(tariff.id, LONG_AGO);
    const stranger = await house.userWith('accountant', 'property', 'office');
    const cashier = await house.userWith('cashier', 'property', 'mall');
    expect((await stranger.request('GET', `/api/tariffs/${tariff.id}`)).status).toBe(404);
    expect((await decide(version.id, 'publish', stranger)).status).toBe(404);
    expect((await stranger.request('GET', `/api/properties/${mall}/tariff-settings`)).status).toBe(404);
    expect(JSON.stringify((await stranger.request('GET', '/api/tariffs')).body)).not.toContain('mine');
    expect(JSON.stringify((await cashier.request('GET', '/api/tariffs?limit=1000')).body)).toContain('mine');
    expect((await decide(version.id, 'publish', cashier)).status).toBe(403);
    const owner = await house.userWith('accountant', 'building', 'A');
    expect((await owner.request('GET', `/api/tariffs/${tariff.id}`)).status).toBe(404);
  });
});

test('the program publishes a tariff of its own once', async () => {
  const own = {
    ...{ propertyId: mall, name: '演示电价', medium: 'electricity' as const },
    ...{ effectiveFromMs: Date.parse(LONG_AGO), body: single('0.68') },
  };
  const id = await tariffs().publishOwn(own);
  expect(await tariffs().publishOwn(own)).toBe(id);
  expect(tariffs().versionAt(id, Date.now())).toMatchObject({ body: { price: 68_000_000n } });
});

test('names of tariffs are taken once in a property', async () => {
  await newTariff('taken');
  expect(
    await boss.request('POST', '/api/tariffs', { propertyId: mall, name: 'taken', medium: 'water' }),
  ).toMatchObject({
    status: 409,
    body: { code: 'conflict.duplicate' },
  });
  await newTariff('taken', house.propertyId('office'));
});
