import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TariffBodyText } from '#contract/index.ts';
import { type ChargeHouse, openChargeHouse, wh } from './support/chargeHouse.ts';

let desk: ChargeHouse;
beforeAll(async () => {
  desk = await openChargeHouse();
});
afterAll(() => desk.close());

interface Row {
  readonly [column: string]: unknown;
}
const rows = (statement: ReturnType<typeof sql>) => desk.database.db.query<Row>(statement);
const chargesOf = (accountId: number) =>
  rows(sql`
    select amount_minor, quantity_wh, reason, to_char(period, 'YYYY-MM') as month, lines
    from charge where account_id = ${accountId} order by id`);
const correctionsOf = (accountId: number) =>
  rows(sql`select cause, charge_ids, lines from correction where account_id = ${accountId} order by id`);
/** What holds now: each segment that was not replaced. */
const segmentsOf = (accountId: number) =>
  rows(sql`
    select g.delta_wh, g.quality, to_char(g.period, 'YYYY-MM') as month from segment g
    join charge_stream s on s.id = g.stream_id where s.account_id = ${accountId}
      and not exists (select from segment_replaced p where p.segment_id = g.id) order by g.from_at`);
const single = (price: string) => ({ kind: 'single', price }) as const;
const from = (at: string, kwh = '0') => ({ fromMs: Date.parse(at), openingRegisters: { energyWh: wh(kwh) } });
const proven = async () => expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);
const byHour: TariffBodyText = {
  kind: 'timeOfUse',
  prices: { sharp: '3', peak: '2', flat: '1.5', valley: '1', deepValley: '0.5' },
  days: {
    tables: [Array.from({ length: 96 }, (_, slot) => (slot < 32 ? ('valley' as const) : ('peak' as const)))],
    rules: [{ table: 0 }],
  },
};

