// @vitest-environment node
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { MeterInput, type MeterModelSummary, type Place } from '#contract/index.ts';
import { PASTE_COLUMNS, PASTE_ROWS_MAX, readPaste } from '../../../web/features/gateways/pastedTable.ts';
import { findModel, judgeRows, type VerdictContext } from '../../../web/features/gateways/pasteVerdict.ts';

const model = (id: string, maker: string, name: string): MeterModelSummary => ({
  id,
  maker,
  name,
  medium: 'electric',
  phases: 3,
  prepaid: true,
  relay: true,
  timeOfUse: true,
  quantities: [],
});
const models = [model('acrel-dtsy1352', 'Acrel', 'DTSY1352'), model('eastron-sdm630', 'Eastron', 'SDM630')];
const place = (id: number, kind: Place['kind'], parentId: number | undefined, en: string, zh?: string): Place => ({
  id,
  kind,
  propertyId: 1,
  position: id,
  names: { en, ...(zh !== undefined && { zh }) },
  ...(parentId !== undefined && { parentId }),
});
const places = [
  place(1, 'property', undefined, 'Riverside', '滨江广场'),
  place(2, 'building', 1, 'Mall', '购物中心'),
  place(3, 'building', 1, 'Tower B', '乙座'),
  place(4, 'floor', 2, '2F'),
  place(5, 'floor', 3, '2F'),
  place(6, 'room', 4, '2F-18'),
  place(7, 'room', 5, '2F-18'),
  place(8, 'room', 4, '2F-19'),
];
const context: VerdictContext = {
  models,
  places,
  takenAddresses: new Set([9]),
  defaultPlaceId: undefined,
  defaultModelId: undefined,
};
const verdicts = (text: string, change: Partial<VerdictContext> = {}) =>
  judgeRows(readPaste(text).rows, { ...context, ...change });
const faults = (text: string) =>
  verdicts(text).map((verdict) => (verdict.ok ? [] : verdict.faults.map(({ column, key }) => `${column} ${key}`)));

describe('what a spreadsheet puts on the clipboard', () => {
  test('headings name the columns in either language and any order', () => {
    expect(readPaste('表号\t地址\tRoom\n2403\t7\t2F-19').rows).toEqual([
      { meterNumber: '2403', unitAddress: '7', place: '2F-19' },
    ]);
  });

  test('without headings the columns stand in the order that the form names', () => {
    expect(readPaste('7\tDTSY1352\t2403\t2F-19\t麦禾').rows).toEqual([
      { unitAddress: '7', model: 'DTSY1352', meterNumber: '2403', place: '2F-19', nameZh: '麦禾' },
    ]);
  });

  test('headings that mean nothing here are said, not swallowed', () => {
    expect(readPaste('address\tcolour\n1\tred')).toMatchObject({
      unknownHeadings: ['colour'],
      rows: [{ unitAddress: '1' }],
    });
  });

  test('a quoted cell keeps its tabs, breaks and quotes', () => {
    expect(readPaste('address\tname\n1\t"Lin ""Tea""\nHouse"').rows).toEqual([
      { unitAddress: '1', nameZh: 'Lin "Tea"\nHouse' },
    ]);
  });

  test('more rows than a line can hold are counted and left out', () => {
    const text = Array.from({ length: PASTE_ROWS_MAX + 5 }, (_, index) => `${index + 1}\tDTSY1352`).join('\n');
    expect(readPaste(text)).toMatchObject({ rowsLeftOut: 5 });
    expect(readPaste(text).rows).toHaveLength(PASTE_ROWS_MAX);
  });

  test('no text throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void judgeRows(readPaste(text).rows, context)));
  });
});

describe('the verdict on a row', () => {
  test('a good row becomes what the contract takes', () => {
    const [verdict] = verdicts(
      'address\tmodel\tnumber\tplace\tname\tCT\tlimit\n7\tacrel DTSY-1352\t240311\t购物中心/2F-18\t麦禾\t40\t18.5',
    );
    expect(verdict).toMatchObject({ ok: true });
    if (!verdict?.ok) throw new Error('refused');
    expect(verdict.meter).toEqual({
      unitAddress: 7,
      modelId: 'acrel-dtsy1352',
      meterNumber: '240311',
      placeId: 6,
      role: 'tenant',
      names: { zh: '麦禾' },
      ctRatio: 40,
      overloadLimitW: 18_500,
    });
    expect(Value.Check(MeterInput, verdict.meter)).toBe(true);
  });

  test('addresses are checked against the wire, the line and each other', () => {
    expect(
      faults(
        'address\tmodel\tnumber\tplace\n0\tSDM630\tA1\tMall\n9\tSDM630\tA2\tMall\n5\tSDM630\tA3\tMall\n5\tSDM630\tA4\tMall',
      ),
    ).toEqual([
      ['unitAddress address'],
      ['unitAddress addressTaken'],
      ['unitAddress addressTwice'],
      ['unitAddress addressTwice'],
    ]);
  });

  test('a room that two buildings have must be named by its path', () => {
    expect(
      faults('address\tmodel\tnumber\tplace\n1\tSDM630\tA1\t2F-18\n2\tSDM630\tA2\t乙座>2F-18\n3\tSDM630\tA3\t9F'),
    ).toEqual([['place placeAmbiguous'], [], ['place place']]);
  });

  test('every fault of a row is said at once', () => {
    expect(faults('address\tmodel\tnumber\trole\n999\tDTSY9\tA B\tking')).toEqual([
      ['unitAddress address', 'model model', 'meterNumber number', 'place missing', 'role role'],
    ]);
  });

  test('a number longer than the face of a meter is refused', () => {
    expect(faults(`address\tmodel\tnumber\tplace\n1\tSDM630\t${'9'.repeat(41)}\tMall`)).toEqual([
      ['meterNumber number'],
    ]);
  });

  test('what stands for all rows fills empty cells only', () => {
    const text = 'address\tmodel\tnumber\tplace\n1\t\tA1\n2\tSDM630\tA2\tTower B';
    const good = verdicts(text, { defaultModelId: 'acrel-dtsy1352', defaultPlaceId: 8 });
    expect(good.map((verdict) => verdict.ok && [verdict.meter.modelId, verdict.meter.placeId])).toEqual([
      ['acrel-dtsy1352', 8],
      ['eastron-sdm630', 3],
    ]);
  });

  test('whatever is called good, the server takes', () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 90 }),
      fc.constantFrom('1', '247', 'SDM630', 'Mall', '2F-19', 'tenant', '公区', '0.001', '40'),
    );
    const row = fc.record(Object.fromEntries(PASTE_COLUMNS.map((column) => [column, cell])), { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
        for (const verdict of judgeRows(rows, { ...context, defaultModelId: 'eastron-sdm630', defaultPlaceId: 8 })) {
          if (verdict.ok) expect(Value.Errors(MeterInput, verdict.meter)).toEqual([]);
        }
      }),
    );
  });
});

test('a model is found however its name is spaced', () => {
  for (const text of ['DTSY1352', 'dtsy-1352', 'Acrel DTSY1352', 'acrel_dtsy1352']) {
    expect(findModel(text, models)?.id).toBe('acrel-dtsy1352');
  }
  expect(findModel('DTSY', models)).toBeUndefined();
});
