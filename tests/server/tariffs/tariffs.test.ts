import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tariff, TariffVersion } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

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
/** Some half hours from now, on the half hour. */
const ahead = (halfHours: number) =>
  new Date((Math.floor(Date.now() / HALF_HOUR_MS) + halfHours) * HALF_HOUR_MS).toISOString();
const single = (price: string) => ({ kind: 'single', price }) as const;

async function post<T>(client: Client, path: string, body: object, status = 201): Promise<T> {
  const answer = await client.request('POST', path, body);
  expect(answer).toMatchObject({ status });
  return answer.body as T;
}
const newTariff = (name: string, propertyId = mall) =>
  post<Tariff>(boss, '/api/tariffs', { propertyId, name, medium: 'electricity' });
const draft = (tariffId: number, effectiveFrom: string, price = '0.7') =>
  post<TariffVersion>(boss, `/api/tariffs/${tariffId}/versions`, { effectiveFrom, body: single(price) });
const publish = (versionId: number, client = boss) =>
  client.request('POST', `/api/tariff-versions/${versionId}/decision`, { decision: 'publish' });

describe('a tariff', () => {
  test('charges nothing before a version is published', async () => {
    const { tariffs } = house.server.app.money;
    const tariff = await newTariff('shops');
    expect(tariffs.versionAt(tariff.id, Date.now())).toBeUndefined();
    const version = await draft(tariff.id, '2026-01-01T00:00:00Z', '0.715686');
    expect(version).toMatchObject({ state: 'draft', createdBy: 'Administrator' });
    expect(tariffs.versionAt(tariff.id, Date.now())).toBeUndefined();
    expect(tariffs.version(version.id)).toBeUndefined();
    expect(await publish(version.id)).toMatchObject({ status: 200, body: { state: 'published' } });
    expect(tariffs.versionAt(tariff.id, Date.now())).toMatchObject({
      id: version.id,
      body: { kind: 'single', price: 71_568_600n },
      meterPrices: { sharp: 7157, peak: 7157, flat: 7157, valley: 7157, deepValley: 7157 },
    });
    expect(tariffs.versionAt(tariff.id, Date.parse('2025-12-31T23:59:59Z'))).toBeUndefined();
    expect(await boss.request('GET', `/api/tariffs/${tariff.id}`)).toMatchObject({
      body: { tariff: { currentVersionId: version.id, versionCount: 1 } },
    });
  });
});
