// @vitest-environment node
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RegisterReading } from '#contract/index.ts';
import { isAtStart, kwhText, registerDecimals, registerRows } from '../../../web/features/meter/registerRows.ts';

const reading = (registers: Record<string, string>, change: Partial<RegisterReading> = {}): RegisterReading => ({
  meterId: 1,
  instant: '2026-11-30T16:00:00Z',
  readAt: '2026-11-30T16:02:00Z',
  quality: 'measured',
  source: 'registers',
  registers,
  ...change,
});

test('Wh become kWh without a float in between', () => {
  expect(kwhText('28236750', 2)).toBe('28,236.75');
  expect(kwhText('7', 3)).toBe('0.007');
  expect(kwhText('-1230', 2)).toBe('−1.23');
  // Beyond 2^53, where a float would lie.
  expect(kwhText('900000000000000010', 2)).toBe('900,000,000,000,000.01');
});

test('what is shown says exactly what was registered', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (wh) => {
      expect(BigInt(kwhText(wh, 3).replace(/[,.]/g, ''))).toBe(wh);
    }),
  );
});

test('a meter that counts single Wh keeps its third decimal', () => {
  expect(registerDecimals(['10', '28236750'])).toBe(2);
  expect(registerDecimals(['10', '28236755'])).toBe(3);
});

test('the month is the difference of two registers, and unknown where one is missing', () => {
  const rows = registerRows({
    meterId: 1,
    timeZone: 'Asia/Shanghai',
    now: reading({ energyWh: '28236750', energyReverseWh: '0' }),
    monthStart: reading({ energyWh: '28060380' }, { quality: 'late' }),
  });
  expect(rows).toEqual([
    {
      quantity: 'energyWh',
      now: '28,236.75',
      monthStart: '28,060.38',
      month: '176.37',
      day: undefined,
      quality: 'late',
    },
    {
      quantity: 'energyReverseWh',
      now: '0.00',
      monthStart: undefined,
      month: undefined,
      day: undefined,
      quality: 'late',
    },
  ]);
});

test('a reading of the 14th is not called the start of the month', () => {
  expect(isAtStart(reading({}), 'month', 'Asia/Shanghai')).toBe(true);
  expect(isAtStart(reading({}), 'month', 'UTC')).toBe(false);
  expect(isAtStart(reading({}, { instant: '2026-11-14T16:00:00Z' }), 'month', 'Asia/Shanghai')).toBe(false);
  expect(isAtStart(reading({}, { instant: '2026-11-14T16:00:00Z' }), 'day', 'Asia/Shanghai')).toBe(true);
});
