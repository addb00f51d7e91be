import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChargeHouse, meterId, openChargeHouse, wh } from './support/chargeHouse.ts';

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
    select g.delta_wh, g.quality, g.from_wh, g.to_wh, to_char(g.period, 'YYYY-MM') as month, g.lines
    from segment g join charge_stream s on s.id = g.stream_id where s.account_id = ${accountId} order by g.from_at`);
const chargesOf = (accountId: number) =>
  desk.database.db.query<Row>(sql`
    select amount_minor, quantity_wh, reason, to_char(period, 'YYYY-MM') as month, from_at, to_at
    from charge where account_id = ${accountId} order by id`);
const streamOf = async (accountId: number) =>
  (
    await desk.database.db.query<Row>(
      sql`select hold, closed, cursor_wh from charge_stream where account_id = ${accountId}`,
    )
  )[0];
const single = (price: string) => ({ kind: 'single', price }) as const;
const proven = async () => expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);
const from = (at: string, kwh = '0') => ({ fromMs: Date.parse(at), openingRegisters: { energyWh: wh(kwh) } });

describe('custody of the platform', () => {
  test('two registers and a price: the wallet falls, once', async () => {
    const tariffId = await desk.tariff('shops', [{ from: '2025-01-01T00:00+08:00', body: single('0.7157') }]);
    const account = desk.account('two', { tariffId }, from('2025-06-20T00:00+08:00'));
    await desk.read('two', ['2025-06-20T00:30+08:00', '0.50'], ['2025-06-20T01:00+08:00', '1.25']);

    const run = await desk.run('2025-06-20T01:03+08:00');
    expect(run).toMatchObject({ streams: 1, charges: 1, amountMinor: 89n, held: 0 });
    expect(await desk.wallet(account.id)).toBe(-89n);
    expect(await segmentsOf(account.id)).toMatchObject([{ delta_wh: wh('1.25'), quality: 'measured' }]);

    expect(await desk.run('2025-06-20T01:10+08:00')).toMatchObject({ charges: 0 });
    expect(await desk.wallet(account.id)).toBe(-89n);
    await proven();
  });

  test('a price that changes at a frozen register: each line rounded once, both months add up', async () => {
    const tariffId = await desk.tariff('changing', [
      { from: '2025-01-01T00:00+08:00', body: single('0.6820') },
      { from: '2025-07-01T00:00+08:00', body: single('0.7130') },
    ]);
    const account = desk.account('frozen', { tariffId }, from('2025-06-20T00:00+08:00', '12345.67'));
    await desk.read('frozen', ['2025-07-01T00:00+08:00', '12789.10'], ['2025-07-20T00:00+08:00', '13500.00']);
    await desk.run('2025-07-20T00:03+08:00');
    expect(await segmentsOf(account.id)).toMatchObject([
      { delta_wh: wh('443.43'), quality: 'measured', month: '2025-06' },
      { delta_wh: wh('710.90'), quality: 'measured', month: '2025-07' },
    ]);
    expect(await chargesOf(account.id)).toMatchObject([
      { amount_minor: 302_42n, month: '2025-06' },
      { amount_minor: 506_87n, month: '2025-07' },
    ]);
    expect(await desk.wallet(account.id)).toBe(-809_29n);
    await proven();
  });

  test('a change that nobody read at is shared by time, and says so', async () => {
    const tariffId = await desk.tariff('unread', [
      { from: '2025-01-01T00:00+08:00', body: single('1') },
      { from: '2025-06-21T01:00+08:00', body: single('2') },
    ]);
    const account = desk.account('unread', { tariffId }, from('2025-06-21T00:00+08:00'));
    await desk.read('unread', ['2025-06-21T00:30+08:00', '1'], ['2025-06-21T01:30+08:00', '3']);
    await desk.run('2025-06-21T01:33+08:00');
    expect(await segmentsOf(account.id)).toMatchObject([
      { delta_wh: wh('2'), quality: 'prorated' },
      { delta_wh: wh('1'), quality: 'prorated' },
    ]);
    expect(await desk.wallet(account.id)).toBe(-400n);
  });

  test('without a published price nothing is charged: it waits and is listed, and goes on when there is one', async () => {
    const tariffId = await desk.tariff('late', [{ from: '2025-06-22T00:00+08:00', body: single('1') }]);
    const account = desk.account('priceless', { tariffId }, from('2025-06-21T00:00+08:00'));
    await desk.read('priceless', ['2025-06-21T00:30+08:00', '1']);
    expect(await desk.run('2025-06-21T00:33+08:00')).toMatchObject({ charges: 0, held: 1 });
    expect(await streamOf(account.id)).toMatchObject({ hold: 'noTariffVersion', cursor_wh: 0n });
    const [, second] = [tariffId, await desk.addVersion(tariffId, '2025-06-01T00:00+08:00', single('0.5'))];
    expect(second).toBeGreaterThan(0);
    expect(await desk.run('2025-06-21T00:40+08:00')).toMatchObject({ charges: 1, held: 0 });
    expect(await desk.wallet(account.id)).toBe(-50n);
    expect(await streamOf(account.id)).toMatchObject({ hold: null });
  });

  test('steps count over all meters of an account', async () => {
    const tariffId = await desk.tariff('water-like', [
      {
        from: '2025-01-01T00:00+08:00',
        body: {
          kind: 'stepped',
          steps: { period: 'year', steps: [{ upTo: '180', price: '5' }, { upTo: '260', price: '7' }, { price: '9' }] },
        },
      },
    ]);
    const first = desk.account('steps-1', { tariffId }, from('2025-06-01T00:00+08:00'));
    const more = { ...desk.account('steps-2', { tariffId }, from('2025-06-01T00:00+08:00')) };
    const [second] = more.meters;
    if (second === undefined) throw new Error('no meter');
    desk.dropAccount(more.id);
    desk.setAccount({ ...first, meters: [...first.meters, second] });
    await desk.read('steps-1', ['2025-06-10T00:00+08:00', '170'], ['2025-06-20T00:00+08:00', '170']);
    await desk.run('2025-06-10T00:03+08:00');
    expect(await desk.wallet(first.id)).toBe(-850_00n);
    await desk.read('steps-2', ['2025-06-20T00:00+08:00', '25']);
    await desk.run('2025-06-20T00:03+08:00');
    // 10 at 5 and 15 at 7.
    expect(await desk.wallet(first.id)).toBe(-850_00n - 155_00n);
    await proven();
  });

  test('prices by the hour follow the reads in between', async () => {
    const table = Array.from({ length: 96 }, (_, slot) => (slot < 32 ? ('valley' as const) : ('peak' as const)));
    const tariffId = await desk.tariff('by hour', [
      {
        from: '2025-01-01T00:00+08:00',
        body: {
          kind: 'timeOfUse',
          prices: { sharp: '3', peak: '2', flat: '1.5', valley: '1', deepValley: '0.5' },
          days: { tables: [table], rules: [{ table: 0 }] },
        },
      },
    ]);
    const account = desk.account('hours', { tariffId }, from('2025-06-21T07:00+08:00'));
    await desk.read(
      'hours',
      ['2025-06-21T07:30+08:00', '4'],
      ['2025-06-21T08:00+08:00', '5'],
      ['2025-06-21T09:00+08:00', '8'],
    );
    await desk.run('2025-06-21T09:03+08:00');
    expect(await segmentsOf(account.id)).toMatchObject([{ delta_wh: wh('8'), quality: 'measured' }]);
    // 5 at 1 until eight, 3 at 2 after.
    expect(await desk.wallet(account.id)).toBe(-11_00n);
  });
});

describe('reads that cannot be', () => {
  test('a register that went back is listed and not charged; later reads that fit go on', async () => {
    const tariffId = await desk.tariff('backward', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const account = desk.account('backward', { tariffId }, from('2025-06-21T00:00+08:00', '5000'));
    await desk.read('backward', ['2025-06-21T00:30+08:00', '4990']);
    expect(await desk.run('2025-06-21T00:33+08:00')).toMatchObject({ charges: 0, held: 1 });
    const listed = sql`select cause, decision, read_wh from quarantine where account_id = ${account.id}`;
    expect(await desk.database.db.query(listed)).toEqual([{ cause: 'backward', decision: null, read_wh: wh('4990') }]);
    await desk.read('backward', ['2025-06-21T01:00+08:00', '5002']);
    expect(await desk.run('2025-06-21T01:03+08:00')).toMatchObject({ charges: 1, held: 0 });
    expect(await desk.wallet(account.id)).toBe(-2_00n);
    expect(await desk.database.db.query(listed)).toMatchObject([{ decision: 'passed' }]);
  });

  test('more than can have flowed waits for a person', async () => {
    const tariffId = await desk.tariff('jump', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const account = desk.account('jump', { tariffId }, from('2025-06-21T00:00+08:00', '100'));
    await desk.read('jump', ['2025-06-21T00:30+08:00', '90000']);
    await desk.run('2025-06-21T00:33+08:00');
    expect(await desk.wallet(account.id)).toBe(0n);
    expect(await streamOf(account.id)).toMatchObject({ hold: 'quarantine' });
  });

  test('a register that began anew is charged through its end', async () => {
    const tariffId = await desk.tariff('rolled', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const account = desk.account('rolled', { tariffId }, from('2025-06-21T00:00+08:00', '999987.65'));
    await desk.read('rolled', ['2025-06-21T00:30+08:00', '12.40']);
    await desk.run('2025-06-21T00:33+08:00');
    expect(await segmentsOf(account.id)).toMatchObject([{ delta_wh: wh('24.75'), quality: 'rolledOver' }]);
    expect(await desk.wallet(account.id)).toBe(-24_75n);
  });
});

describe('where charging changes', () => {
  test('real time and month end charge the same month alike, also when one follows the other', async () => {
    const tariffId = await desk.tariff('modes', [{ from: '2025-01-01T00:00+08:00', body: single('0.7157') }]);
    const start = from('2025-06-20T00:00+08:00');
    const real = desk.account('mode-real', { tariffId }, start);
    const month = desk.account('mode-month', { tariffId, deduction: 'monthEnd' }, start);
    const mixed = desk.account('mode-mixed', { tariffId }, start);
    const reads = ['06-20T12:00', '06-23T00:00', '06-26T00:00', '07-01T00:00'].map(
      (day, index) => [`2025-${day}+08:00`, `${(index + 1) * 3}.333`] as const,
    );
    for (const [index, read] of reads.entries()) {
      for (const name of ['mode-real', 'mode-month', 'mode-mixed']) await desk.read(name, read);
      await desk.run(`${read[0].slice(0, 14)}03+08:00`);
      const deduction = index % 2 === 0 ? ('monthEnd' as const) : ('realTime' as const);
      if (index < 3) await desk.change({ ...mixed, deduction });
    }
    expect(await desk.wallet(real.id)).toBe(-8_83n);
    expect(await desk.wallet(month.id)).toBe(-8_83n);
    expect(await desk.wallet(mixed.id)).toBe(-8_83n);
    expect(await chargesOf(month.id)).toMatchObject([{ reason: 'monthEnd', quantity_wh: wh('12.333') }]);
    const switches = sql`select from_mode, to_mode from mode_switch where account_id = ${mixed.id} order by id`;
    expect(await desk.database.db.query(switches)).toMatchObject([
      { from_mode: 'realTime', to_mode: 'monthEnd' },
      { from_mode: 'monthEnd', to_mode: 'realTime' },
      { from_mode: 'realTime', to_mode: 'monthEnd' },
    ]);
    const deltas = (await segmentsOf(mixed.id)).map(({ delta_wh }) => delta_wh as bigint);
    expect(deltas.reduce((sum, delta) => sum + delta, 0n)).toBe(wh('12.333'));
    await proven();
  });

  test('a switch between them keeps what the steps have counted', async () => {
    const steps = { period: 'month' as const, steps: [{ upTo: '10', price: '1' }, { price: '3' }] };
    const tariffId = await desk.tariff('mode steps', [
      { from: '2025-01-01T00:00+08:00', body: { kind: 'stepped', steps } },
    ]);
    const account = desk.account('mode-steps', { tariffId }, from('2025-06-20T00:00+08:00'));
    await desk.read('mode-steps', ['2025-06-21T00:00+08:00', '8']);
    await desk.run('2025-06-21T00:03+08:00');
    await desk.change({ ...account, deduction: 'monthEnd' });
    expect(await desk.wallet(account.id)).toBe(-8_00n);
    await desk.read('mode-steps', ['2025-06-25T00:00+08:00', '13'], ['2025-07-01T00:00+08:00', '14']);
    await desk.run('2025-07-01T00:03+08:00');
    // 10 at 1 and 4 at 3, wherever the switch was.
    expect(await desk.wallet(account.id)).toBe(-22_00n);
    await proven();
  });

  test('another tariff holds from its instant on, not before', async () => {
    const cheap = await desk.tariff('cheap', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const dear = await desk.tariff('dear', [{ from: '2025-01-01T00:00+08:00', body: single('3') }]);
    const account = desk.account('switched', { tariffId: cheap }, from('2025-06-21T00:00+08:00'));
    await desk.read('switched', ['2025-06-21T01:00+08:00', '1']);
    await desk.run('2025-06-21T00:20+08:00');
    await desk.change({ ...account, tariffId: dear }, '2025-06-21T01:00+08:00');
    await desk.read('switched', ['2025-06-21T02:00+08:00', '2']);
    await desk.run('2025-06-21T02:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-4_00n);
  });

  test('a tariff that has no price yet holds from its instant on; what was used before is charged', async () => {
    const cheap = await desk.tariff('before', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const empty = await desk.tariff('not yet', [{ from: '2025-08-01T00:00+08:00', body: single('3') }]);
    const account = desk.account('not-yet', { tariffId: cheap }, from('2025-06-21T00:00+08:00'));
    await desk.run('2025-06-21T00:20+08:00');
    await desk.change({ ...account, tariffId: empty }, '2025-06-21T01:00+08:00');
    await desk.read('not-yet', ['2025-06-21T01:00+08:00', '1'], ['2025-06-21T02:00+08:00', '2']);
    await desk.run('2025-06-21T02:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-1_00n);
    expect(await streamOf(account.id)).toMatchObject({ hold: 'noTariffVersion', cursor_wh: wh('1') });
  });

  test('what was read after an end belongs to whoever comes next, also where it stands for an instant before it', async () => {
    const tariffId = await desk.tariff('after the end', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const account = desk.account('after-end', { tariffId }, from('2025-06-21T00:00+08:00'));
    await desk.database.db.query(sql`
      insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
      values (${meterId('after-end')}, '2025-06-21T01:00+08:00', '2025-06-21T01:20+08:00', 'late', 'registers', 30000)`);
    const end = {
      ...{ meterId: meterId('after-end'), epoch: 1, energyWh: wh('1.25') },
      atMs: Date.parse('2025-06-21T01:10+08:00'),
    };
    const ended = await desk.database.db.tx((tx) => desk.source.end(tx, account.id, end));
    expect(ended).toEqual({ settled: true, why: undefined, chargedMinor: 125n });
  });

  test('an end is charged to its last register; asked again it changes nothing', async () => {
    const tariffId = await desk.tariff('ending', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const account = desk.account('ending', { tariffId }, from('2025-06-21T00:00+08:00'));
    await desk.read('ending', ['2025-06-21T01:00+08:00', '1']);
    await desk.run('2025-06-21T01:03+08:00');
    const end = {
      meterId: meterId('ending'),
      epoch: 1,
      atMs: Date.parse('2025-06-21T01:10+08:00'),
      energyWh: wh('1.25'),
    };
    const ended = () => desk.database.db.tx((tx) => desk.source.end(tx, account.id, end));
    expect(await ended()).toEqual({ settled: true, why: undefined, chargedMinor: 25n });
    expect(await ended()).toEqual({ settled: true, why: undefined, chargedMinor: 0n });
    expect(await desk.wallet(account.id)).toBe(-1_25n);
    expect(await streamOf(account.id)).toMatchObject({ closed: true });
    // What the meter counts later is somebody else's.
    await desk.read('ending', ['2025-06-21T01:30+08:00', '9']);
    await desk.run('2025-06-21T01:33+08:00');
    expect(await desk.wallet(account.id)).toBe(-1_25n);
  });

  test('what a meter takes out of its own balance is income once a month, and no wallet falls', async () => {
    const tariffId = await desk.tariff('in meter', [{ from: '2025-01-01T00:00+08:00', body: single('1') }]);
    const account = desk.account('in-meter', { tariffId, custody: 'meter' }, from('2025-06-21T00:00+08:00'));
    await desk.read('in-meter', ['2025-06-25T00:00+08:00', '10'], ['2025-07-01T00:00+08:00', '30']);
    await desk.run('2025-07-01T00:03+08:00');
    expect(await desk.wallet(account.id)).toBe(0n);
    const held = { kind: 'prepaidInMeter', subject: `meter:${meterId('in-meter')}` } as const;
    expect(await desk.ledger.balance(desk.database.db, desk.propertyId, held)).toBe(30_00n);
    await proven();
  });
});
