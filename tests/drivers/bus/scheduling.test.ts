import { describe, expect, test } from 'vitest';
import { MAX_WAITING_ERRANDS } from '#drivers/bus/errandQueue.ts';
import { readLimitMs, transmitMs } from '#drivers/bus/timing.ts';
import { encodeRtuReply } from '#drivers/codec/index.ts';
import { acrelAdl300 } from '#drivers/models/acrelAdl300.ts';
import { acrelAdl3000 } from '#drivers/models/acrelAdl3000.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import { seededChance } from '#drivers/simulator/seededChance.ts';
import { answering, meters, registersWith, virtualLine } from '../support/virtualLine.ts';

/** One read of 48 registers on a 9600 8N1 wire: 113.5 ms of characters, two silences and 5 ms of the meter. */
const WIRE_MS = 126.6;

describe('the arithmetic of the wire', () => {
  const limits: readonly (readonly [number, 10 | 11, 2400 | 4800 | 9600 | 19200, number])[] = [
    [60, 10, 2400, 586],
    [60, 11, 9600, 160],
    [48, 10, 9600, 122],
    [48, 11, 19200, 66],
    [2, 10, 2400, 103],
  ];
  for (const [registers, bits, baud, ms] of limits) {
    test(`${registers} registers of ${bits}-bit characters at ${baud} baud take ${ms} ms at least`, () => {
      const serial = { baud, parity: bits === 11 ? 'even' : 'none', stopBits: 1 } as const;
      expect(Math.round(readLimitMs(registers, serial))).toBe(ms);
    });
  }
});

