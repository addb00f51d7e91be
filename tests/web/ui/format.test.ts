// @vitest-environment node
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatAge,
  formatLoad,
  formatMoment,
  formatMoney,
  formatNumber,
  formatTime,
  nameIn,
  zoneName,
} from '../../../web/ui/format.ts';

const t = (key: string, named: Record<string, unknown>) => `${String(named['n'])}${key.split('.').at(-1)?.[0]}`;

test('money is exact to the cent, however large, with a true minus', () => {
  expect(formatMoney('-1240')).toBe('−¥ 12.40');
  expect(formatMoney(5n)).toBe('¥ 0.05');
  expect(formatMoney('900719925474099312')).toBe('¥ 9,007,199,254,740,993.12');
  expect(formatMoney(undefined)).toBe('–');
  expect(formatMoney('100', 'EUR')).toBe('€ 1.00');
});

test('money keeps every digit that the ledger has', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), (minor) => {
      const digits = formatMoney(minor)
        .replace(/[^0-9−]/g, '')
        .replace('−', '-');
      expect(BigInt(digits)).toBe(minor);
    }),
  );
});

test('a load is written in the unit that people say', () => {
  expect(formatLoad(850)).toEqual({ figure: '0.85', unit: 'kW' });
  expect(formatLoad(12_345)).toEqual({ figure: '12.3', unit: 'kW' });
  expect(formatLoad(612_000)).toEqual({ figure: '612', unit: 'kW' });
  expect(formatLoad(4_820_000)).toEqual({ figure: '4.82', unit: 'MW' });
});

test('absent is a dash, zero is a zero', () => {
  expect(formatLoad(undefined).figure).toBe('–');
  expect(formatLoad(Number.NaN).figure).toBe('–');
  expect(formatNumber(null)).toBe('–');
  expect(formatNumber(0)).toBe('0');
  expect(formatNumber(-0.001, 1)).toBe('0.0');
});

test('ages are floored: nothing looks older or younger than it is by a whole unit', () => {
  expect(formatAge(59_999, t)).toBe('59s');
  expect(formatAge(60_000, t)).toBe('1m');
  expect(formatAge(3_599_999, t)).toBe('59m');
  expect(formatAge(86_400_000 * 3, t)).toBe('3d');
  expect(formatAge(320, t, true)).toBe('0.3s');
  expect(formatAge(-5_000, t)).toBe('0s');
});

test('times are those of the property, not of the viewer', () => {
  expect(formatTime('2026-11-22T13:47:08Z', 'Asia/Shanghai')).toBe('21:47:08');
  expect(formatTime('2026-11-22T16:00:00Z', 'Asia/Shanghai', false)).toBe('00:00');
  expect(formatMoment('2026-11-22T12:31:00Z', Date.parse('2026-11-22T13:47:00Z'), 'Asia/Shanghai', 'en')).toBe('20:31');
  expect(formatMoment('2026-11-20T12:31:00Z', Date.parse('2026-11-22T13:47:00Z'), 'Asia/Shanghai', 'en')).toMatch(
    /20 Nov.* 20:31$/,
  );
  expect(zoneName('America/Argentina/Buenos_Aires', 'en')).toBe('Buenos Aires');
  expect(zoneName('Asia/Shanghai', 'zh')).toBe('中国时间');
});

test('a name falls back to the other language', () => {
  expect(nameIn({ zh: '甲座' }, 'en')).toBe('甲座');
  expect(nameIn({ zh: '甲座', en: 'Tower A' }, 'en')).toBe('Tower A');
  expect(nameIn(undefined, 'zh')).toBe('');
});
