import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rebaseStream } from '#server/modules/settlement/quarantineStore.ts';
import { type ChargeHouse, openChargeHouse, wh } from './support/chargeHouse.ts';

let desk: ChargeHouse;
beforeAll(async () => {
  desk = await openChargeHouse();
});
afterAll(() => desk.close());

const from = (at: string, kwh: string) => ({ fromMs: Date.parse(at), openingRegisters: { energyWh: wh(kwh) } });
const since = '2025-01-01T00:00+08:00';
const single = (name: string) => desk.tariff(name, [{ from: since, body: { kind: 'single', price: '1' } }]);
/** Valley until eight in the morning, peak from then on. */
const byHour = (name: string) => {
  const table = Array.from({ length: 96 }, (_, slot) => (slot < 32 ? ('valley' as const) : ('peak' as const)));
  const prices = { sharp: '9', peak: '2', flat: '9', valley: '1', deepValley: '9' };
  const body = { kind: 'timeOfUse' as const, prices, days: { tables: [table], rules: [{ table: 0 }] } };
  return desk.tariff(name, [{ from: since, body }]);
};
const doubts = (accountId: number) =>
  desk.database.db.query<{ stream_id: bigint; after_wh: bigint; read_wh: bigint; read_at: Date }>(sql`
    select stream_id, after_wh, read_wh, read_at from quarantine where account_id = ${accountId}`);
/** What a person does who says that the register begins anew. */
async function rebase(accountId: number): Promise<void> {
  const [held] = await doubts(accountId);
  if (held === undefined) throw new Error('nothing is in doubt');
  const at = { streamId: held.stream_id, atMs: held.read_at.getTime(), energyWh: held.read_wh };
  await desk.database.db.tx((tx) => rebaseStream(tx, at));
}
const proven = async () => expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);

describe('a register that began anew without a word', () => {
  test('costs what was read before it, which the doubt begins after', async () => {
    const tariffId = await single('reset');
    const account = desk.account('reset', { tariffId }, from('2025-06-21T00:00+08:00', '1000'));
    await desk.read('reset', ['2025-06-21T00:30+08:00', '1001'], ['2025-06-21T01:00+08:00', '1002.5']);
    await desk.read('reset', ['2025-06-21T01:30+08:00', '5']);
    await desk.run('2025-06-21T01:33+08:00');
    expect(await doubts(account.id)).toMatchObject([{ after_wh: wh('1002.5'), read_wh: wh('5') }]);
    await rebase(account.id);
    await desk.read('reset', ['2025-06-21T02:00+08:00', '6']);
    await desk.run('2025-06-21T02:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-3_50n);
    await proven();
  });

  test('in another month costs the month before, when that is charged at its end', async () => {
    const tariffId = await single('reset month');
    const start = from('2025-06-20T00:00+08:00', '1000');
    const account = desk.account('reset-month', { tariffId, deduction: 'monthEnd' }, start);
    await desk.read('reset-month', ['2025-06-21T00:00+08:00', '1010']);
    await desk.run('2025-06-21T00:03+08:00');
    await desk.read('reset-month', ['2025-07-02T00:00+08:00', '1']);
    await desk.run('2025-07-02T00:03+08:00');
    await rebase(account.id);
    await desk.read('reset-month', ['2025-07-03T00:00+08:00', '3'], ['2025-08-01T00:00+08:00', '5']);
    await desk.run('2025-07-03T00:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-10_00n);
    await desk.run('2025-08-01T00:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-14_00n);
    const charged = sql`
      select to_char(period, 'YYYY-MM') as month, amount_minor, quantity_wh from charge
      where account_id = ${account.id} order by id`;
    expect(await desk.database.db.query(charged)).toEqual([
      { month: '2025-06', amount_minor: 10_00n, quantity_wh: wh('10') },
      { month: '2025-07', amount_minor: 4_00n, quantity_wh: wh('4') },
    ]);
    await proven();
  });
});

describe('at prices by the hour', () => {
  test('a read that was not believed tells nothing of when something was used', async () => {
    const tariffId = await byHour('spike');
    const account = desk.account('spike', { tariffId }, from('2025-06-21T05:00+08:00', '0'));
    // In half an hour 70 kWh cannot have flowed; in all the hours since five they can.
    await desk.read('spike', ['2025-06-21T07:00+08:00', '0.5']);
    await desk.read('spike', ['2025-06-21T07:30+08:00', '70'], ['2025-06-21T08:00+08:00', '1']);
    await desk.read('spike', ['2025-06-21T10:00+08:00', '80']);
    expect(await desk.run('2025-06-21T10:03+08:00')).toMatchObject({ charges: 1, corrections: 0 });
    // 1 at 1 until eight, 79 at 2 after.
    expect(await desk.wallet(account.id)).toBe(-159_00n);
  });

  test('reads go on telling it after the register began anew', async () => {
    const tariffId = await byHour('rolled');
    const account = desk.account('rolled', { tariffId }, from('2025-06-21T07:00+08:00', '999990'));
    await desk.read('rolled', ['2025-06-21T07:30+08:00', '999999'], ['2025-06-21T08:00+08:00', '5']);
    await desk.read('rolled', ['2025-06-21T10:00+08:00', '25']);
    await desk.run('2025-06-21T10:03+08:00');
    // 15 at 1 until eight, 20 at 2 after.
    expect(await desk.wallet(account.id)).toBe(-55_00n);
  });
});
