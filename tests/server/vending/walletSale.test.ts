import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
});
afterAll(() => till.stop());

test('a sale into a wallet tells what was in it before and after, also when others followed', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const first = await till.sell(meterId, '10000');
  const second = await till.sell(meterId, '2550');
  expect(await till.sale(first.saleId)).toMatchObject({ balanceBeforeMinor: '0', balanceAfterMinor: '10000' });
  const printed = await till.boss.request('POST', `/api/sales/${second.saleId}/receipts`, {});
  expect(printed.body).toMatchObject({ sale: { balanceBeforeMinor: '10000', balanceAfterMinor: '12550' } });
  expect(await till.sale(second.saleId)).toMatchObject({ balanceBeforeMinor: '10000', balanceAfterMinor: '12550' });
});
