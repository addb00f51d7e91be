import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBatch, encodeBatch } from '#server/platform/telemetry/batchCodec.ts';
import { COLUMNS } from '#server/platform/telemetry/columns.ts';
import type { TelemetryPoint } from '#server/platform/telemetry/index.ts';

const quantities = COLUMNS.map(({ quantity }) => quantity).filter((quantity) => quantity !== 'balanceMinor');
const points: fc.Arbitrary<TelemetryPoint> = fc.record({
  meterId: fc.integer({ min: 1, max: 2_147_483_647 }),
  atMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  values: fc.dictionary(fc.constantFrom(...quantities), fc.double({ noNaN: true, noDefaultInfinity: true }), {
    noNullPrototype: true,
  }),
  balanceMinor: fc.option(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }), { nil: undefined }),
});
const records = fc.record({
  measurement: fc.constantFrom('line' as const, 'estate' as const, 'platform' as const),
  atMs: fc.nat(),
  tags: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  fields: fc.dictionary(fc.string(), fc.integer(), { noNullPrototype: true }),
});

test('a batch comes from the disk as it went there', () => {
  fc.assert(
    fc.property(fc.array(points), fc.array(records), (somePoints, someRecords) => {
      const batch = { points: somePoints, records: someRecords };
      expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
    }),
  );
});

test('a reading of twenty values takes about two hundred bytes', () => {
  const values = Object.fromEntries(quantities.slice(0, 20).map((quantity) => [quantity, 230.1]));
  const one = { meterId: 1, atMs: 1, values, balanceMinor: undefined };
  expect(encodeBatch({ points: [one, one], records: [] }).length).toBe(5 + 2 * (13 + 20 * 9));
});

test('codes are places: the quantity of a code is found by counting', () => {
  expect(COLUMNS.map(({ code }) => code)).toEqual(COLUMNS.map((_, index) => index + 1));
});

test('what this program did not write is no batch', () => {
  const batch = encodeBatch({
    points: [{ meterId: 1, atMs: 2, values: { energyWh: 3 }, balanceMinor: 4n }],
    records: [],
  });
  expect(decodeBatch(batch.with(0, 9))).toBeUndefined();
  expect(decodeBatch(batch.subarray(0, batch.length - 1))).toBeUndefined();
  expect(decodeBatch(new Uint8Array())).toBeUndefined();
});
