import { describe, expect, test } from 'vitest';
import type { MeterModel, PurseTable } from '#drivers/core/index.ts';
import { faultsOf } from '#drivers/models/faults.ts';
import { modelById } from '#drivers/models/index.ts';

const good = modelById('acrel-dtsy1352');

describe('the registry of models', () => {
  test('an unknown id is not an error of the registry', () => {
    expect(modelById('nobody-nothing')).toBeUndefined();
  });

  const wrong: readonly (readonly [string, (model: MeterModel) => MeterModel, RegExp])[] = [
    ['an id without maker', (model) => ({ ...model, id: 'DTSY' }), /kebab case/],
    ['facts without a source', (model) => ({ ...model, sources: [] }), /no sources/],
    ['a span longer than the meter answers', (model) => ({ ...model, maxRegisters: 20 }), /1 to 20 fit/],
    [
      'nothing for the central reading',
      (model) => ({ ...model, spans: [{ start: 0x200, count: 48, serves: ['live'] }] }),
      /no span serves registers/,
    ],
    [
      'a field outside the spans',
      (model) => ({ ...model, spans: [{ start: 0x200, count: 30, serves: ['live', 'registers'] }] }),
      /purchaseCount at 545 is in no span/,
    ],
    ['a scale that is no power of ten', (model) => changed(model, 0, { scale: 0.25 }), /scale 0.25/],
    ['one quantity twice', (model) => changed(model, 0, { quantity: 'voltageL2V' }), /voltageL2V appears twice/],
    ['fields on top of each other', (model) => changed(model, 0, { type: 'u32' }), /overlaps/],
    [
      'a purse whose count is nowhere',
      (model) => withPurse(model, ({ fields }) => ({ fields: fields.filter(({ value }) => value !== 'count') })),
      /does not say where its count is/,
    ],
    [
      'a purse read where nothing is asked for',
      (model) => withPurse(model, () => ({ blocks: [] })),
      /purse alarm1Minor at 70 is in no block/,
    ],
    [
      'a purchase that leaves out its count',
      (model) => withPurse(model, ({ purchase }) => ({ purchase: { ...purchase, parts: purchase.parts.slice(0, 1) } })),
      /does not always carry its count/,
    ],
    [
      'parts of a write on top of each other',
      (model) =>
        withPurse(model, ({ purchase }) => ({
          purchase: { ...purchase, parts: purchase.parts.map((part) => ({ ...part, byte: 3 })) },
        })),
      /purchase: count overlaps/,
    ],
    [
      'a write longer than its frame',
      (model) => withPurse(model, ({ purchase }) => ({ purchase: { ...purchase, registers: 2 } })),
      /purchase: count lies beyond the frame/,
    ],
    ['a status word nobody reads', (model) => ({ ...model, status: { address: 0x300 } }), /status word/],
  ];
  for (const [name, change, complaint] of wrong) {
    test(`refuses ${name}`, () => {
      if (good === undefined) throw new Error('no model to spoil');
      expect(faultsOf(good)).toEqual([]);
      expect(faultsOf(change(good)).join('; ')).toMatch(complaint);
    });
  }
});

function changed(model: MeterModel, index: number, change: Partial<MeterModel['fields'][number]>): MeterModel {
  return { ...model, fields: model.fields.map((field, at) => (at === index ? { ...field, ...change } : field)) };
}

function withPurse(model: MeterModel, change: (purse: PurseTable) => Partial<PurseTable>): MeterModel {
  if (model.purse === undefined) throw new Error('no purse to spoil');
  return { ...model, purse: { ...model.purse, ...change(model.purse) } };
}
