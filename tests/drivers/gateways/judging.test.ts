import { describe, expect, test } from 'vitest';
import { bytesFromRegisters, encodeRegisters } from '#drivers/codec/index.ts';
import { CLOCK_TOLERANCE_MS, COUNTER_CONFIRMATIONS } from '#drivers/gateways/index.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import { meters, type VirtualLineOptions, virtualLine } from '../support/virtualLine.ts';

/** Reads one meter every 10 s; its total stands at the given Wh one after the other. */
function readTotals(totals: readonly number[], options: VirtualLineOptions = {}) {
  const system = virtualLine({ meters: meters(1), ...options });
  system.wire.respond = ({ start, quantity, ordinal }, encode) => [
    {
      afterMs: 10,
      bytes: encode({
        kind: 'read',
        function: 3,
        data: dataOf({ energyWh: totals[ordinal - 1] ?? 0 }, start, quantity),
      }),
    },
  ];
  system.line.start();
  system.clock.advance(totals.length * 10_000 - 1);
  return system.readings.map(({ values, rejected, restarted }) => ({ energyWh: values.energyWh, rejected, restarted }));
}

describe('counters', () => {
  test('a counter that stands still or goes on is believed', () => {
    expect(readTotals([1_000, 1_000, 1_010, 50_000]).map(({ energyWh }) => energyWh)).toEqual([
      1_000, 1_000, 1_010, 50_000,
    ]);
  });

  test('a counter that fell is refused with the reason, and the old one goes on', () => {
    const readings = readTotals([1_000_000, 10, 1_000_020]);
    expect(readings[1]).toEqual({
      energyWh: undefined,
      rejected: [{ quantity: 'energyWh', raw: 10, reason: 'counter-fell' }],
      restarted: undefined,
    });
    expect(readings[2]).toMatchObject({ energyWh: 1_000_020, restarted: undefined });
  });

  test('a counter that leapt further than 50 MW could drive it is refused', () => {
    expect(readTotals([1_000, 900_000_000])[1]?.rejected).toMatchObject([{ reason: 'counter-leapt' }]);
  });

  test('a meter that keeps saying so was reset or replaced: it is believed, and said to have started anew', () => {
    const after = Array.from({ length: COUNTER_CONFIRMATIONS + 1 }, (_, index) => 500 + index * 10);
    const readings = readTotals([1_000_000, ...after]);
    expect(readings.map(({ energyWh }) => energyWh)).toEqual([
      1_000_000,
      ...after.map((value, index) => (index < COUNTER_CONFIRMATIONS - 1 ? undefined : value)),
    ]);
    expect(readings.map(({ restarted }) => restarted)).toEqual([
      undefined,
      undefined,
      undefined,
      ['energyWh'],
      undefined,
    ]);
  });

  test('a counter that jumps about never confirms itself', () => {
    const readings = readTotals([1_000_000, 500, 400, 300, 200, 100, 1_000_010]);
    expect(readings.map(({ energyWh }) => energyWh)).toEqual([
      1_000_000,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      1_000_010,
    ]);
  });

  test('a register that is declared to roll over may', () => {
    const model = {
      ...acrelDtsy1352,
      fields: acrelDtsy1352.fields.map((field) =>
        field.quantity === 'energyWh' ? { ...field, rollsOverAtRaw: 1_000_000 } : field,
      ),
    };
    const readings = readTotals([9_999_990, 20], { meters: meters(1, { model }) });
    expect(readings.map(({ energyWh }) => energyWh)).toEqual([9_999_990, 20]);
  });
});

describe('the meter’s clock', () => {
  const cases: readonly (readonly [string, number, string | undefined, boolean])[] = [
    ['right in the property’s zone', 8 * 3_600_000, 'Asia/Shanghai', true],
    ['behind by less than the tolerance', 8 * 3_600_000 - CLOCK_TOLERANCE_MS + 5_000, 'Asia/Shanghai', true],
    ['behind by more', 8 * 3_600_000 - CLOCK_TOLERANCE_MS - 5_000, 'Asia/Shanghai', false],
    ['in UTC where it should be local', 0, 'Asia/Shanghai', false],
    ['right in a zone with summer time', -5 * 3_600_000, 'America/New_York', true],
    ['not judged where no zone is set', 12_345_000_000, undefined, true],
  ];
  for (const [name, offsetMs, timeZone, believed] of cases) {
    test(`${name}: ${believed ? 'believed' : 'refused'}`, () => {
      const { wire, clock, line, readings } = virtualLine({ config: timeZone === undefined ? {} : { timeZone } });
      const meterClockMs = clock.nowMs() + offsetMs;
      wire.respond = ({ start, quantity }, encode) => [
        { afterMs: 10, bytes: encode({ kind: 'read', function: 3, data: dataOf({}, start, quantity, meterClockMs) }) },
      ];
      line.start();
      clock.advance(1_000);
      expect(readings[0]?.meterClockMs).toBe(believed ? meterClockMs : undefined);
      expect(readings[0]?.rejected).toEqual(
        believed ? [] : [{ quantity: 'clock', raw: meterClockMs, reason: 'clock-off' }],
      );
    });
  }
});

function dataOf(
  values: Readonly<Record<string, number>>,
  start: number,
  quantity: number,
  meterClockMs?: number,
): Uint8Array {
  const image = { values, balanceMinor: 0n, status: {}, meterClockMs, ctRatio: 1, ptRatio: 1 };
  return bytesFromRegisters(encodeRegisters(acrelDtsy1352, image, start, quantity));
}
