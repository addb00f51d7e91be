import { array, assert, bigInt, constant, integer, property, record, shuffledSubarray, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import { minorOfParts, parseDecimal } from '#domain/money/amount.ts';
import {
  capOf,
  modulusOf,
  type RegisterLimits,
  type RegisterPoint,
  registerDelta,
} from '#domain/settlement/register.ts';
import { cutSegments, type Segment } from '#domain/settlement/segments.ts';

const HOUR_MS = 3_600_000;
const LIMITS: RegisterLimits = { modulus: modulusOf(6, 1n), maxPower: 13_200n, marginPpt: 1_200n };
const WIDE: RegisterLimits = { ...LIMITS, maxPower: 10_000_000_000n };

const wh = (kwh: string) => parseDecimal(kwh, 3);
const read = (at: string, kwh: string): RegisterPoint => ({ atMs: Date.parse(at), value: wh(kwh), estimated: false });
const sumOf = (segments: readonly Segment[]) => segments.reduce((sum, { delta }) => sum + delta, 0n);

describe('the difference of two registers', () => {
  test('a multiplier belongs to the difference', () => {
    // 200/5 and 10000/100.
    const multiplier = 40n * 100n;
    const from = wh('5000.00') * multiplier;
    const found = registerDelta(
      from,
      from + wh('1.23') * multiplier,
      { ...WIDE, modulus: modulusOf(6, multiplier) },
      HOUR_MS,
    );
    expect(found).toEqual({ kind: 'forward', delta: wh('4920') });
  });

  test('a register that began anew', () => {
    expect(registerDelta(wh('999987.65'), wh('12.40'), LIMITS, 24 * HOUR_MS)).toEqual({
      kind: 'rolledOver',
      delta: wh('24.75'),
    });
    expect(capOf(LIMITS, 24 * HOUR_MS)).toBe(wh('380.16'));
  });

  test('a register that went back is no roll-over', () => {
    expect(wh('4990.00') - wh('5000.00') + LIMITS.modulus).toBe(wh('999990'));
    expect(registerDelta(wh('5000.00'), wh('4990.00'), LIMITS, 24 * HOUR_MS)).toEqual({
      kind: 'backward',
      cap: wh('380.16'),
    });
  });

  test('more than can have flowed is not believed, the most that can is', () => {
    expect(registerDelta(0n, wh('380.16'), LIMITS, 24 * HOUR_MS).kind).toBe('forward');
    expect(registerDelta(0n, wh('380.161'), LIMITS, 24 * HOUR_MS).kind).toBe('implausible');
    expect(registerDelta(wh('999990'), wh('370.16'), LIMITS, 24 * HOUR_MS).kind).toBe('rolledOver');
    expect(registerDelta(wh('999990'), wh('370.161'), LIMITS, 24 * HOUR_MS).kind).toBe('backward');
  });
});

describe('segments', () => {
  test('a price that changes at a frozen register', () => {
    const [june, frozen, july] = [
      read('2025-06-20T00:00+08:00', '12345.67'),
      read('2025-07-01T00:00+08:00', '12789.10'),
      read('2025-07-20T00:00+08:00', '13500.00'),
    ];
    const { segments } = cutSegments({
      from: june,
      reads: [july, frozen],
      cutsMs: [Date.parse('2025-07-01T00:00+08:00')],
      limits: WIDE,
      slackMs: 0,
    });
    expect(segments.map(({ delta, quality }) => ({ delta, quality }))).toEqual([
      { delta: wh('443.43'), quality: 'measured' },
      { delta: wh('710.90'), quality: 'measured' },
    ]);
    const prices = [parseDecimal('0.6820', 8), parseDecimal('0.7130', 8)];
    const lines = segments.map(({ delta }, index) => minorOfParts(delta * (prices[index] ?? 0n)));
    expect(lines).toEqual([302_42n, 506_87n]);
  });

  test('without a frozen register the interval is shared by time, and says so', () => {
    const { segments } = cutSegments({
      from: read('2025-06-30T22:00+08:00', '100.000'),
      reads: [read('2025-07-01T02:00+08:00', '104.000'), read('2025-06-30T23:00+08:00', '102.500')],
      cutsMs: [Date.parse('2025-07-01T00:00+08:00')],
      limits: WIDE,
      slackMs: 0,
    });
    expect(segments.map(({ delta, quality }) => ({ delta, quality }))).toEqual([
      { delta: wh('3.000'), quality: 'prorated' },
      { delta: wh('1.000'), quality: 'prorated' },
    ]);
    expect(segments[0]?.to).toEqual(segments[1]?.from);
  });

  test('a replaced meter is two registers, never one difference', () => {
    const old = cutSegments({
      from: read('2025-05-01T00:00Z', '8765.43'),
      reads: [read('2025-05-10T00:00Z', '8791.07')],
      cutsMs: [],
      limits: WIDE,
      slackMs: 0,
    });
    const fresh = cutSegments({
      from: read('2025-05-10T00:00Z', '0.52'),
      reads: [read('2025-05-20T00:00Z', '103.60')],
      cutsMs: [],
      limits: WIDE,
      slackMs: 0,
    });
    const deltas = [...old.segments, ...fresh.segments].map(({ delta }) => delta);
    expect(deltas).toEqual([wh('25.64'), wh('103.08')]);
    expect(deltas[0]).toBe(wh('128.72') - wh('103.08'));
  });

  test('what went back is refused, and what follows the last good read is counted', () => {
    const { segments, refused } = cutSegments({
      from: read('2025-05-01T00:00Z', '5000'),
      reads: [read('2025-05-02T00:00Z', '4990'), read('2025-05-03T00:00Z', '5020')],
      cutsMs: [],
      limits: LIMITS,
      slackMs: 0,
    });
    expect(refused).toMatchObject([{ cause: 'backward', after: { value: wh('5000') }, cap: wh('380.16') }]);
    expect(sumOf(segments)).toBe(wh('20'));
  });

  test('with nothing believable there is nothing to charge', () => {
    const from = read('2025-05-01T00:00Z', '5000');
    const only = read('2025-05-02T00:00Z', '9000');
    const { segments, refused } = cutSegments({ from, reads: [only], cutsMs: [], limits: LIMITS, slackMs: 0 });
    expect(segments).toEqual([]);
    expect(refused).toMatchObject([{ cause: 'implausible', read: only }]);
  });
});

test('a gap is filled between two real reads only', () => {
  const from = read('2025-05-01T10:00Z', '100.00');
  const to = read('2025-05-01T12:00Z', '104.00');
  const instants = [1, 2, 3].map((step) => from.atMs + step * 30 * 60_000);
  const cut = (reads: readonly RegisterPoint[]) =>
    cutSegments({ from, reads, cutsMs: instants, limits: LIMITS, slackMs: 0 }).segments;
  expect(cut([to]).map((segment) => segment.to)).toEqual([
    ...['101.00', '102.00', '103.00'].map((kwh, index) => ({ atMs: instants[index], value: wh(kwh), estimated: true })),
    to,
  ]);
  expect(cut([to]).map(({ quality }) => quality)).toEqual(Array.from({ length: 4 }, () => 'prorated'));
  // An open end is waited for: nothing is carried on from the last read.
  expect(cut([])).toEqual([]);
});

test('a month is half-open on the clock of the property: 00:00 closes June and opens July', () => {
  const calendar = zonedCalendar('Asia/Shanghai');
  const months = ['2025-06-30T15:59:59Z', '2025-06-30T16:00:00Z'].map((at) => {
    const startMs = calendar.startOfMonth(Date.parse(at));
    return new Date(startMs + calendar.offsetMs(startMs)).toISOString().slice(0, 7);
  });
  expect(months).toEqual(['2025-06', '2025-07']);
});

/** Steps of a register: minutes since the read before, and Wh since then. */
const walk = array(record({ minutes: integer({ min: 1, max: 5_000 }), added: bigInt({ min: 0n, max: 50_000_000n }) }), {
  minLength: 1,
  maxLength: 20,
});
const startValue = bigInt({ min: 0n, max: LIMITS.modulus - 1n });
const cutShares = array(integer({ min: 0, max: 1_000 }), { maxLength: 6 });

function readsOf(start: bigint, steps: readonly { minutes: number; added: bigint }[]) {
  const reads: RegisterPoint[] = [{ atMs: 0, value: start, estimated: false }];
  let atMs = 0;
  let value = start;
  for (const { minutes, added } of steps) {
    atMs += minutes * 60_000;
    value = (value + added) % LIMITS.modulus;
    reads.push({ atMs, value, estimated: false });
  }
  return { from: reads[0] ?? { atMs: 0, value: start, estimated: false }, reads: reads.slice(1), endMs: atMs };
}

describe('for any walk of a register', () => {
  test('segments join without gap or overlap and their sum is what flowed, through roll-overs and cuts (I10)', () => {
    assert(
      property(startValue, walk, cutShares, (start, steps, shares) => {
        const { from, reads, endMs } = readsOf(start, steps);
        const cutsMs = shares.map((share) => Math.floor((endMs * share) / 1_000));
        const { segments, refused } = cutSegments({ from, reads, cutsMs, limits: WIDE, slackMs: 0 });
        expect(refused).toEqual([]);
        expect(sumOf(segments)).toBe(steps.reduce((sum, { added }) => sum + added, 0n));
        expect(segments[0]?.from).toEqual(from);
        expect(segments.at(-1)?.to).toEqual(reads.at(-1));
        segments.forEach((segment, index) => {
          expect(segment.to.atMs).toBeGreaterThan(segment.from.atMs);
          expect(segment.delta).toBeGreaterThanOrEqual(0n);
          expect((segment.from.value + segment.delta) % LIMITS.modulus).toBe(segment.to.value);
          if (index > 0) expect(segment.from).toEqual(segments[index - 1]?.to);
        });
      }),
    );
  });

  test('the order in which reads come in changes nothing, and reads inside change no sum', () => {
    const input = tuple(startValue, walk).chain(([start, steps]) => {
      const { from, reads } = readsOf(start, steps);
      const inner = reads.slice(0, -1);
      return record({ from: constant(from), reads: constant(reads), some: shuffledSubarray(inner) });
    });
    assert(
      property(input, ({ from, reads, some }) => {
        const cutting = { from, cutsMs: [], limits: WIDE, slackMs: 0 };
        const all = cutSegments({ ...cutting, reads });
        expect(cutSegments({ ...cutting, reads: reads.toReversed() })).toEqual(all);
        const last = reads.at(-1);
        const few = cutSegments({ ...cutting, reads: last === undefined ? some : [last, ...some] });
        // A whole turn of the register between two reads cannot be seen by anybody.
        expect((sumOf(all.segments) - sumOf(few.segments)) % LIMITS.modulus).toBe(0n);
      }),
    );
  });
});
