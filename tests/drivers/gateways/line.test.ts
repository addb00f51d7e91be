import { afterEach, describe, expect, test } from 'vitest';
import { type CommError, type Line, type LineConfig, type Reading, systemClock } from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { type FakeMeter, type Far, type ReadAsked, startFakeMeter } from '../support/fakeMeter.ts';
import { meters, registersWith } from '../support/virtualLine.ts';

type Kind = 'rtu-over-tcp' | 'modbus-tcp';

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

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
    // On RTU the lost answer is owed, so a probe goes first.
    expect(told.readings[0]?.balanceMinor).toBe(kind === 'modbus-tcp' ? 2n : 3n);
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

test('garbage is nobody’s reading', async () => {
  const { far, told } = await system('rtu-over-tcp');
  far.behave((_read, { say }) => say(Uint8Array.from({ length: 300 }, (_, index) => (index * 73) & 0xff)));
  await until(() => told.failures.length > 0);
  expect(told.readings).toEqual([]);
  expect(told.failures[0]?.[1]).toBe('frame');
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

/** Answers with the request's ordinal as balance. */
function good({ start, quantity, ordinal }: ReadAsked, { say, frame }: Far): void {
  say(frame(registersWith(start, quantity, ordinal)));
}

async function system(kind: Kind, change: Partial<LineConfig> = {}, start = true) {
  const far: FakeMeter = await startFakeMeter(kind);
  ending.push(() => far.down());
  const { line, told } = listen({ transport: { kind, host: '127.0.0.1', port: far.port }, ...change });
  if (start) line.start();
  return { far, line, told };
}

function listen(change: Partial<LineConfig>) {
  const told = {
    readings: [] as Reading[],
    failures: [] as [number, CommError['kind'], number][],
    links: [] as [boolean, string][],
  };
  const config: LineConfig = {
    lineId: 1,
    gatewayId: 1,
    name: 'line',
    transport: { kind: 'serial', path: '' },
    serial: { baud: 115_200, parity: 'none', stopBits: 1 },
    responseTimeoutMs: 150,
    turnaroundMs: 0,
    meters: meters(1),
    ...change,
  };
  const line: Line = createLine(config, {
    clock: systemClock,
    chance: () => 0.5,
    sink: {
      reading: (reading) => told.readings.push(reading),
      meterFailed: (meterId, { kind }, consecutive) => told.failures.push([meterId, kind, consecutive]),
      lineLink: (_lineId, up, reason) => told.links.push([up, reason]),
    },
  });
  ending.push(() => line.stop());
  return { line, told };
}

async function until(condition: () => boolean, withinMs = 8_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
