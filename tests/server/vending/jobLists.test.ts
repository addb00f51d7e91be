import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type {
  BatchMeters,
  CommandBatch,
  listVendBatches,
  MeterTenants,
  ResponseOf,
  VendBatch,
} from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { rowsOf, type SheetContent } from '../../support/workbook.ts';
import { startTill, type Till } from './support/till.ts';

type Sheets = ResponseOf<typeof listVendBatches>;
let till: Till;
beforeAll(async () => {
  till = await startTill();
}, 60_000);
afterAll(() => till.stop());

const get = async <T>(path: string, client = till.boss): Promise<T> => {
  const answer = await client.request('GET', path);
  if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer.body as T;
};

test('sheets are listed newest first, page by page, and those that wait by themselves', async () => {
  const shop = await till.fresh({ custody: 'platform' });
  await till.sell(shop.meterId, '10000');
  const give = (reason: string, rows: object[]) =>
    till.post('/api/vend-batches', {
      ...{ batchId: randomUUID(), propertyId: till.propertyId, kind: 'refund', method: 'cash', reason },
      ...{ rows, dryRun: false },
    });
  await till.policy({ batchSecondPersonMeters: 1 });
  const row = { meterNumber: shop.meterNumber, amountMinor: '100' };
  await give('first', [row]);
  await give('second', [row, { ...row, meterNumber: 'nobody' }]);
  await give('third', [row]);

  const reasons: string[] = [];
  let cursor: string | undefined;
  do {
    const page: Sheets = await get(`/api/vend-batches?limit=1${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    reasons.push(...page.items.map(({ reason }) => reason));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(reasons).toEqual(['third', 'second', 'first']);
  const waiting = await get<Sheets>('/api/vend-batches?waiting=true');
  expect(waiting.items).toMatchObject([{ reason: 'second', state: 'awaitingApproval', total: 2, accepted: 0 }]);
  const wrong = await till.boss.request('GET', '/api/vend-batches?cursor=7');
  expect(wrong).toMatchObject({ status: 400, body: { details: [{ field: 'cursor' }] } });
});

test('a sheet that waits is taken back: each row says so, nobody can agree to it any more, and the list as a file has it', async () => {
  const shops = [await till.fresh({ custody: 'platform' }), await till.fresh({ custody: 'platform' })];
  await till.policy({ batchSecondPersonMeters: 1 });
  const batchId = randomUUID();
  const rows = shops.map(({ meterNumber }) => ({ meterNumber, amountMinor: '100' }));
  const sheet = { batchId, propertyId: till.propertyId, kind: 'makeup', reason: 'wrong column' };
  await till.post('/api/vend-batches', { ...sheet, rows, dryRun: false });
  const stop = (client: Client) => client.request('POST', `/api/vend-batches/${batchId}/stop`, {});
  const viewer = await till.person('viewer');
  expect((await stop(viewer)).status).toBe(403);
  const stopped = await stop(till.boss);
  expect(stopped).toMatchObject({
    status: 200,
    body: { state: 'done', accepted: 0, refused: 2, reason: 'wrong column' },
  });
  expect((stopped.body as VendBatch).rows.map(({ code }) => code)).toEqual([
    'vend.sheet-stopped',
    'vend.sheet-stopped',
  ]);
  expect(await stop(till.boss)).toMatchObject({ status: 200, body: { refused: 2 } });
  const other = await till.person('accountant');
  const decide = { outcome: 'approve', reason: 'too late' };
  const late = await other.request('POST', `/api/vend-batches/${batchId}/decisions`, decide);
  expect(late).toMatchObject({ status: 409, body: { code: 'vend.not-open' } });

  const jobs = async (client: Client, query = '') => {
    const [, ...lists] = await get<readonly SheetContent[]>(`/api/exports/jobs?lang=en${query}`, client);
    return lists.flatMap(rowsOf);
  };
  expect((await jobs(till.boss)).find((row) => row['Id'] === batchId)).toMatchObject({
    ...{ Job: 'Sheet: Makeup', State: 'finished', Total: 2, Failed: 2, 'Reason given': 'wrong column' },
  });
  expect((await jobs(viewer)).map((row) => row['Job'])).not.toContain('Sheet: Makeup');
  expect((await jobs(till.boss, '&waiting=true')).map((row) => row['Id'])).not.toContain(batchId);
});

test('a batch says where each of its meters stands, in the order given, and who gave it', async () => {
  const shops = [await till.fresh(), await till.fresh()];
  const meterIds = shops.map(({ meterId }) => meterId).toReversed();
  const body = { batchId: randomUUID(), meterIds, order: { kind: 'read' }, reason: 'look' };
  const batch = await till.post<CommandBatch>('/api/command-batches', body);
  const list = await get<BatchMeters>(`/api/command-batches/${batch.id}/meters`);
  expect(list.meterId).toEqual(meterIds);
  expect([list.state.length, list.why.length, list.detail.length, list.finishedAt.length]).toEqual([2, 2, 2, 2]);
  const session = await get<{ userId: number }>('/api/session');
  expect(batch.givenById).toBe(session.userId);
  const nobody = await till.boss.request('GET', `/api/command-batches/${randomUUID()}/meters`);
  expect(nobody.status).toBe(404);
});

test('who stands behind each meter, for those who may see accounts', async () => {
  const { meterId, account } = await till.fresh();
  const tenants = await get<MeterTenants>(`/api/properties/${till.propertyId}/tenants`);
  const at = tenants.meterId.indexOf(meterId);
  expect(tenants.accountId[at]).toBe(account.id);
  expect(tenants.customer[at]).toMatch(/^Shop \d+$/);
  expect(tenants.tariff[at]).not.toBe('');
  const viewer = await till.person('viewer');
  const refused = await viewer.request('GET', `/api/properties/${till.propertyId}/tenants`);
  expect(refused).toMatchObject({ status: 403, body: { code: 'permission.missing' } });
});
