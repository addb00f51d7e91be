import { describe, expect, test } from 'vitest';
import { FrameError } from '#drivers/core/index.ts';
import { FAULT_LIMITS, type Fault, type FaultRequest, type FaultTarget } from '#drivers/simulator/faults/fault.ts';
import { FaultBook } from '#drivers/simulator/faults/faultBook.ts';
import { commandOf } from '#drivers/simulator/faults/faultWords.ts';
import { parseFaultRequest } from '#drivers/simulator/faults/parseFault.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { manualClock } from '../../support/manualClock.ts';
import { LIVE_BLOCK, lineOf, pause, runningPlant, TestMaster, until } from './simulatorSupport.ts';

const RTU = 0;
const MBAP = 1;
/** A read reply of 48 registers in each framing. */
const REPLY_BYTES = [101, 105] as const;

/** A plant of two gateways and a master on one of them. */
async function field(gateway: number): Promise<{ readonly plant: Plant; readonly master: TestMaster }> {
  const plant = await runningPlant({ kind: 'count', meters: 64 });
  return { plant, master: await TestMaster.to(lineOf(plant, gateway)) };
}

function onGateway(plant: Plant, index: number): FaultTarget {
  return { kind: 'gateway', gatewayCode: plant.manifest.gateways[index]?.code ?? '' };
}

function onMeter(plant: Plant, index: number, unit: number): FaultTarget {
  return { kind: 'meter', meterNumber: lineOf(plant, index).meters[unit - 1]?.meterNumber ?? '' };
}

/** How long nothing must come for a reply to count as lost. */
const SILENCE_MS = 60;

/** Asks a meter that is not to answer: the bytes that came all the same. */
async function bytesInSilence(master: TestMaster, unit: number): Promise<number> {
  master.send(unit, LIVE_BLOCK);
  await pause(SILENCE_MS);
  return master.bytes.length;
}

/** Asks a meter whose answer has so many bytes, whatever they are. */
async function bytesOf(master: TestMaster, unit: number, byteCount: number): Promise<number> {
  master.send(unit, LIVE_BLOCK);
  return master.received(byteCount);
}

describe.each([
  ['RTU over TCP', RTU],
  ['Modbus TCP', MBAP],
] as const)('over %s', (_name, gateway) => {
  test('a dropped reply never comes, and the next request is answered', async () => {
    const { plant, master } = await field(gateway);
    const { id } = plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'dropped' } });
    expect(await bytesInSilence(master, 1)).toBe(0);
    plant.faults.clear(id);
    expect((await master.ask(1, LIVE_BLOCK)).kind).toBe('read');
  });

  test('a delayed reply comes late and whole', async () => {
    const { plant, master } = await field(gateway);
    plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'delayed', delayMs: 200 } });
    expect(await bytesInSilence(master, 1)).toBe(0);
    await master.quiet(1_000);
    expect(master.bytes).toHaveLength(REPLY_BYTES[gateway]);
  });

  test('a corrupted reply has all its bytes and is no frame any more', async () => {
    const { plant, master } = await field(gateway);
    plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'corrupted' } });
    for (let turn = 0; turn < 5; turn++) {
      expect(await bytesOf(master, 1, REPLY_BYTES[gateway])).toBe(REPLY_BYTES[gateway]);
      expect(() => master.reply()).toThrow(FrameError);
    }
  });

  test('merged replies come glued together, the older one first', async () => {
    const { plant, master } = await field(gateway);
    plant.faults.set({ target: onMeter(plant, gateway, 1), fault: { kind: 'merged' } });
    expect(await bytesInSilence(master, 1)).toBe(0);
    expect(await bytesOf(master, 2, 2 * REPLY_BYTES[gateway])).toBe(2 * REPLY_BYTES[gateway]);
    expect(master.pieces).toHaveLength(1);
    const unitAt = gateway === RTU ? 0 : 6;
    expect([master.bytes[unitAt], master.bytes[REPLY_BYTES[gateway] + unitAt]]).toEqual([1, 2]);
  });

  test('a split reply comes in its pieces', async () => {
    const { plant, master } = await field(gateway);
    plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'split', pieceBytes: 40, gapMs: 25 } });
    expect((await master.ask(3, LIVE_BLOCK)).kind).toBe('read');
    expect(master.pieces.map(({ length }) => length)).toEqual([40, 40, REPLY_BYTES[gateway] - 80]);
  });

  test('garbage comes instead of the reply', async () => {
    const { plant, master } = await field(gateway);
    plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'garbage', bytes: 33 } });
    expect(await bytesOf(master, 1, 33)).toBe(33);
    expect(() => master.reply()).toThrow(FrameError);
  });

  test('a mute gateway takes connections and requests and says nothing', async () => {
    const { plant } = await field(gateway);
    plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'mute' } });
    const master = await TestMaster.to(lineOf(plant, gateway));
    for (const unit of [1, 99]) expect(await bytesInSilence(master, unit)).toBe(0);
    expect(master.closed).toBe(false);
  });

  test('a gateway that is down cuts its connections, refuses new ones, and comes back at its port', async () => {
    const { plant, master } = await field(gateway);
    const line = lineOf(plant, gateway);
    const { id } = plant.faults.set({ target: onGateway(plant, gateway), fault: { kind: 'down' } });
    expect(await until(() => master.closed)).toBe(true);
    await expect(TestMaster.to(line)).rejects.toThrow('ECONNREFUSED');
    plant.faults.clear(id);
    const again = await TestMaster.when(line);
    expect((await again.ask(1, LIVE_BLOCK)).kind).toBe('read');
  });
});

