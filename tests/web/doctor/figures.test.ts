// @vitest-environment node
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineVerdict } from '#contract/index.ts';
import { LOSSES, TIME_PARTS } from '#domain/busFacts.ts';
import {
  cycleRatio,
  DRAWN,
  lossRows,
  lostMs,
  lostSeconds,
  OCCUPIED,
  roundParts,
  roundScaleMs,
  timeRows,
  VERDICT_ORDER,
} from '../../../web/features/doctor/doctorFigures.ts';
import {
  addressOfFilter,
  countVerdicts,
  filterOfAddress,
  matching,
} from '../../../web/features/doctor/doctorFilter.ts';
import { LINES_MAX, loadAllLines } from '../../../web/features/doctor/loadAllLines.ts';
import { actionWords, beforeAfter } from '../../../web/features/doctor/proposalWords.ts';
import { lineWith, proposalWith, sheetWith } from './doctorSamples.ts';

const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);

test('every part and every verdict that the server tells has its place', () => {
  expect([...DRAWN].toSorted()).toEqual([...TIME_PARTS].toSorted());
  expect([...OCCUPIED, 'closed', 'idle'].toSorted()).toEqual([...TIME_PARTS].toSorted());
  expect(LOSSES.every((part) => DRAWN.includes(part))).toBe(true);
  expect([...VERDICT_ORDER].toSorted()).toEqual([...LineVerdict.enum].toSorted());
});

describe('what is shown adds up', () => {
  test('the parts to the window, to the tenth, and the shares to a hundred', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(900_000), { minLength: 7, maxLength: 7 }), (ms) => {
        const parts = Object.fromEntries(DRAWN.map((part, index) => [part, ms[index] ?? 0])) as Record<
          (typeof DRAWN)[number],
          number
        >;
        const observedMs = sum(ms);
        const rows = timeRows({ parts, observedMs });
        expect(sum(rows.map(({ seconds }) => Math.round(seconds * 10)))).toBe(Math.round(observedMs / 100));
        if (observedMs > 0) expect(sum(rows.map(({ percent }) => Math.round(percent * 10)))).toBe(1_000);
      }),
    );
  });

  test('the pieces of a round to the round', () => {
    const line = lineWith({ cycleMs: 303 });
    expect(sum(roundParts(line).map(({ ms }) => ms))).toBeCloseTo(303, 9);
    const { cycleMs: _none, ...unread } = line;
    expect(roundParts(unread)).toEqual([]);
  });

  test('the meters to the line', () => {
    const sheet = sheetWith();
    const [worst] = lossRows(sheet);
    expect(worst?.meter.unitAddress).toBe(3);
    expect(sum(lossRows(sheet).map(({ silenceS }) => silenceS))).toBeCloseTo(13.4, 9);
    expect(lostMs(sheet)).toBe(13_449);
    // Every place that shows a figure shows the same one: the row, the sum of the meters, the header, the list.
    const awkward = {
      ...sheet,
      observedMs: 600_090,
      parts: { ...sheet.parts, wire: 120_044, silence: 13_450, idle: 436_596 },
    };
    const silence = timeRows(awkward).find(({ part }) => part === 'silence')?.seconds ?? Number.NaN;
    expect(sum(lossRows(awkward).map(({ silenceS }) => silenceS))).toBeCloseTo(silence, 9);
    expect(lostSeconds(awkward)).toBeCloseTo(silence, 9);
  });
});

test('one line that takes for ever does not flatten the bars of the others', () => {
  const lines = [lineWith(), lineWith({ cycleMs: 500 })];
  expect(roundScaleMs(lines)).toBe(500);
  expect(roundScaleMs([...lines, lineWith({ cycleMs: 90_000 })])).toBe(4 * 240);
  expect(roundScaleMs([])).toBe(1);
});