describe('a read that comes late', () => {
  test('moves what was shared by time between two prices, once, as a charge of its own', async () => {
    const tariffId = await desk.tariff('late by hour', [{ from: '2025-01-01T00:00+08:00', body: byHour }]);
    const account = desk.account('late', { tariffId }, from('2025-06-21T07:00+08:00'));
    await desk.read('late', ['2025-06-21T09:00+08:00', '8']);
    await desk.run('2025-06-21T09:03+08:00');
    // By time: 4 at 1 until eight, 4 at 2 after.
    expect(await desk.wallet(account.id)).toBe(-12_00n);
    const charged = await chargesOf(account.id);

    await desk.read('late', ['2025-06-21T08:00+08:00', '7']);
    expect(await desk.run('2025-07-02T10:03+08:00')).toMatchObject({ charges: 0, corrections: 1 });
    // 7 at 1, 1 at 2.
    expect(await desk.wallet(account.id)).toBe(-9_00n);
    const now = await chargesOf(account.id);
    expect(now.slice(0, 1)).toEqual(charged);
    expect(now[1]).toMatchObject({ amount_minor: -3_00n, quantity_wh: 0n, reason: 'correction', month: '2025-07' });
    expect(now[1]?.lines).toMatchObject([
      { label: 'peak', quantity: '-3000', amountMinor: '-600', month: '2025-06' },
      { label: 'valley', quantity: '3000', amountMinor: '300', month: '2025-06' },
    ]);
    expect(await correctionsOf(account.id)).toMatchObject([{ cause: 'lateRead', charge_ids: [expect.anything()] }]);
    expect(await segmentsOf(account.id)).toEqual([{ delta_wh: wh('8'), quality: 'measured', month: '2025-06' }]);

    expect(await desk.run('2025-07-02T10:10+08:00')).toMatchObject({ charges: 0, corrections: 0 });
    expect(await desk.wallet(account.id)).toBe(-9_00n);
    await proven();
  });

  test('puts a closed month right by its lines, each rounded: not by what the prices differ times the kWh', async () => {
    const tariffId = await desk.tariff('late at the turn', [
      { from: '2025-01-01T00:00+08:00', body: single('0.6820') },
      { from: '2025-07-01T00:00+08:00', body: single('0.7130') },
    ]);
    const account = desk.account('turn', { tariffId }, from('2025-06-30T23:00+08:00'));
    await desk.read('turn', ['2025-07-01T01:00+08:00', '2.66']);
    await desk.run('2025-07-01T01:03+08:00');
    // 1.33 × 0.682 = 0.90706 and 1.33 × 0.713 = 0.94829.
    expect(await desk.wallet(account.id)).toBe(-1_86n);
    await desk.read('turn', ['2025-07-01T00:00+08:00', '1.48']);
    await desk.run('2025-07-01T02:03+08:00');
    // 1.48 × 0.682 = 1.00936 and 1.18 × 0.713 = 0.84134. Prices differ by 0.031: times 0.15 kWh that would be no fen at all.
    expect(await desk.wallet(account.id)).toBe(-1_85n);
    const [, , correction] = await chargesOf(account.id);
    expect(correction?.lines).toMatchObject([
      { quantity: '150', amountMinor: '10', month: '2025-06' },
      { quantity: '-150', amountMinor: '-11', month: '2025-07' },
    ]);
    expect(await segmentsOf(account.id)).toEqual([
      { delta_wh: wh('1.48'), quality: 'measured', month: '2025-06' },
      { delta_wh: wh('1.18'), quality: 'measured', month: '2025-07' },
    ]);
    await proven();
  });

  test('brings a change of price to what it would have cost, had the register of that midnight been there', async () => {
    const tariffId = await desk.tariff('late frozen', [
      { from: '2025-01-01T00:00+08:00', body: single('0.6820') },
      { from: '2025-07-01T00:00+08:00', body: single('0.7130') },
    ]);
    const account = desk.account('late-frozen', { tariffId }, from('2025-06-20T00:00+08:00', '12345.67'));
    await desk.read('late-frozen', ['2025-07-20T00:00+08:00', '13500.00']);
    await desk.run('2025-07-20T00:03+08:00');
    expect(await desk.wallet(account.id)).not.toBe(-809_29n);
    await desk.read('late-frozen', ['2025-07-01T00:00+08:00', '12789.10']);
    await desk.run('2025-07-20T00:10+08:00');
    expect(await desk.wallet(account.id)).toBe(-809_29n);
    expect(await segmentsOf(account.id)).toMatchObject([{ delta_wh: wh('443.43') }, { delta_wh: wh('710.90') }]);
    await proven();
  });

  test('changes what is not charged yet without a charge: the month costs what it would have cost', async () => {
    const tariffId = await desk.tariff('late draft', [{ from: '2025-01-01T00:00+08:00', body: byHour }]);
    const account = desk.account('draft', { tariffId, deduction: 'monthEnd' }, from('2025-06-21T07:00+08:00'));
    await desk.read('draft', ['2025-06-22T00:00+08:00', '17']);
    await desk.run('2025-06-22T00:03+08:00');
    await desk.read('draft', ['2025-06-21T08:00+08:00', '15']);
    expect(await desk.run('2025-06-22T00:10+08:00')).toMatchObject({ corrections: 1 });
    expect(await chargesOf(account.id)).toEqual([]);
    await desk.read('draft', ['2025-07-01T00:00+08:00', '17']);
    await desk.run('2025-07-01T00:03+08:00');
    // 15 at 1, 2 at 2.
    expect(await chargesOf(account.id)).toMatchObject([{ amount_minor: 19_00n, quantity_wh: wh('17') }]);
    expect(await desk.wallet(account.id)).toBe(-19_00n);
  });

  test('that does not fit between the reads around it changes nothing', async () => {
    const tariffId = await desk.tariff('late misfit', [{ from: '2025-01-01T00:00+08:00', body: byHour }]);
    const account = desk.account('misfit', { tariffId }, from('2025-06-21T07:00+08:00'));
    await desk.read('misfit', ['2025-06-21T09:00+08:00', '8']);
    await desk.run('2025-06-21T09:03+08:00');
    await desk.read('misfit', ['2025-06-21T08:00+08:00', '9']);
    expect(await desk.run('2025-06-21T09:10+08:00')).toMatchObject({ corrections: 0 });
    expect(await desk.wallet(account.id)).toBe(-12_00n);
  });

  test('and comes after the last of its time is left as it is', async () => {
    const tariffId = await desk.tariff('too late', [{ from: '2025-01-01T00:00+08:00', body: byHour }]);
    const account = desk.account('too-late', { tariffId }, from('2025-03-21T07:00+08:00'));
    await desk.read('too-late', ['2025-03-21T09:00+08:00', '8']);
    await desk.run('2025-03-21T09:03+08:00');
    await desk.read('too-late', ['2025-03-21T08:00+08:00', '7']);
    expect(await desk.run('2025-07-03T09:10+08:00')).toMatchObject({ corrections: 0 });
    expect(await desk.wallet(account.id)).toBe(-12_00n);
  });

  test('moves use between months of a staircase at its upper end', async () => {
    const tariffId = await desk.tariff('late steps', [
      {
        from: '2025-01-01T00:00+08:00',
        body: { kind: 'stepped', steps: { period: 'month', steps: [{ upTo: '10', price: '1' }, { price: '3' }] } },
      },
    ]);
    const account = desk.account('late-steps', { tariffId }, from('2025-06-30T22:00+08:00'));
    await desk.read('late-steps', ['2025-06-30T23:00+08:00', '8'], ['2025-07-01T01:00+08:00', '14']);
    await desk.run('2025-07-01T01:03+08:00');
    // June 8 + 3 = 11: 10 + 3. July 3.
    expect(await desk.wallet(account.id)).toBe(-16_00n);
    await desk.read('late-steps', ['2025-07-01T00:00+08:00', '13']);
    await desk.run('2025-07-01T01:33+08:00');
    // June 13: 10 + 9. July 1.
    expect(await desk.wallet(account.id)).toBe(-20_00n);
    const used = sql`select used_wh from tier_use where account_id = ${account.id} order by began_on`;
    expect(await rows(used)).toEqual([{ used_wh: wh('13') }, { used_wh: wh('1') }]);
    await proven();
  });

  test('is put right wholly or not at all', async () => {
    const tariffId = await desk.tariff('late crash', [{ from: '2025-01-01T00:00+08:00', body: byHour }]);
    const account = desk.account('late-crash', { tariffId }, from('2025-06-21T07:00+08:00'));
    await desk.read('late-crash', ['2025-06-21T09:00+08:00', '8']);
    await desk.run('2025-06-21T09:03+08:00');
    await desk.read('late-crash', ['2025-06-21T08:00+08:00', '7']);
    const { owner } = desk.database;
    // The last thing of the transaction fails, as if the server had died right before its end.
    await owner.query(sql`alter table segment_look add constraint dies check (looked_at < '2000-01-01') not valid`);
    await expect(desk.run('2025-06-21T09:10+08:00')).rejects.toThrow('dies');
    expect(await desk.wallet(account.id)).toBe(-12_00n);
    expect(await correctionsOf(account.id)).toEqual([]);
    await owner.query(sql`alter table segment_look drop constraint dies`);
    expect(await desk.run('2025-06-21T09:20+08:00')).toMatchObject({ corrections: 1 });
    expect(await desk.wallet(account.id)).toBe(-9_00n);
    await proven();
  });
});