describe('a silent meter', () => {
  test('is silence on a plain server and leaves its neighbours alone', async () => {
    const { plant, master } = await field(RTU);
    plant.faults.set({ target: onMeter(plant, RTU, 5), fault: { kind: 'silent' } });
    expect(await bytesInSilence(master, 5)).toBe(0);
    expect((await master.ask(6, LIVE_BLOCK)).kind).toBe('read');
  });

  test('is exception 0B from a Modbus TCP gateway', async () => {
    const { plant, master } = await field(MBAP);
    plant.faults.set({ target: onMeter(plant, MBAP, 5), fault: { kind: 'silent' } });
    expect(await master.ask(5, LIVE_BLOCK)).toEqual({ kind: 'exception', function: 3, code: 0x0b });
  });
});

test('a frozen relay shows what it is told to show, whatever was commanded', async () => {
  const { plant, master } = await field(RTU);
  const target = onMeter(plant, RTU, 1);
  if (target.kind !== 'meter') throw new Error('a meter was asked for');
  await master.ask(1, { kind: 'writeRegisters', function: 16, start: 0x0057, registers: [1, 1] });
  plant.faults.set({ target, fault: { kind: 'frozen-relay', shows: 'closed' } });
  const reply = await master.ask(1, { kind: 'read', function: 3, start: 0x0224, quantity: 1 });
  expect(reply.kind === 'read' ? (reply.data[0] ?? 0) & 0xe0 : undefined).toBe(0xe0);
  expect(plant.meter(target.meterNumber)?.path.openedAtMs).toBeDefined();
});

test('a line’s fault stays on its line', async () => {
  const { plant, master } = await field(RTU);
  const gatewayCode = plant.manifest.gateways[MBAP]?.code ?? '';
  plant.faults.set({ target: { kind: 'line', gatewayCode, lineName: '1' }, fault: { kind: 'dropped' } });
  expect((await master.ask(1, LIVE_BLOCK)).kind).toBe('read');
  expect(await bytesInSilence(await TestMaster.to(lineOf(plant, MBAP)), 1)).toBe(0);
});

test('a target that is not in the plant is refused by name', async () => {
  const { plant } = await field(RTU);
  const nowhere: FaultRequest = { target: { kind: 'gateway', gatewayCode: 'GW-ZZ' }, fault: { kind: 'down' } };
  expect(() => plant.faults.set(nowhere)).toThrow('gateway GW-ZZ');
});

describe('the fault book', () => {
  const place = { gatewayCode: 'G', lineName: '1', meterNumber: '42' };
  const silent: FaultRequest = { target: { kind: 'meter', meterNumber: '42' }, fault: { kind: 'silent' } };

  function bookOn(chance = () => 0) {
    const clock = manualClock(0);
    const changes: number[] = [];
    return { clock, changes, book: new FaultBook(clock, chance, () => changes.push(clock.monotonicMs())) };
  }

  test('lets a fault begin later and end by itself, and then forgets it', () => {
    const { book, clock, changes } = bookOn();
    book.set({ ...silent, afterSeconds: 2, durationSeconds: 3 });
    expect(book.isActive('silent', place)).toBe(false);
    clock.advance(2_000);
    expect(book.isActive('silent', place)).toBe(true);
    clock.advance(3_000);
    expect(book.isActive('silent', place)).toBe(false);
    expect(book.list()).toEqual([]);
    expect(changes).toEqual([2_000, 5_000]);
  });

  test('lets a recurring fault strike again, counted from start to start', () => {
    const { book, clock, changes } = bookOn();
    book.set({ ...silent, durationSeconds: 1, everySeconds: 10 });
    clock.advance(25_000);
    expect(changes).toEqual([0, 1_000, 10_000, 11_000, 20_000, 21_000]);
    expect(book.list().map(({ active }) => active)).toEqual([false]);
  });

  test('strikes with its probability only', () => {
    const numbers = [0.1, 0.6, 0.2, 0.9];
    const { book } = bookOn(() => numbers.shift() ?? 1);
    book.set({ ...silent, probability: 0.5 });
    const struck = Array.from({ length: 4 }, () => book.strike(place, 'reads').length);
    expect(struck).toEqual([1, 0, 1, 0]);
  });

  test('ends what is cleared, once, though its time was not up', () => {
    const { book, clock, changes } = bookOn();
    const { id } = book.set({ ...silent, durationSeconds: 60 });
    expect(book.clear(id)).toBe(true);
    expect(book.clear(id)).toBe(false);
    clock.advance(120_000);
    expect(changes).toEqual([0, 0]);
  });

  test('never begins what was cleared before its time', () => {
    const { book, clock, changes } = bookOn();
    const { id } = book.set({ ...silent, afterSeconds: 5 });
    book.clear(id);
    clock.advance(60_000);
    expect(book.isActive('silent', place)).toBe(false);
    expect(changes).toEqual([]);
  });

  test('strikes reads alone, or writes alone', () => {
    const { book } = bookOn();
    book.set({ ...silent, on: 'writes' });
    expect(book.strike(place, 'reads')).toEqual([]);
    expect(book.strike(place, 'writes')).toEqual([{ kind: 'silent' }]);
  });

  test('holds a bounded number of faults', () => {
    const { book } = bookOn();
    for (let count = 0; count < FAULT_LIMITS.faults; count++) book.set(silent);
    expect(() => book.set(silent)).toThrow(RangeError);
  });
});

