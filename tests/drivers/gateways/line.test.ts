import { describe, expect, test } from 'vitest';
import { acrelAdw300 } from '#drivers/models/acrelAdw300.ts';
import { good, untilTold as until, useRealLines } from '../support/realLine.ts';
import { meters, registersWith } from '../support/virtualLine.ts';

const { system, listen } = useRealLines();

describe.for(['rtu-over-tcp', 'modbus-tcp'] as const)('a line over %s on a real socket', (kind) => {
  test('reads its meters', async () => {
    const { far, told } = await system(kind, { meters: meters(3) });
    far.behave(good);
    await until(() => told.readings.length === 3);
    expect(told.links).toEqual([[true, 'connected']]);
    expect(told.readings.map(({ meterId, balanceMinor }) => [meterId, balanceMinor])).toEqual([
      [1, 1n],
      [2, 2n],
      [3, 3n],
    ]);
  });

  test('a visit of several requests reads each answer, whatever comes after it', async () => {
    const { far, told } = await system(kind, { meters: meters(2, { model: acrelAdw300 }) });
    // Every register of the first block says 0x0101, every one of the second 0x0202.
    far.behave(({ start, quantity }, { say, frame }) =>
      say(frame(new Uint8Array(quantity * 2).fill(start < 60 ? 1 : 2))),
    );
    await until(() => told.readings.length === 2);
    for (const { values } of told.readings) {
      expect(values).toMatchObject({ voltageL1V: 0x0101 / 10, energyWh: 0x0202_0202 * 10 });
    }
  });

  test('finds the answer in split, noisy and merged bytes', async () => {
    const { far, told, line } = await system(kind, { meters: meters(1, { livePollMs: 30 }) });
    far.behave((read, { say, frame }) => {
      const bytes = frame(registersWith(read.start, read.quantity, read.ordinal));
      if (read.ordinal % 3 === 0) for (const byte of bytes) say(Uint8Array.of(byte));
      else if (read.ordinal % 3 === 1 || kind === 'modbus-tcp') {
        say(bytes.slice(0, 50));
        setTimeout(() => say(bytes.slice(50)), 5);
      } else say(Uint8Array.from([0xff, 0x01, 0x03, ...frame(new Uint8Array(4), 99), ...bytes, 0x00]));
    });
    await until(() => told.readings.length >= 9);
    expect(told.readings.map(({ balanceMinor }) => balanceMinor)).toEqual(
      told.readings.map((_, index) => BigInt(index + 1)),
    );
    expect(line.health()).toMatchObject({ timeouts: 0, crcErrors: 0, frameErrors: 0 });
  });

  test('a late reply is not taken for the next one', async () => {
    const { far, told, line } = await system(kind, { meters: meters(2, { livePollMs: 20 }) });
    far.behave((read, end) => {
      if (read.ordinal === 3) setTimeout(() => good(read, end), 250);
      else good(read, end);
    });
    await until(() => line.health().lateReplies > 0 && told.readings.length > 20);
    expect(told.readings.some(({ balanceMinor }) => balanceMinor === 3n)).toBe(false);
    expect(told.failures).toEqual([[far.asked[2]?.unit, 'timeout', 1]]);
  });

  test('a meter that never answers costs one probe per back-off, and the others nothing', async () => {
    const { far, told } = await system(kind, { meters: meters(4, { livePollMs: 50 }) });
    far.behave((read, end) => {
      if (read.unit !== 2) good(read, end);
    });
    await until(() => told.failures.length === 1);
    const before = told.readings.length;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(far.asked.filter(({ unit }) => unit === 2)).toHaveLength(1);
    expect(told.readings.length - before).toBeGreaterThan(45);
    expect(far.connections).toBe(1);
  });

  test('a gateway that closes in the middle of an answer is connected again, and the meter not blamed', async () => {
    const { far, told, line } = await system(kind);
    far.behave((read, end) => {
      if (read.ordinal > 1) return good(read, end);
      end.say(end.frame(registersWith(read.start, read.quantity, 1)).slice(0, 60));
      end.socket.end();
    });
    await until(() => told.readings.length > 0);
    // On RTU the lost answer is owed, so as much is asked in another length.
    expect(told.readings[0]?.balanceMinor).toBe(2n);
    expect(far.asked.slice(0, 2).map(({ quantity }) => quantity)).toEqual([48, kind === 'modbus-tcp' ? 48 : 47]);
    expect(told.links.map(([up]) => up)).toEqual([true, false, true]);
    expect(told.failures).toEqual([]);
    expect(line.health()).toMatchObject({ reconnects: 1, link: 'up' });
  });

  test('comes back by itself when the gateway was down', async () => {
    const { far, told } = await system(kind, { meters: meters(2, { livePollMs: 100 }) });
    far.behave(good);
    await until(() => told.readings.length > 2);
    await far.down();
    await until(() => told.links.some(([up]) => !up));
    const before = told.readings.length;
    await far.listen();
    await until(() => told.readings.length > before + 2);
    expect(told.failures).toEqual([]);
  });

  test('a read on demand is the next frame', async () => {
    const { far, line } = await system(kind, { meters: meters(30, { livePollMs: 1 }) });
    far.behave((read, end) => void setTimeout(() => good(read, end), 10));
    await until(() => far.asked.length > 5);
    const asked = far.asked.length;
    const outcome = await line.readNow(30, 'onDemand');
    expect(outcome).toMatchObject({ ok: true, reading: { meterId: 30, source: 'onDemand' } });
    expect(far.asked.findIndex(({ unit, ordinal }) => unit === 30 && ordinal > asked)).toBeLessThanOrEqual(asked + 1);
  });

  test('a line that is stopped closes its connection and says no more', async () => {
    const { far, told, line } = await system(kind, { meters: meters(2, { livePollMs: 5 }) });
    let open = true;
    far.behave((read, end) => {
      end.socket.once('close', () => {
        open = false;
      });
      good(read, end);
    });
    await until(() => told.readings.length > 3);
    await line.stop();
    const count = told.readings.length;
    await until(() => !open);
    expect(told.readings).toHaveLength(count);
  });
});

test('a gateway that nobody listens for is down with the reason', async () => {
  const { far, told, line } = await system('modbus-tcp', {}, false);
  await far.down();
  line.start();
  await until(() => told.links.length > 0);
  expect(told.links[0]).toEqual([false, expect.stringContaining('ECONNREFUSED')]);
});

test('a serial port that does not exist is a line that is down, not a crash', async () => {
  const { line, told } = listen({ transport: { kind: 'serial', path: '/dev/meterwall-no-such-port' } });
  line.start();
  await until(() => told.links.length > 0, 5_000);
  expect(told.links[0]?.[0]).toBe(false);
});
