import { describe, expect, test } from 'vitest';
import { VEND_STATES, type VendStep } from '#contract/vending.ts';
import { deliveryOf } from '../../../web/features/desk/delivery.ts';
import { drawerOf, stateWord } from '../../../web/features/desk/salesRows.ts';
import { NOW, saleWith } from './deskSamples.ts';

const nowMs = Date.parse(NOW) + 3_000;
const step = (no: number, from: VendStep['from'], to: VendStep['to'], second: number): VendStep => ({
  no,
  at: `2026-11-19T13:47:0${second}.000Z`,
  event: 'x',
  from,
  to,
});
const looks = (sale: ReturnType<typeof saleWith>, atMs = nowMs) =>
  deliveryOf(sale, [], atMs).stations.map(({ station, look }) => `${station} ${look}`);

describe('the way of the money', () => {
  test('nothing counts as in the meter before it was read back', () => {
    for (const state of VEND_STATES.filter((one) => one !== 'CONFIRMED')) {
      const { stations } = deliveryOf(saleWith(state), [], nowMs);
      expect({ state, last: stations.at(-1) }).toMatchObject({ state, last: { station: 'inMeter', at: undefined } });
      expect(`${state} ${stations.at(-1)?.look}`).not.toBe(`${state} done`);
    }
    expect(looks(saleWith('CONFIRMED'))).toEqual([
      'paid done',
      'queued done',
      'written done',
      'readBack done',
      'inMeter done',
    ]);
  });

  test('each state is on its way to one station', () => {
    expect(looks(saleWith('QUEUED'))).toEqual([
      'paid done',
      'queued now',
      'written todo',
      'readBack todo',
      'inMeter todo',
    ]);
    expect(looks(saleWith('SENT'))[2]).toBe('written now');
    expect(looks(saleWith('UNKNOWN'))[3]).toBe('readBack now');
  });

  test('what was cancelled shows no station that it never reached', () => {
    const cancelled = (steps: readonly VendStep[]) =>
      deliveryOf(saleWith('CANCELLED'), steps, nowMs).stations.map(({ look }) => look);
    const early = [step(1, 'PAID', 'QUEUED', 1), step(2, 'QUEUED', 'CANCELLED', 2)];
    expect(cancelled(early)).toEqual(['done', 'failed', 'todo', 'todo', 'todo']);
    const late = [
      step(1, 'QUEUED', 'RESERVED', 1),
      step(2, 'RESERVED', 'SENT', 1),
      step(3, 'SENT', 'UNKNOWN', 2),
      step(4, 'UNKNOWN', 'FENCING', 3),
      step(5, 'FENCING', 'CANCELLED', 4),
    ];
    expect(cancelled(late)).toEqual(['done', 'done', 'done', 'failed', 'todo']);
  });

  test('a balance kept by the platform has no meter on its way', () => {
    expect(looks(saleWith('CONFIRMED', { custody: 'platform' }))).toEqual(['paid done', 'inWallet done']);
    expect(deliveryOf(saleWith('CONFIRMED', { custody: 'platform' }), [], nowMs).say).toBe('doneWallet');
  });

  test('stations tell when they were reached, after a detour the last time', () => {
    const steps = [
      step(1, 'PAID', 'QUEUED', 1),
      step(2, 'QUEUED', 'RESERVED', 2),
      step(3, 'RESERVED', 'SENT', 2),
      step(4, 'SENT', 'UNKNOWN', 3),
      step(5, 'UNKNOWN', 'SENT', 4),
      step(6, 'SENT', 'UNKNOWN', 5),
      step(7, 'UNKNOWN', 'CONFIRMED', 6),
    ];
    const { stations } = deliveryOf(saleWith('CONFIRMED'), steps, nowMs);
    expect(stations.map(({ at }) => at?.slice(17, 19))).toEqual(['00', '04', '05', '06', '06']);
  });
});

describe('what is said', () => {
  test('doubt is told after twenty seconds, not before', () => {
    expect(deliveryOf(saleWith('UNKNOWN'), [], nowMs)).toMatchObject({ say: 'inDelivery', doubtful: false });
    expect(deliveryOf(saleWith('UNKNOWN'), [], nowMs + 20_000)).toMatchObject({ say: 'waiting', doubtful: true });
  });

  test('only people end what contradicts, and they are told so', () => {
    expect(deliveryOf(saleWith('QUARANTINED'), [], nowMs)).toMatchObject({ say: 'decision', doubtful: true });
    expect(deliveryOf(saleWith('REJECTED'), [], nowMs)).toMatchObject({ say: 'rejected', doubtful: true });
  });

  test('money goes out to a customer only when the meter has been read back', () => {
    const out = (state: Parameters<typeof saleWith>[0]) =>
      deliveryOf(saleWith(state, { kind: 'refund', paidMinor: '-10000', netMinor: '-10000' }), [], nowMs).say;
    expect(VEND_STATES.filter((state) => out(state) === 'refundDone')).toEqual(['CONFIRMED']);
  });
});

test('the drawer adds up', () => {
  const drawer = drawerOf([
    saleWith('CONFIRMED'),
    saleWith('UNKNOWN', { method: 'wechat', paidMinor: '5000' }),
    saleWith('CANCELLED', { paidMinor: '2000', paidOutAt: NOW, paidOutMethod: 'cash' }),
    saleWith('CANCELLED', { paidMinor: '400', owedMinor: '400' }),
    saleWith('CONFIRMED', { kind: 'reversal', paidMinor: '-10000', netMinor: '-10000' }),
    saleWith('UNKNOWN', { kind: 'refund', paidMinor: '-700', netMinor: '-700' }),
    saleWith('QUARANTINED', { paidMinor: '300' }),
  ]);
  const cash = drawer.rows.find(({ method }) => method === 'cash');
  expect(cash).toEqual({ method: 'cash', count: 6, inMinor: 127_00n, outMinor: 120_00n, netMinor: 7_00n });
  expect(drawer.total).toEqual({ method: 'total', count: 7, inMinor: 177_00n, outMinor: 120_00n, netMinor: 57_00n });
  expect([drawer.confirmed, drawer.inDelivery, drawer.inDoubt]).toEqual([2, 2, 1]);
});

test('every state has a word', () => {
  const words = VEND_STATES.map((state) => stateWord(saleWith(state)));
  expect(words).toEqual([
    'waits',
    'delivery',
    'delivery',
    'delivery',
    'delivery',
    'delivery',
    'cancelling',
    'confirmed',
    'cancelled',
    'doubt',
    'doubt',
  ]);
  expect(stateWord(saleWith('CONFIRMED', { reversedBy: 'x' }))).toBe('reversed');
});
