import { expect, test } from 'vitest';
import type { AlarmFigures } from '#contract/alarmFigures.ts';
import { barsOf, shiftStartsOf, tilesOf } from '../../../web/features/shift/shiftFigures.ts';

const FIGURES: AlarmFigures = {
  propertyId: 1,
  shift: {
    ...{
      index: 1,
      from: '2026-11-22T08:00:00.000Z',
      to: '2026-11-22T16:00:00.000Z',
      until: '2026-11-22T08:40:00.000Z',
    },
  },
  operators: 1,
  raised: 41,
  foldedMeters: 200,
  perMinute: [],
  per10Min: [1, 25, 12, 3],
  averagePer10Min: 10.25,
  peakPer10Min: 25,
  floods: [{ from: '2026-11-22T08:10:00.000Z', to: '2026-11-22T08:30:00.000Z', raised: 37 }],
  floodMinutes: 20,
  floodShare: 0.5,
  standing: 9,
  standingLong: 2,
  chattering: 0,
  mostFrequent: [],
};

test('figures stand beside what one operator can bear, and with two operators beside twice as much', () => {
  const over = (figures: AlarmFigures) =>
    tilesOf(figures)
      .filter(({ isOver }) => isOver)
      .map(({ key }) => key);
  expect(over(FIGURES)).toEqual(['average', 'peak', 'flood']);
  expect(over({ ...FIGURES, operators: 20 })).toEqual(['flood']);
  expect(tilesOf({ ...FIGURES, operators: 2 }).map(({ text, target }) => [text, target])).toEqual([
    ['10.3', '2'],
    ['25', '20'],
    ['50 %', '1.0 %'],
    ['9', undefined],
    ['2', '5'],
    ['0', '0'],
  ]);
});

test('bars know their time and the flood that they are part of, on a scale that always shows where a flood begins', () => {
  const { bars, limit } = barsOf(FIGURES);
  expect(bars.map(({ raised, isFlood }) => [raised, isFlood])).toEqual([
    [1, false],
    [25, true],
    [12, true],
    [3, false],
  ]);
  expect(bars[1]).toMatchObject({ fromMs: Date.parse('2026-11-22T08:10:00Z'), height: 1 });
  expect(limit).toBeCloseTo(10 / 25);
  expect(barsOf({ ...FIGURES, per10Min: [0, 0] }).limit).toBeCloseTo(1 / 1.2);
});

test('starts of shifts are one to six ascending times', () => {
  expect(shiftStartsOf(' 00:00 08:00，16:00 ')).toEqual(['00:00', '08:00', '16:00']);
  for (const bad of ['', '24:00', '8:00', '08:00 08:00', '16:00 08:00', '00:00 01:00 02:00 03:00 04:00 05:00 06:00']) {
    expect(shiftStartsOf(bad)).toBeUndefined();
  }
});
