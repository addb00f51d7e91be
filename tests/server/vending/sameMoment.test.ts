import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import type { Answer } from '../../support/server.ts';
import { startTill, type Till } from './support/till.ts';

/** What is asked at the same moment: whoever is second sees what the first one left. */
let till: Till;
beforeAll(async () => {
  till = await startTill();
  const fee = { serviceFeePpm: 30_000, serviceFeeLegalBasis: 'contract', refundFee: 'proportionalDown' };
  await till.policy(fee);
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const refund = (meterId: number, amountMinor: string, more: object = {}) =>
  till.boss.request('POST', '/api/refunds', {
    ...{ refundId: randomUUID(), meterId, amountMinor, method: 'cash', reason },
    ...more,
  });
const reverse = (saleId: string) =>
  till.boss.request('POST', `/api/sales/${saleId}/reverse`, { reversalId: randomUUID(), reason });
const codes = (answers: readonly Answer[]) =>
  answers.map(({ status, body }) => (status < 300 ? 'done' : (body as { code: string }).code)).toSorted();

/** Asks everything while the account is locked, so that all of it has begun before any of it ends. */
async function together(accountId: number, asked: readonly (() => Promise<Answer>)[]): Promise<readonly Answer[]> {
  const { owner } = till.server.database;
  const answers = await owner.tx(async (tx) => {
    await tx.query(sql`select from account where id = ${accountId} for update`);
    const begun = asked.map((ask) => ask());
    const waiting = () =>
      owner.query(sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
          and query like '%from account where id = % for update%'`);
    await expect.poll(async () => (await waiting()).length, { timeout: 15_000 }).toBe(asked.length);
    return begun;
  });
  return Promise.all(answers);
}

describe('no more goes back of one sale than it brought, also where two ask at once', () => {
  test.for<readonly [string, (meterId: number, saleId: string) => () => Promise<Answer>, string]>([
    ['two refunds', (meterId, saleId) => () => refund(meterId, '9700', { saleId }), 'refund.exceeds-purchases'],
    ['a refund and a reversal', (_meterId, saleId) => () => reverse(saleId), 'reversal'],
  ])('%s', async ([, other, code]) => {
    const { meterId, account } = await till.fresh({ custody: 'platform' });
    const { saleId } = await till.sell(meterId, '10000');
    // Enough was bought besides: only what is left of this very sale speaks against it.
    await till.sell(meterId, '50000');
    const first = () => refund(meterId, '9700', { saleId });
    const said = codes(await together(account.id, [first, other(meterId, saleId)]));
    expect(said).toEqual(['done', expect.stringContaining(code)]);
    const fee = (await till.boss.request('GET', `/api/sales?accountId=${account.id}`)).body as { items: Sale[] };
    const back = fee.items.filter(({ kind }) => kind !== 'sale');
    expect(back.map(({ feeMinor, netMinor }) => [feeMinor, netMinor])).toEqual([['-300', '-9700']]);
  });
});