test('a ratio needs both figures', () => {
  expect(cycleRatio(lineWith())).toBe(1.25);
  const { cycleMs: _none, ...unread } = lineWith();
  expect(cycleRatio(unread)).toBeUndefined();
});

describe('the filter', () => {
  const lines = [
    lineWith(),
    lineWith({ lineId: 2, gatewayCode: 'GW-2', name: 'B', propertyId: 2, verdict: 'dead' }),
    lineWith({ lineId: 3, gatewayCode: 'GW-12', verdict: 'dead' }),
  ];
  const nameOf = (propertyId: number) => (propertyId === 2 ? 'Office 写字楼' : 'Mall');

  test('is the address, and nonsense there is no filter', () => {
    const filter = { verdict: 'dead', propertyId: 2, q: 'gw' } as const;
    expect(filterOfAddress(addressOfFilter(filter))).toEqual(filter);
    expect(filterOfAddress({ verdict: 'sad', property: '-1', q: ['x'] })).toEqual({ q: '' });
    expect(addressOfFilter({ verdict: undefined, propertyId: undefined, q: '' })).toEqual({});
  });

  test('finds gateways, lines and properties', () => {
    const ids = (q: string, propertyId?: number) =>
      matching(lines, { verdict: undefined, propertyId, q }, nameOf).map(({ lineId }) => lineId);
    expect(ids('gw-12')).toEqual([3]);
    expect(ids('GW-2 / b')).toEqual([2]);
    expect(ids('写字楼')).toEqual([2]);
    expect(ids('', 1)).toEqual([1, 3]);
  });

  test('counts verdicts worst first, and the counts add up', () => {
    expect(countVerdicts(lines)).toEqual([
      { verdict: 'dead', count: 2 },
      { verdict: 'healthy', count: 1 },
    ]);
  });
});

describe('a proposal in words', () => {
  test('says what it is about', () => {
    expect(actionWords(proposalWith().action)).toEqual({ addresses: '3, 7' });
    const many = Array.from({ length: 9 }, (_, index) => ({ meterId: 1, unitAddress: index + 1, wonMsPerHour: 1 }));
    expect(actionWords({ kind: 'repairMeters', meters: many })).toEqual({ addresses: '1, 2, 3, 4, 5, 6, +3' });
    expect(actionWords({ kind: 'raiseBaud', fromBaud: 9_600, toBaud: 19_200 })).toEqual({
      from: '9,600',
      to: '19,200',
    });
    expect(actionWords({ kind: 'lengthenPoll', fromMs: 2_500, toMs: 7_000, meters: 31 })).toEqual({
      from: '2.5',
      to: '7',
      n: 31,
    });
  });

  test('shows before and after only where they differ', () => {
    expect(beforeAfter(proposalWith())).toEqual([
      { key: 'cycle', before: '5.00', after: '4.00', unit: 's', shareAfter: 0.8 },
      { key: 'load', before: '50.0', after: '40.0', unit: '%', shareAfter: 0.8 },
    ]);
    const { effect } = proposalWith();
    const same = { ...effect, cycleAfterMs: 4_999.9, loadAfter: 0.5 };
    expect(beforeAfter(proposalWith({ effect: same }))).toEqual([]);
  });
});

test('pages are followed to the last; a line that moved meanwhile is there once', async () => {
  const pages = [
    { items: [lineWith({ lineId: 1 }), lineWith({ lineId: 2 })], nextCursor: '2' },
    { items: [lineWith({ lineId: 2 }), lineWith({ lineId: 3 })] },
  ];
  const asked: (string | undefined)[] = [];
  const all = await loadAllLines(({ cursor }) => {
    asked.push(cursor);
    return Promise.resolve(pages[asked.length - 1] ?? { items: [] });
  });
  expect(all.map(({ lineId }) => lineId)).toEqual([1, 2, 3]);
  expect(asked).toEqual([undefined, '2']);
  expect(LINES_MAX).toBeGreaterThanOrEqual(1_600);
});
