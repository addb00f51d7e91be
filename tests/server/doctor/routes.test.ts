import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DoctorLine, DoctorSheet, Gateway } from '#contract/index.ts';
import { TIME_PARTS } from '#domain/busFacts.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

/** Gateways that accept and never say a word: every line of two meters is closed, every line of one has a dead meter. */
let house: HouseServer;
let mall: Client;
let building: Client;

beforeAll(async () => {
  house = await startHouseServer();
  mall = await house.userWith('viewer', 'property', 'mall');
  building = await house.userWith('viewer', 'building', 'B');
});
afterAll(() => house.stop());

async function get<T>(client: Client, path: string): Promise<T> {
  const { status, body } = await client.request('GET', path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
  return body as T;
}
type Page = { readonly items: readonly DoctorLine[]; readonly nextCursor?: string };
const codes = ({ items }: Page) => items.map(({ gatewayCode, name }) => `${gatewayCode}/${name}`).toSorted();

describe('the list of lines', () => {
  test('shows the lines of the right, and of one property when asked', async () => {
    expect(codes(await get<Page>(house.boss, '/api/doctor/lines'))).toEqual(['GW-1/1', 'GW-1/2', 'GW-2/1', 'GW-3/1']);
    expect(codes(await get<Page>(mall, '/api/doctor/lines'))).toEqual(['GW-1/1', 'GW-1/2', 'GW-2/1']);
    expect(codes(await get<Page>(building, '/api/doctor/lines'))).toEqual([]);
    const office = house.propertyId('office');
    expect(codes(await get<Page>(house.boss, `/api/doctor/lines?propertyId=${office}`))).toEqual(['GW-3/1']);
    expect(codes(await get<Page>(mall, `/api/doctor/lines?propertyId=${office}`))).toEqual([]);
  });

  test('is sorted worst first, and comes in pages', async () => {
    await vi.waitFor(
      async () => {
        const { items } = await get<Page>(house.boss, '/api/doctor/lines');
        expect(items.slice(0, 2).map(({ verdict }) => verdict)).toEqual(['closed', 'closed']);
      },
      { timeout: 15_000, interval: 200 },
    );
    const whole = await get<Page>(house.boss, '/api/doctor/lines');
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await get<Page>(house.boss, `/api/doctor/lines?limit=1${cursor}`);
      seen.push(...codes(page));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen.toSorted()).toEqual(codes(whole));
    expect((await house.boss.request('GET', '/api/doctor/lines?cursor=x')).status).toBe(400);
    expect((await house.boss.request('GET', '/api/doctor/lines?limit=0')).status).toBe(400);
  });
});

describe('the sheet of a line', () => {
  const sheetOf = (client: Client, code: string, name: string) =>
    get<DoctorSheet>(client, `/api/lines/${house.lineId(code, name)}/doctor`);

  test('says where the time went; everything adds up', async () => {
    const sheet = await sheetOf(mall, 'GW-1', '1');
    expect(sheet.observedMs).toBeGreaterThan(0);
    expect(TIME_PARTS.reduce((sum, part) => sum + sheet.parts[part], 0)).toBe(sheet.observedMs);
    expect(sheet.parts.silence).toBeGreaterThan(0);
    expect(sheet.meters.map(({ meterNumber }) => meterNumber).toSorted()).toEqual(['a1', 'a2']);
    expect(sheet.meters.reduce((sum, { silenceMs }) => sum + silenceMs, 0)).toBe(sheet.parts.silence);
    expect(sheet).toMatchObject({ verdict: 'closed', proposals: [{ action: { kind: 'checkBus' } }] });
    const drift = Math.abs(Date.parse(sheet.since) + sheet.observedMs - Date.now());
    expect(drift).toBeLessThan(10_000);
  });

  test('is not there for whom it does not concern', async () => {
    const path = (code: string) => `/api/lines/${house.lineId(code, '1')}/doctor`;
    expect((await mall.request('GET', path('GW-3'))).status).toBe(404);
    expect((await building.request('GET', path('GW-1'))).status).toBe(404);
    expect((await house.server.nobody.request('GET', path('GW-1'))).status).toBe(401);
    expect((await house.boss.request('GET', '/api/lines/999999/doctor')).status).toBe(404);
  });

  test('of a stopped line says so', async () => {
    const gatewayPath = `/api/gateways/${house.gatewayId('GW-3')}`;
    const { version } = await get<Gateway>(house.boss, gatewayPath);
    await house.boss.request('PATCH', gatewayPath, { version, enabled: false });
    await vi.waitFor(async () => expect((await sheetOf(house.boss, 'GW-3', '1')).verdict).toBe('stopped'));
    expect(await sheetOf(house.boss, 'GW-3', '1')).toMatchObject({ observedMs: 0, meters: [], proposals: [] });
    const { items } = await get<Page>(house.boss, '/api/doctor/lines');
    expect(items.at(-1)?.verdict).toBe('stopped');
  });
});

test('what is kept is counted', async () => {
  const text = await (await fetch(`${house.server.url}/metrics`)).text();
  expect(Number(/\ndoctor_lines (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
  expect(Number(/\ndoctor_samples (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
});
