import { describe, expect, test } from 'vitest';
import { perMinute, rateFigures, shiftAt } from '#domain/alarmFigures.ts';
import { zonedCalendar } from '#domain/calendar.ts';

const MINUTE_MS = 60_000;
const EIGHT_HOURS = ['00:00', '08:00', '16:00'];
const at = (text: string): number => Date.parse(text);
const shown = ({ index, fromMs, toMs }: ReturnType<typeof shiftAt>) =>
  `${index} ${new Date(fromMs).toISOString()} ${(toMs - fromMs) / 3_600_000} h`;

describe('the shift that runs', () => {
  const shanghai = zonedCalendar('Asia/Shanghai');
  const berlin = zonedCalendar('Europe/Berlin');

  test.each([
    ['in the evening', '2026-11-19T13:47:08Z', '2 2026-11-19T08:00:00.000Z 8 h'],
    ['at its first instant', '2026-11-19T08:00:00Z', '2 2026-11-19T08:00:00.000Z 8 h'],
    ['in the last millisecond of the one before', '2026-11-19T07:59:59.999Z', '1 2026-11-19T00:00:00.000Z 8 h'],
    ['after midnight of the clock there', '2026-11-19T16:00:00Z', '0 2026-11-19T16:00:00.000Z 8 h'],
  ])('%s', (_what, instant, wanted) => {
    expect(shown(shiftAt(shanghai, EIGHT_HOURS, at(instant)))).toBe(wanted);
  });

  test('over midnight, where the last of a day ends in the morning', () => {
    const starts = ['06:00', '14:00', '22:00'];
    expect(shown(shiftAt(shanghai, starts, at('2026-11-18T19:00:00Z')))).toBe('2 2026-11-18T14:00:00.000Z 8 h');
    expect(shown(shiftAt(shanghai, ['07:30'], at('2026-11-18T19:00:00Z')))).toBe('0 2026-11-17T23:30:00.000Z 24 h');
  });

  test('is an hour longer or shorter when the clocks change in it', () => {
    expect(shown(shiftAt(berlin, EIGHT_HOURS, at('2026-10-25T03:00:00Z')))).toBe('0 2026-10-24T22:00:00.000Z 9 h');
    expect(shown(shiftAt(berlin, EIGHT_HOURS, at('2026-03-29T03:00:00Z')))).toBe('0 2026-03-28T23:00:00.000Z 7 h');
    expect(shown(shiftAt(berlin, EIGHT_HOURS, at('2026-03-29T07:00:00Z')))).toBe('1 2026-03-29T06:00:00.000Z 8 h');
  });
});

test('minutes are counted from the start of the shift, the one that runs included', () => {
  const fromMs = at('2026-11-19T08:00:00Z');
  const first = fromMs / MINUTE_MS;
  const counts = new Map([
    [first - 1, 9],
    [first, 2],
    [first + 3, 1],
  ]);
  expect(perMinute(counts, fromMs, fromMs + 3.5 * MINUTE_MS)).toEqual([2, 0, 0, 1]);
  expect(perMinute(counts, fromMs, fromMs)).toEqual([]);
});

describe('rates after EEMUA 191', () => {
  const fromMs = at('2026-11-19T08:00:00Z');
  /** Minutes of a shift of so many tens of minutes, all of an interval's alarms in its fourth minute. */
  const minutesOf = (...perTen: readonly number[]): number[] =>
    perTen.flatMap((raised) => [0, 0, 0, raised, 0, 0, 0, 0, 0, 0]);
  const figures = (minutes: readonly number[], operators = 1) => {
    const { floods, ...rest } = rateFigures(minutes, fromMs, operators);
    const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
    return { ...rest, floods: floods.map((flood) => `${clock(flood.fromMs)}-${clock(flood.toMs)} ${flood.raised}`) };
  };

  test('worked by hand: 53 alarms in 5 h 50 min, one flood of 20 minutes', () => {
    const perTen = [
      1, 0, 2, 1, 0, 1, 2, 0, 0, 1, 0, 1, 0, 2, 12, 8, 4, 1, 0, 1, 0, 2, 1, 0, 1, 1, 2, 0, 1, 0, 2, 1, 2, 1, 2,
    ];
    expect(figures(minutesOf(...perTen))).toEqual({
      raised: 53,
      per10Min: perTen,
      averagePer10Min: 53 / 35,
      peakPer10Min: 12,
      floods: ['10:20-10:40 20'],
      floodMinutes: 20,
      floodShare: 20 / 350,
    });
  });

  test('ten are no flood, eleven are; it lasts while five come and ends when four do', () => {
    expect(figures(minutesOf(10, 10)).floods).toEqual([]);
    expect(figures(minutesOf(11, 5, 4, 9)).floods).toEqual(['08:00-08:20 16']);
    expect(figures(minutesOf(11, 4, 11)).floods).toEqual(['08:00-08:10 11', '08:20-08:30 11']);
  });

  test('each operator can take as many', () => {
    expect(figures(minutesOf(20, 11), 2).floods).toEqual([]);
    expect(figures(minutesOf(21, 9), 2)).toMatchObject({ floods: ['08:00-08:10 21'], floodShare: 0.5 });
  });

  test('an interval that still runs counts for as long as it has run', () => {
    expect(figures([...minutesOf(0), 11, 0, 0])).toMatchObject({
      raised: 11,
      per10Min: [0, 11],
      averagePer10Min: 110 / 13,
      floods: ['08:10-08:13 11'],
      floodMinutes: 3,
      floodShare: 3 / 13,
    });
  });

  test('a shift that has just begun has no rates', () => {
    expect(figures([])).toEqual({
      ...{ raised: 0, per10Min: [], averagePer10Min: 0, peakPer10Min: 0, floods: [], floodMinutes: 0, floodShare: 0 },
    });
  });
});
