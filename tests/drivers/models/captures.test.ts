import { describe, expect, test } from 'vitest';
import {
  bytesFromRegisters,
  compileModel,
  type Decoded,
  encodeRegisters,
  type MeterImage,
} from '#drivers/codec/index.ts';
import { MODELS, modelById } from '#drivers/models/index.ts';
import { blocksOf, type Capture, capturedModelIds, capturesOf } from '../support/frames.ts';

describe('captures', () => {
  test('every model has some, and every file of captures its model', () => {
    expect(capturedModelIds().toSorted()).toEqual(MODELS.map(({ id }) => id).toSorted());
  });

  test('the captures of a model together hold every field, its status word and its clock', () => {
    for (const model of MODELS) {
      const read = capturesOf(model.id).flatMap((capture) => blocksOf(capture));
      const missing = model.fields.filter(
        ({ address }) => !read.some(({ start, count }) => address >= start && address < start + count),
      );
      expect(missing.map(({ quantity }) => `${model.id}: ${quantity}`)).toEqual([]);
    }
  });

  for (const id of capturedModelIds()) {
    for (const capture of capturesOf(id)) {
      test(`${id}: ${capture.name}`, () => {
        const model = modelById(id);
        if (model === undefined) throw new Error(`no model ${id}`);
        const compiled = compileModel(model);
        const blocks = blocksOf(capture);
        const decoded = compiled.decode(blocks, capture);
        expect(comparable(decoded)).toEqual(capture.expected);

        // The other way round: what the simulator says of such a meter reads the same.
        const spoken = blocks.map(({ start, count }) => ({
          start,
          count,
          data: bytesFromRegisters(encodeRegisters(model, imageOf(capture), start, count)),
        }));
        const { rejected, ...expected } = capture.expected;
        expect(comparable(compiled.decode(spoken, capture))).toMatchObject(
          withoutAbsent(expected, rejected.length > 0),
        );
      });
    }
  }
});

function comparable({ values, balanceMinor, status, meterClockMs, ctRatio, ptRatio, rejected }: Decoded) {
  return {
    values,
    balanceMinor: balanceMinor?.toString() ?? null,
    status,
    meterClock: meterClockMs === undefined ? null : new Date(meterClockMs).toISOString().slice(0, 19),
    ctRatio,
    ptRatio,
    rejected: rejected.map((one) => ({ ...one, raw: Number.isNaN(one.raw) ? 'NaN' : one.raw })),
  };
}

function imageOf({ expected }: Capture): MeterImage {
  return {
    ...expected,
    balanceMinor: expected.balanceMinor === null ? undefined : BigInt(expected.balanceMinor),
    meterClockMs: expected.meterClock === null ? undefined : Date.parse(`${expected.meterClock}Z`),
  };
}

/** A refused value is not in the image, so the simulator says 0 for it; nothing else may differ. */
function withoutAbsent(expected: Omit<Capture['expected'], 'rejected'>, refused: boolean) {
  return refused ? expected : { ...expected, rejected: [] };
}
