import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROBE_REGISTERS } from '#drivers/bus/rtuFraming.ts';
import { acrelAdl300 } from '#drivers/models/acrelAdl300.ts';
import { answering, meters, registersWith, virtualLine } from '../support/virtualLine.ts';

const LONGEST_PROBE = Math.max(...PROBE_REGISTERS);

/** Each reply carries the ordinal of the request it answers as its balance. */
function mismatches({ readings, wire }: ReturnType<typeof virtualLine>): readonly unknown[] {
  return readings.filter(({ meterId, balanceMinor, toldMs }) => {
    const asked = wire.asked.findLast(
      ({ unit, quantity, atMs }) => unit === meterId && quantity > LONGEST_PROBE && atMs < toldMs,
    );
    return BigInt(asked?.ordinal ?? 0) !== balanceMinor;
  });
}

describe('a late reply is never taken for the next one', () => {
  for (const kind of ['rtu-over-tcp', 'modbus-tcp'] as const) {
    test(`${kind}: however late answers come, every reading is the answer to its own question`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 })), {
            minLength: 5,
            maxLength: 60,
          }),
          fc.integer({ min: 1, max: 4 }),
          (delays, count) => {
            const system = virtualLine({ kind, meters: meters(count, { livePollMs: 1_000 }) });
            // One device answers its requests in order, each after its own delay.
            const freeMs = new Map<number, number>();
            system.wire.respond = ({ unit, start, quantity, ordinal, atMs }, encode) => {
              const doneMs = Math.max(atMs, freeMs.get(unit) ?? 0) + (delays[ordinal % delays.length] ?? 0);
              freeMs.set(unit, doneMs);
              const data = registersWith(start, quantity, ordinal);
              return [{ afterMs: doneMs - atMs, bytes: encode({ kind: 'read', function: 3, data }) }];
            };
            system.line.start();
            system.clock.advance(120_000);
            expect(mismatches(system)).toEqual([]);
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  test('a meter that answers after its deadline is read in another length at once', async () => {
    const system = virtualLine();
    const { wire, clock, line, readings } = system;
    wire.respond = (asked, encode) =>
      asked.ordinal === 1 ? answering(2_820)(asked, encode) : answering(20)(asked, encode);
    line.start();
    clock.advance(4_000);
    // 48 registers, no answer; 2 s of back-off; 47 with the same values, during which the late 48 come.
    expect(wire.asked.map(({ quantity }) => quantity)).toEqual([48, 47]);
    expect(readings.map(({ balanceMinor }) => balanceMinor)).toEqual([2n]);
    expect(line.health()).toMatchObject({ lateReplies: 1, timeouts: 1 });
    clock.advance(10_000);
    expect(wire.asked.map(({ quantity }) => quantity)).toEqual([48, 47, 48]);
    await line.stop();
  });

  test('where a block has no register to spare, a probe goes first', () => {
    const { wire, clock, line, readings } = virtualLine({ meters: meters(1, { model: acrelAdl300 }) });
    wire.respond = (asked, encode) => (asked.ordinal === 1 ? [] : answering(20)(asked, encode));
    line.start();
    clock.advance(4_000);
    expect(wire.asked.map(({ quantity }) => quantity)).toEqual([10, 2, 10]);
    expect(readings).toHaveLength(1);
  });

  test('every length that stands in for a block brings all of its values', () => {
    const { wire, clock, line, readings } = virtualLine();
    wire.respond = (asked, encode) => (asked.ordinal < 6 ? [] : answering(20)(asked, encode));
    line.start();
    clock.advance(60_000);
    expect(wire.asked.slice(0, 7).map(({ quantity }) => quantity)).toEqual([48, 47, 46, 45, 44, 43, 48]);
    expect(wire.asked[5]?.start).toBe(0x0201);
    const [shortest, whole] = readings;
    expect(Object.keys(shortest?.values ?? {})).toEqual(Object.keys(whole?.values ?? {}));
    expect(shortest).toMatchObject({ balanceMinor: 6n, status: whole?.status });
  });

  test('late replies that come while others are asked are recognised and counted', () => {
    const { wire, clock, line, readings } = virtualLine({ meters: meters(2) });
    wire.respond = (asked, encode) =>
      asked.ordinal === 1 ? answering(900)(asked, encode) : answering(200)(asked, encode);
    line.start();
    clock.advance(4_900);
    expect(line.health().lateReplies).toBe(1);
    // The debt is settled by it: meter 1 is read again without a probe.
    expect(wire.asked.map(({ unit, quantity }) => [unit, quantity])).toEqual([
      [1, 48],
      [2, 48],
      [1, 48],
    ]);
    expect(readings.map(({ meterId, balanceMinor }) => [meterId, balanceMinor])).toEqual([
      [2, 2n],
      [1, 3n],
    ]);
  });

  test('a serial server that hands an old reply to a new connection changes nothing', () => {
    const { wire, clock, line, readings } = virtualLine();
    wire.respond = (asked, encode) => answering(asked.ordinal === 1 ? 600 : 200)(asked, encode);
    line.start();
    clock.advance(50);
    wire.hangUp('reset by the gateway');
    clock.advance(2_000);
    expect(wire.asked.map(({ quantity }) => quantity)).toEqual([48, 47]);
    expect(readings.map(({ balanceMinor }) => balanceMinor)).toEqual([2n]);
    expect(line.health()).toMatchObject({ reconnects: 1, timeouts: 0 });
  });

  test('a meter that refuses probes is read all the same', () => {
    const { wire, clock, line, readings } = virtualLine({ meters: meters(1, { model: acrelAdl300 }) });
    wire.respond = (asked, encode) => {
      if (asked.ordinal === 1) return [];
      if (asked.quantity < 10) return [{ afterMs: 10, bytes: encode({ kind: 'exception', function: 3, code: 2 }) }];
      return answering(20)(asked, encode);
    };
    line.start();
    clock.advance(5_000);
    expect(wire.asked.map(({ quantity }) => quantity)).toEqual([10, 2, 10]);
    expect(readings).toHaveLength(1);
  });

  test('a dead meter that comes back after every probe length is owed is read', () => {
    const { wire, clock, line, readings } = virtualLine();
    wire.respond = (asked, encode) => (asked.atMs < 400_000 ? [] : answering(20)(asked, encode));
    line.start();
    clock.advance(800_000);
    expect(new Set(wire.asked.map(({ quantity }) => quantity))).toEqual(
      new Set([48, 47, 46, 45, 44, 43, 2, 4, 6, 8, 10]),
    );
    expect(readings.length).toBeGreaterThan(0);
  });
});