describe('a line', () => {
  test('reads 32 meters at 9600 baud within 4.18 s, and waiting for one’s turn is no timeout', () => {
    const { wire, clock, line, readings, failures } = virtualLine({
      meters: meters(32),
      config: { responseTimeoutMs: 200 },
    });
    wire.respond = answering(WIRE_MS);
    line.start();
    clock.advance(4_180);
    expect(failures).toEqual([]);
    expect(new Set(readings.map(({ meterId }) => meterId)).size).toBe(32);
    expect(line.health().cycleMs).toBeCloseTo(32 * WIRE_MS, 3);
    expect(line.health().cycleLimitMs).toBeCloseTo(
      32 * readLimitMs(48, { baud: 9600, parity: 'none', stopBits: 1 }),
      3,
    );
  });

  test('loses one deadline to a dead meter, then one probe per back-off and nothing else', () => {
    const { wire, clock, line, readings, failures } = virtualLine({ meters: meters(32, { livePollMs: 1_000 }) });
    wire.respond = (asked, encode) => (asked.unit === 7 ? [] : answering(WIRE_MS)(asked, encode));
    line.start();
    clock.advance(600_000);
    // 2, 2.4, 2.9, … 10, 15, … 176 s: seventeen tries in ten minutes, and the others never stop.
    expect(failures).toHaveLength(17);
    expect(failures.every(({ meterId }) => meterId === 7)).toBe(true);
    expect(wire.asked.filter(({ unit }) => unit === 7)).toHaveLength(failures.length);
    expect(readings.length).toBeGreaterThan(4_600);
    expect(wire.attempts).toHaveLength(1);
    const health = line.health();
    expect(health.quarantined).toBe(1);
    expect(health.cycleMs).toBeLessThan(31 * WIRE_MS + 1);
    expect(health.meters[6]).toMatchObject({ reads: 0, consecutiveFailures: failures.length });
    const asked = wire.asked.filter(({ unit }) => unit === 7).map(({ quantity }) => quantity);
    expect(asked.slice(0, 11)).toEqual([48, 47, 46, 45, 44, 43, 2, 4, 6, 8, 10]);
    const deadlinesMs = failures.length * 700 + wireMs(asked);
    expect(Math.abs(health.lostToSilenceMs - deadlinesMs)).toBeLessThan(failures.length);
    expect(health.meters[6]?.lostMs).toBe(health.lostToSilenceMs);
    expect(health.meters[6]?.backoffMs).toBeCloseTo(2_000 * 1.2 ** 9 * 1.5 ** (failures.length - 10), 3);
    expect(health.meters[0]?.backoffMs).toBeUndefined();
    const spent = health.meters.map(({ answeredMs, damagedMs, lostMs }) => answeredMs + damagedMs + lostMs);
    expect(spent.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(health.busyMs, 3);
    expect(health.meters.filter(({ lostMs }) => lostMs > 0)).toHaveLength(1);
  });

  // At one frame in five a read takes 0.33 s of the line with its share of deadlines: 32 meters would not fit into 10 s.
  test.for([
    { drops: 0.1, count: 32, model: acrelDtsy1352, block: 'with registers to spare' },
    { drops: 0.2, count: 16, model: acrelDtsy1352, block: 'with registers to spare' },
    { drops: 0.2, count: 16, model: acrelAdl300, block: 'of which every register is used' },
  ])('that drops $drops of all frames hears each of $count meters once a minute, blocks $block', (row) => {
    const chance = seededChance(20261122);
    const { wire, clock, line, readings } = virtualLine({ meters: meters(row.count, { model: row.model }), chance });
    wire.respond = (asked, encode) => (chance() < row.drops ? [] : answering(WIRE_MS)(asked, encode));
    line.start();
    clock.advance(6 * 3_600_000);
    const heard = new Map<number, number>();
    let longestMs = 0;
    for (const { meterId, toldMs } of readings) {
      longestMs = Math.max(longestMs, toldMs - (heard.get(meterId) ?? toldMs));
      heard.set(meterId, toldMs);
    }
    expect(heard.size).toBe(row.count);
    expect(longestMs).toBeLessThan(60_000);
  });

  test('does not count a meter’s back-off as its own lateness', () => {
    const { clock, line } = virtualLine({ meters: meters(1, { livePollMs: 1_000 }) });
    line.start();
    clock.advance(600_000);
    expect(line.health()).toMatchObject({ overruns: 0, quarantined: 1 });
  });

  test('has one frame in flight, never two', () => {
    const { wire, clock, line } = virtualLine({ meters: meters(20, { livePollMs: 500 }) });
    let inFlight = 0;
    let most = 0;
    wire.respond = (asked, encode) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      clock.after(30, () => {
        inFlight -= 1;
      });
      return answering(30)(asked, encode);
    };
    line.start();
    clock.advance(5_000);
    expect(most).toBe(1);
  });

  test('turns to every meter in turn when it cannot keep up, and says that it cannot', () => {
    const { wire, clock, line, readings } = virtualLine({ meters: meters(32, { livePollMs: 1_000 }) });
    wire.respond = answering(WIRE_MS);
    line.start();
    clock.advance(60_000);
    const counts = Array.from(
      { length: 32 },
      (_, index) => readings.filter(({ meterId }) => meterId === index + 1).length,
    );
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const { overruns, meters: each, busyMs } = line.health();
    expect(overruns).toBeGreaterThan(300);
    expect(each.reduce((sum, meter) => sum + meter.overruns, 0)).toBe(overruns);
    expect(Math.min(...each.map((meter) => meter.overruns))).toBeGreaterThan(10);
    // Never idle but for the connection and the frame in flight.
    expect(busyMs).toBeGreaterThan(60_000 - 2 * WIRE_MS);
    expect(busyMs).toBeLessThanOrEqual(60_000);
  });

  test('says what it was set to, since when it counts, and what the wire allows for each meter', () => {
    const serial = { baud: 2400, parity: 'even', stopBits: 1 } as const;
    const model = acrelAdl3000;
    const { clock, wire, line } = virtualLine({
      meters: meters(2, { model, livePollMs: 20_000 }),
      config: { serial, responseTimeoutMs: 450, turnaroundMs: 30 },
    });
    wire.respond = ({ quantity }, encode) => [
      { afterMs: 400, bytes: encode({ kind: 'read', function: 3, data: new Uint8Array(quantity * 2) }) },
    ];
    const startedMs = clock.nowMs();
    line.start();
    clock.advance(10_000);
    clock.setNow(startedMs + 3_600_000);
    const health = line.health();
    expect(health).toMatchObject({ serial, responseTimeoutMs: 450, turnaroundMs: 30 });
    expect(clock.nowMs() - health.startedMs).toBe(10_000);
    // Each request holds the line until its answer and the pause after it, whatever it was for.
    expect(health.busyMs).toBeCloseTo(health.replies * 430, 6);
    const live = model.spans.filter(({ serves }) => serves.includes('live'));
    const limitMs = live.reduce((sum, { count }) => sum + readLimitMs(count, serial), 0);
    expect(health.meters).toMatchObject([
      { livePollMs: 20_000, limitMs, lostMs: 0, overruns: 0 },
      { livePollMs: 20_000, limitMs },
    ]);
    expect(health.cycleLimitMs).toBeCloseTo(2 * limitMs, 6);
  });

  test('spreads its meters over the period instead of asking them in a burst', () => {
    const { wire, clock, line } = virtualLine({ meters: meters(10) });
    wire.respond = answering(20);
    line.start();
    clock.advance(40_000);
    const times = wire.asked.filter(({ atMs }) => atMs > 10_000).map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(900);
    expect(line.health().overruns).toBe(0);
  });

  test('reads registers along with a live poll, and by themselves in their own period', () => {
    const adl = meters(1, { model: acrelAdl3000, livePollMs: 10_000, registerPollMs: 60_000 });
    const { wire, clock, line, readings } = virtualLine({ meters: adl });
    wire.respond = ({ quantity }, encode) => [
      { afterMs: 20, bytes: encode({ kind: 'read', function: 3, data: new Uint8Array(quantity * 2) }) },
    ];
    line.start();
    clock.advance(125_000);
    const registers = readings.filter(({ source }) => source === 'registers');
    expect(registers.map(({ values }) => values.energyWh)).toEqual([0, 0, 0]);
    expect(
      readings.filter(({ source }) => source === 'live').every(({ values }) => values.energyWh === undefined),
    ).toBe(true);
  });

  test('a read on demand goes before every poll, in the middle of a visit too', async () => {
    const slow = meters(3, { model: acrelAdl3000, livePollMs: 100, registerPollMs: 100 });
    const { wire, clock, line, ask } = virtualLine({ meters: slow });
    wire.respond = ({ quantity }, encode) => [
      { afterMs: 50, bytes: encode({ kind: 'read', function: 3, data: new Uint8Array(quantity * 2) }) },
    ];
    line.start();
    clock.advance(10);
    expect(wire.asked.map(({ unit, start }) => [unit, start])).toEqual([[1, 0]]);
    const outcome = ask(3);
    clock.advance(260);
    expect(wire.asked.slice(0, 5).map(({ unit, start }) => [unit, start])).toEqual([
      [1, 0],
      [3, 0],
      [3, 97],
      [1, 97],
      [2, 0],
    ]);
    expect(await outcome).toMatchObject({ ok: true, reading: { meterId: 3, source: 'onDemand' } });
  });

  test('two people who ask for one meter share one read; too many requests are refused, not hoarded', async () => {
    const { wire, clock, line, ask } = virtualLine({ meters: meters(MAX_WAITING_ERRANDS + 2) });
    wire.respond = answering(20);
    line.start();
    clock.advance(5);
    const first = ask(50);
    const second = ask(50);
    const others = Array.from({ length: MAX_WAITING_ERRANDS + 2 }, (_, index) => ask(index + 1));
    clock.advance(10_000);
    expect(await first).toBe(await second);
    const refused = (await Promise.all(others)).filter((outcome) => !outcome.ok);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((outcome) => !outcome.ok && outcome.error.kind === 'cancelled')).toBe(true);
  });

  test('a meter in back-off is asked all the same when a person asks', async () => {
    const { wire, clock, line, ask } = virtualLine();
    line.start();
    clock.advance(100_000);
    wire.respond = answering(20);
    const asked = wire.asked.length;
    const outcome = ask(1);
    clock.advance(100);
    expect(wire.asked.length).toBeGreaterThan(asked);
    expect(await outcome).toMatchObject({ ok: true });
  });

  test('the deadline is the wire’s time and the meter’s, from the moment the frame is sent', () => {
    const serial = { baud: 1200, parity: 'even', stopBits: 1 } as const;
    const { wire, clock, line, failures } = virtualLine({ config: { serial, responseTimeoutMs: 300 } });
    line.start();
    clock.advance(3_000);
    const sentMs = wire.asked[0]?.atMs ?? 0;
    const lateMs = (failures[0]?.toldMs ?? 0) - (sentMs + transmitMs(8 + 101, serial) + 300);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(1);
  });

  test('a damaged reply is asked for once more at once; a second one sends the meter into back-off', () => {
    const { wire, clock, line, readings, failures } = virtualLine({ meters: meters(2) });
    const broken = (start: number, quantity: number, unit: number): Uint8Array => {
      const frame = encodeRtuReply(unit, { kind: 'read', function: 3, data: registersWith(start, quantity, 9) });
      frame[40] = (frame[40] ?? 0) ^ 0xff;
      return frame;
    };
    wire.respond = (asked, encode) =>
      asked.unit === 1 && asked.ordinal !== 2
        ? [{ afterMs: 20, bytes: broken(asked.start, asked.quantity, 1) }]
        : answering(20)(asked, encode);
    line.start();
    clock.advance(1_000);
    expect(wire.asked.map(({ unit }) => unit)).toEqual([1, 1, 2]);
    expect(readings.map(({ meterId }) => meterId)).toEqual([1, 2]);
    clock.advance(12_000);
    expect(failures).toMatchObject([{ meterId: 1, kind: 'crc', consecutive: 1 }, { consecutive: 2 }]);
    expect(line.health()).toMatchObject({ crcErrors: 5, timeouts: 0, reconnects: 0 });
    const { meters: each, busyMs } = line.health();
    // Every frame is booked once, with its meter: the time that the line was busy is that of its parts.
    expect(each).toMatchObject([
      { damaged: 5, damagedMs: 100, lostMs: 0 },
      { damaged: 0, damagedMs: 0 },
    ]);
    expect(each.reduce((sum, { answeredMs, damagedMs }) => sum + answeredMs + damagedMs, 0)).toBeCloseTo(busyMs, 6);
  });

  test('a block that the meter refuses is asked in parts, and so from then on', () => {
    const { wire, clock, line, readings, failures } = virtualLine();
    // No registers from 0x0224 on: an older meter without status word and clock.
    wire.respond = (asked, encode) =>
      asked.start + asked.quantity > 0x0224
        ? [{ afterMs: 10, bytes: encode({ kind: 'exception', function: 3, code: 2 }) }]
        : answering(10)(asked, encode);
    line.start();
    clock.advance(3_000);
    const learning = wire.asked.length;
    expect(failures).toEqual([]);
    expect(readings[0]?.values.energyWh).toBe(0);
    expect(readings[0]?.status).toEqual({});
    expect(learning).toBeLessThan(15);
    clock.advance(10_000);
    const refusals = line.health().exceptions;
    clock.advance(20_000);
    expect(line.health().exceptions).toBe(refusals);
  });

  test('another exception is the meter’s failure, with its code', () => {
    const { wire, clock, line, failures } = virtualLine();
    wire.respond = (_asked, encode) => [{ afterMs: 10, bytes: encode({ kind: 'exception', function: 3, code: 11 }) }];
    line.start();
    clock.advance(1_000);
    expect(failures).toMatchObject([{ kind: 'exception', consecutive: 1 }]);
  });

  test('keeps the account of meters that stay when the list changes, and drops the others', () => {
    const { wire, clock, line, readings } = virtualLine({ meters: meters(2, { livePollMs: 1_000 }) });
    wire.respond = answering(20);
    line.start();
    clock.advance(3_500);
    const reads = line.health().meters[0]?.reads;
    line.setMeters([...meters(1, { livePollMs: 1_000 }), ...meters(3, { livePollMs: 1_000 }).slice(2)]);
    expect(line.health().meters.map(({ meterId }) => meterId)).toEqual([1, 3]);
    expect(line.health().meters[0]?.reads).toBe(reads);
    const before = readings.length;
    clock.advance(5_000);
    expect(new Set(readings.slice(before).map(({ meterId }) => meterId))).toEqual(new Set([1, 3]));
    expect(wire.attempts).toHaveLength(1);
  });
});

function wireMs(quantities: readonly number[]): number {
  return quantities.reduce(
    (sum, quantity) => sum + transmitMs(13 + quantity * 2, { baud: 9600, parity: 'none', stopBits: 1 }),
    0,
  );
}