describe('a request from outside', () => {
  const target = { kind: 'gateway', gatewayCode: 'GW-M1' };
  const faults: readonly Fault[] = [
    { kind: 'silent' },
    { kind: 'dropped' },
    { kind: 'delayed', delayMs: 900 },
    { kind: 'corrupted' },
    { kind: 'merged' },
    { kind: 'split', pieceBytes: 3, gapMs: 20 },
    { kind: 'garbage', bytes: 12 },
    { kind: 'frozen-relay', shows: 'open' },
    { kind: 'down' },
    { kind: 'mute' },
    { kind: 'request-lost' },
    { kind: 'request-doubled' },
    { kind: 'request-late', delayMs: 30 },
    { kind: 'lying-refusal' },
    { kind: 'hoarding' },
    { kind: 'stale-read' },
  ];

  test.each(faults)('may be $kind', (fault) => {
    expect(parseFaultRequest({ target, fault, durationSeconds: 5 })).toEqual({
      ok: true,
      value: { target, fault, durationSeconds: 5 },
    });
  });

  test.each([
    [null, 'object'],
    [{ target, fault: { kind: 'melted' } }, 'fault.kind'],
    [{ target: { kind: 'planet' }, fault: { kind: 'down' } }, 'target.kind'],
    [{ target: { kind: 'meter', meterNumber: '1' }, fault: { kind: 'down' } }, 'not a meter'],
    [{ target, fault: { kind: 'delayed' } }, 'delayMs'],
    [{ target, fault: { kind: 'delayed', delayMs: 1e9 } }, 'from 1 to 120000'],
    [{ target, fault: { kind: 'split', pieceBytes: 1.5, gapMs: 1 } }, 'whole'],
    [{ target, fault: { kind: 'dropped' }, probabilty: 0.5 }, "'probabilty'"],
    [{ target, fault: { kind: 'dropped' }, probability: 0 }, 'above 0'],
    [{ target, fault: { kind: 'mute' }, probability: 0.5 }, 'no probability'],
    [{ target, fault: { kind: 'dropped' }, everySeconds: 5 }, 'durationSeconds'],
    [{ target, fault: { kind: 'request-late' } }, 'delayMs'],
    [{ target, fault: { kind: 'dropped' }, on: 'sundays' }, "'reads' or 'writes'"],
    [{ target, fault: { kind: 'down' }, on: 'writes' }, 'does not tell reads from writes'],
  ])('is refused in words: %j', (input, words) => {
    const parsed = parseFaultRequest(input);
    expect(parsed.ok ? '' : parsed.message).toContain(words);
  });
});

describe('words in a shell', () => {
  test('name a gateway and how long', () => {
    expect(commandOf(['gateway-down', 'GW-M1', '--for', '60'])).toEqual({
      kind: 'request',
      method: 'POST',
      path: '/faults',
      body: { target: { kind: 'gateway', gatewayCode: 'GW-M1' }, fault: { kind: 'down' }, durationSeconds: 60 },
    });
  });

  test('name a line by its slash and a meter by its digits', () => {
    expect(commandOf(['split', 'GW-M1/2', '3', '20', '--chance', '0.5'])).toMatchObject({
      body: {
        target: { kind: 'line', gatewayCode: 'GW-M1', lineName: '2' },
        fault: { pieceBytes: 3, gapMs: 20 },
        probability: 0.5,
      },
    });
    expect(commandOf(['request-late', 'GW-M1', '900', '--on', 'writes', '--chance', '0.2'])).toMatchObject({
      body: { fault: { kind: 'request-late', delayMs: 900 }, on: 'writes', probability: 0.2 },
    });
    expect(commandOf(['silent', '220910417037'])).toMatchObject({ body: { target: { kind: 'meter' } } });
  });

  test.each([
    ['explode', 'GW-M1'],
    ['split', 'GW-M1', '3'],
    ['silent', '1', '--fro', '3'],
    ['silent', '1', '--for'],
    ['clear'],
  ])('that make no sense are answered by a sentence: %s %s %s %s', (...words) => {
    expect(commandOf(words).kind).toBe('wrong');
  });
});
