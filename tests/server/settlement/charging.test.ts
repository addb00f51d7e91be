import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChargeHouse, openChargeHouse, wh } from './support/chargeHouse.ts';

let desk: ChargeHouse;
beforeAll(async () => {
  desk = await openChargeHouse();
});
afterAll(() => desk.close());

interface Row {
  readonly [column: string]: unknown;
}
const segmentsOf = (accountId: number) =>
  desk.database.db.query<Row>(sql`
    select g.delta_wh, g.quality, g.tariff_version_id, g.from_at, g.to_at, g.from_wh, g.to_wh
    from segment g join charge_stream s on s.id = g.stream_id where s.account_id = ${accountId} order by g.from_at`);
const single = (price: string) => ({ kind: 'single', price }) as const;
const proven = async () => expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);

describe('custody of the platform', () => {
  test('two registers and a price: the wallet falls, once', async () => {
    const tariffId = await desk.tariff('shops', [{ from: '2025-01-01T00:00+08:00', body: single('0.7157') }]);
    const account = desk.account('a1', { tariffId }, { fromMs: Date.parse('2025-06-20T00:00+08:00') });
    await desk.read('a1', ['2025-06-20T00:30+08:00', '0.50'], ['2025-06-20T01:00+08:00', '1.25']);

    const run = await desk.run('2025-06-20T01:03+08:00');
    expect(run).toMatchObject({ streams: 1, charges: 1, amountMinor: 89n, held: 0 });
    expect(await desk.wallet(account.id)).toBe(-89n);
    expect(await segmentsOf(account.id)).toMatchObject([{ delta_wh: wh('1.25'), quality: 'measured' }]);

    expect(await desk.run('2025-06-20T01:10+08:00')).toMatchObject({ charges: 0 });
    expect(await desk.wallet(account.id)).toBe(-89n);
    await proven();
  });
});
