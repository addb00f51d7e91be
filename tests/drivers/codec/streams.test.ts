import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ExpectedRtuReply,
  encodeMbapReply,
  encodeRtuReply,
  encodeRtuRequest,
  type MbapFrame,
  MbapStream,
  type ModbusRequest,
  RTU_STREAM_CAP_BYTES,
  RtuReplyStream,
  type RtuRequestFrame,
  RtuRequestStream,
} from '#drivers/codec/index.ts';
import { FrameError } from '#drivers/core/index.ts';

const expected: ExpectedRtuReply = { unit: 7, function: 3, lengths: [101] };
const answer = readReply(7, 48);
const noise = fc.uint8Array({ maxLength: 40 });

describe('RtuReplyStream', () => {
  test('finds the reply wherever TCP cuts it', () => {
    for (let cut = 1; cut < answer.length; cut += 1) {
      const stream = waiting();
      expect(stream.push(answer.slice(0, cut))).toBeUndefined();
      expect(stream.push(answer.slice(cut))).toEqual({ kind: 'frame', frame: answer });
    }
  });

  test('finds the reply byte by byte, behind and before noise', () => {
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const stream = waiting();
        const found = [...before, ...answer, ...after].flatMap((byte) => stream.push(Uint8Array.of(byte)) ?? []);
        // Noise may by chance look like a damaged reply, but what is taken for the reply is the reply.
        expect(found.filter(({ kind }) => kind === 'frame')).toEqual([{ kind: 'frame', frame: answer }]);
      }),
    );
  });

  test('passes over another meter’s reply and over one of another length', () => {
    const strangers: number[][] = [];
    const stream = waiting((...stranger) => strangers.push(stranger));
    const merged = Uint8Array.from([...readReply(8, 48), ...readReply(7, 2), ...answer]);
    expect(stream.push(merged)).toEqual({ kind: 'frame', frame: answer });
    expect(strangers).toEqual([
      [8, 3, 101],
      [7, 3, 9],
    ]);
  });

  test('a whole stranger is not counted as nonsense', () => {
    const stream = waiting();
    stream.push(readReply(8, 48));
    expect(stream.bytesSeen).toBe(0);
    stream.push(Uint8Array.of(0xff));
    expect(stream.bytesSeen).toBe(1);
  });

  test('an exception is understood', () => {
    const exception = encodeRtuReply(7, { kind: 'exception', function: 3, code: 2 });
    expect(waiting().push(exception)).toEqual({ kind: 'frame', frame: exception });
  });

  test('a wrong checksum is never accepted, and is known as damage at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 100 }), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const broken = answer.slice();
        broken[index] = (broken[index] ?? 0) ^ flip;
        expect(waiting().push(broken)).toEqual({ kind: 'damaged' });
      }),
    );
  });

  test('a good reply behind a damaged one is found', () => {
    const broken = answer.slice();
    broken[50] = (broken[50] ?? 0) ^ 1;
    expect(waiting().push(Uint8Array.from([...broken, ...answer]))).toEqual({ kind: 'frame', frame: answer });
  });

  test('what came before the question cannot be its answer', () => {
    const stream = waiting();
    stream.push(answer.slice(0, 60));
    stream.expect(expected);
    expect(stream.push(answer.slice(60))).toBeUndefined();
  });

  test('nothing is taken for an answer while nothing is asked', () => {
    const stream = new RtuReplyStream(() => undefined);
    expect(stream.push(answer)).toBeUndefined();
  });

  test('a babbling line costs bounded memory', () => {
    const stream = waiting();
    // The head of the reply again and again: every byte could be the start of it.
    const babble = Uint8Array.from({ length: 3_000 }, (_, index) => [7, 3, 96][index % 3] ?? 0);
    for (let times = 0; times < 3; times += 1) stream.push(babble);
    expect(stream.droppedBytes).toBeGreaterThan(6_000);
    expect(stream.droppedBytes).toBeLessThanOrEqual(9_000 - RTU_STREAM_CAP_BYTES + 200);
  });
});

describe('RtuRequestStream', () => {
  const requests: readonly ModbusRequest[] = [
    { kind: 'read', function: 3, start: 0x200, quantity: 48 },
    { kind: 'writeRegisters', function: 16, start: 0x57, registers: [1, 1] },
    { kind: 'writeRegisters', function: 0x20, start: 0x100, registers: [0, 10000, 5, 0] },
  ];

  test('finds every request between noise, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(noise, fc.constantFrom(...requests)), { maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        (parts, size) => {
          const found: RtuRequestFrame[] = [];
          const stream = new RtuRequestStream((frame) => found.push(frame));
          const bytes = Uint8Array.from(
            parts.flatMap(([before, request]) => [...before, ...encodeRtuRequest(9, request)]),
          );
          for (let at = 0; at < bytes.length; at += size) stream.push(bytes.slice(at, at + size));
          expect(found).toEqual(parts.map(([, request]) => ({ unit: 9, request })));
        },
      ),
    );
  });
});

describe('MbapStream', () => {
  test('takes apart what TCP has merged and split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        (ids, size) => {
          const found: MbapFrame[] = [];
          const stream = new MbapStream((frame) => found.push(frame));
          const frames = ids.map((id) =>
            encodeMbapReply(id, 3, { kind: 'read', function: 3, data: new Uint8Array((id % 20) * 2 + 2) }),
          );
          const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
          for (let at = 0; at < bytes.length; at += size) stream.push(bytes.slice(at, at + size));
          expect(found.map(({ transactionId }) => transactionId)).toEqual(ids);
        },
      ),
    );
  });

  test('a header that cannot be one ends the stream: there is no way back', () => {
    const stream = new MbapStream(() => undefined);
    expect(() => stream.push(Uint8Array.of(0, 1, 0, 9, 0, 3, 1))).toThrow(FrameError);
    expect(() => new MbapStream(() => undefined).push(Uint8Array.of(0, 1, 0, 0, 1, 0, 1))).toThrow(FrameError);
  });
});

function waiting(onStranger: (unit: number, code: number, length: number) => void = () => undefined): RtuReplyStream {
  const stream = new RtuReplyStream(onStranger);
  stream.expect(expected);
  return stream;
}

function readReply(unit: number, registers: number): Uint8Array {
  const data = Uint8Array.from({ length: registers * 2 }, (_, index) => (index * 37 + unit) & 0xff);
  return encodeRtuReply(unit, { kind: 'read', function: 3, data });
}
