import { describe, expect, test } from 'vitest';
import type { TariffVersion } from '#contract/tariffs.ts';
import type { Rate } from '#domain/tariff/types.ts';
import {
  effectiveFrom,
  runsOf,
  slotsOf,
  slotTime,
  versionBody,
  versionForm,
} from '../../../web/features/tariffs/versionForm.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const day = (from: number, to: number): Rate[] =>
  Array.from({ length: 96 }, (_, slot) => (slot >= from && slot < to ? 'sharp' : 'valley'));
const version = (body: TariffVersion['body']): TariffVersion => ({
  ...{ id: 1, tariffId: 1, effectiveFrom: '2026-01-01T00:00:00Z', state: 'published', body },
  ...{ prices: [], fitsMeters: true, warnings: [], createdBy: 'x', createdAt: '2026-01-01T00:00:00Z' },
});
const prices = { sharp: '1.1', peak: '0.9', flat: '0.7', valley: '0.4', deepValley: '0.2' };

describe('a day of 96 quarter hours', () => {
  test('is told as stretches, and stretches make the same day', () => {
    const rates = day(72, 81);
    const runs = runsOf(rates);
    expect(runs.map(({ from, to, rate }) => [slotTime(from), slotTime(to), rate])).toEqual([
      ['00:00', '18:00', 'valley'],
      ['18:00', '20:15', 'sharp'],
      ['20:15', '24:00', 'valley'],
    ]);
    expect(slotsOf(runs.map(({ from, rate }) => ({ at: slotTime(from), rate })))).toEqual(rates);
  });

  test('before its first start has the rate of its last', () => {
    const rates = slotsOf([
      { at: '23:00', rate: 'valley' },
      { at: '07:00', rate: 'peak' },
    ]);
    expect([rates[0], rates[27], rates[28], rates[91], rates[92]]).toEqual([
      'valley',
      'valley',
      'peak',
      'peak',
      'valley',
    ]);
  });
});

describe('the next version', () => {
  test.each([
    ['a single price', { kind: 'single', price: '0.715686' }],
    [
      'time of use with a table for holidays and steps on top',
      {
        kind: 'timeOfUse',
        prices,
        days: { tables: [day(72, 80), day(0, 96)], rules: [{ table: 1, list: 'holiday' }, { table: 0 }] },
        steps: { period: 'month', steps: [{ upTo: '260', price: '0' }, { price: '0.05' }] },
      },
    ],
    ['steps', { kind: 'stepped', steps: { period: 'year', steps: [{ upTo: '180', price: '5' }, { price: '7' }] } }],
  ] satisfies [string, TariffVersion['body']][])('begins as a copy of the newest: %s', (_what, body) => {
    expect(versionBody(versionForm(version(body), NOW_MS, 'Asia/Shanghai'))).toEqual(body);
  });

  test('begins at the next midnight of the property', () => {
    const at = (zone: string) => effectiveFrom(versionForm(undefined, NOW_MS, zone), zone);
    expect(at('Asia/Shanghai')).toBe('2026-11-22T16:00:00.000Z');
    expect(at('Asia/Kathmandu')).toBe('2026-11-22T18:15:00.000Z');
    expect(at('America/New_York')).toBe('2026-11-23T05:00:00.000Z');
  });

  test('takes the local time of the day, also when the clocks change on it', () => {
    const form = versionForm(undefined, NOW_MS, 'America/New_York');
    const at = (date: string, time: string) => effectiveFrom({ ...form, date, time }, 'America/New_York');
    expect(at('2026-11-01', '00:00')).toBe('2026-11-01T04:00:00.000Z');
    expect(at('2026-11-01', '12:00')).toBe('2026-11-01T17:00:00.000Z');
    expect(at('2026-03-08', '12:30')).toBe('2026-03-08T16:30:00.000Z');
    expect(at('', '12:30')).toBeUndefined();
  });
});
