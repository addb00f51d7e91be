import { describe, expect, test } from 'vitest';
import type { ModbusReply, ModbusRequest } from '#drivers/codec/index.ts';
import type { SerialSettings } from '#drivers/core/index.ts';
import { type BusAnswer, LINE_QUEUE_LIMIT, LineBus, type LineBusSettings } from '#drivers/simulator/gateway/lineBus.ts';
import { bitsPerCharacter, exchangeTiming, frameGapMs, wireTimeMs } from '#drivers/simulator/gateway/wire.ts';
import { manualClock } from '../../support/manualClock.ts';
import { LIVE_BLOCK } from './simulatorSupport.ts';

const PLAIN: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 1 };
const REPLY: ModbusReply = { kind: 'read', function: 3, data: new Uint8Array(96) };
const HEARD: BusAnswer = { reply: REPLY, faults: [] };
const SILENCE: BusAnswer = { reply: undefined, faults: [] };

function busOn(answer: BusAnswer, settings: Partial<LineBusSettings> = {}) {
  const clock = manualClock(0);
  const all: LineBusSettings = { serial: PLAIN, wire: 'serial', thinkMs: [5, 5], giveUpMs: 0, ...settings };
  const asked: number[] = [];
  const bus = new LineBus(
    all,
    clock,
    () => 0,
    ({ unit }) => {
      asked.push(unit);
      return answer;
    },
  );
  const delivered: { readonly unit: number; readonly atMs: number; readonly said: boolean }[] = [];
  const send = (unit: number, request: ModbusRequest = LIVE_BLOCK) =>
    bus.send({
      unit,
      request,
      deliver: ({ reply }) => void delivered.push({ unit, atMs: clock.monotonicMs(), said: reply !== undefined }),
    });
  return { clock, bus, send, asked, delivered };
}

describe('time on the wire', () => {
  test('a character has a start bit, eight data bits, parity if any and its stop bits', () => {
    expect(bitsPerCharacter(PLAIN)).toBe(10);
    expect(bitsPerCharacter({ baud: 9_600, parity: 'even', stopBits: 1 })).toBe(11);
    expect(bitsPerCharacter({ baud: 9_600, parity: 'none', stopBits: 2 })).toBe(11);
    expect(wireTimeMs(96, PLAIN)).toBe(100);
  });

  test('the gap between frames is 3.5 characters of 11 bits, and 1.75 ms above 19200 baud', () => {
    expect(frameGapMs(9_600)).toBeCloseTo(4.01, 2);
    expect(frameGapMs(19_200)).toBeCloseTo(2.005, 3);
    expect(frameGapMs(38_400)).toBe(1.75);
  });

  test('48 registers at 9600 8N1 from a meter that thinks for 5 ms take 126.6 ms', () => {
    expect(exchangeTiming(8, 101, 5, 0, PLAIN).replyMs).toBeCloseTo(126.6, 1);
  });
});

describe('a line', () => {
  test('carries one request at a time: the second reply comes one exchange after the first', () => {
    const { clock, send, asked, delivered } = busOn(HEARD);
    send(1);
    send(2);
    expect(asked).toEqual([1]);
    clock.advance(126);
    expect(delivered).toEqual([]);
    clock.advance(1);
    expect(delivered.map(({ unit }) => unit)).toEqual([1]);
    expect(asked).toEqual([1, 2]);
    clock.advance(127);
    expect(delivered[1]?.atMs).toBeCloseTo(2 * 126.56, 0);
  });

  test('is free at once after a request that nobody answers, unless its gateway waits for the meter', () => {
    const plain = busOn(SILENCE);
    plain.send(9);
    plain.clock.advance(13);
    expect(plain.delivered.map(({ said }) => said)).toEqual([false]);
    const waiting = busOn(SILENCE, { giveUpMs: 1_000 });
    waiting.send(9);
    waiting.clock.advance(1_000);
    expect(waiting.delivered).toEqual([]);
    waiting.clock.advance(13);
    expect(waiting.delivered.map(({ said }) => said)).toEqual([false]);
  });

  test('keeps a bounded number of requests and counts those that it threw away', () => {
    const { bus, clock, send, delivered } = busOn(HEARD);
    for (let unit = 0; unit < LINE_QUEUE_LIMIT + 5; unit++) send(unit);
    expect(bus.droppedRequests).toBe(4);
    clock.advance(60_000);
    expect(delivered).toHaveLength(LINE_QUEUE_LIMIT + 1);
  });

  test('without the wire answers at once', () => {
    const { send, delivered } = busOn(HEARD, { wire: 'off' });
    for (let unit = 1; unit <= 100; unit++) send(unit);
    expect(delivered).toHaveLength(100);
  });
});
