import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { NO_MODBUS, NOISE_LIMIT_BYTES } from '#drivers/bus/way.ts';
import { good, untilTold as until, useRealLines } from '../support/realLine.ts';
import { meters } from '../support/virtualLine.ts';

const { system } = useRealLines();
const KINDS = ['rtu-over-tcp', 'modbus-tcp'] as const;
const garbage = Uint8Array.from({ length: 300 }, (_, index) => (index * 73) & 0xff);

describe('a gateway that answers garbage', () => {
  test('is nobody’s reading, and with a single meter that meter’s fault', async () => {
    const { far, told } = await system('rtu-over-tcp');
    far.behave((_read, { say }) => say(garbage));
    await until(() => told.failures.length > 0);
    expect(told.readings).toEqual([]);
    expect(told.failures[0]?.[1]).toBe('frame');
    expect(told.links).toEqual([[true, 'connected']]);
  });

  test.for(KINDS)('over %s is one cause of the line, does not come and go, and heals', async (kind) => {
    const { far, told } = await system(kind, { meters: meters(4, { livePollMs: 50 }) });
    far.behave((_read, { say }) => say(garbage));
    await until(() => told.links.some(([up]) => !up));
    // Modbus TCP has no way back into a stream: it connects anew, and nothing comes of that.
    await until(() => kind === 'rtu-over-tcp' || far.connections > 3);
    expect(told.links.map(([up]) => up)).toEqual([true, ...told.links.slice(1).map(() => false)]);
    expect(told.links.slice(1).every(([, reason]) => reason.startsWith(NO_MODBUS))).toBe(true);
    far.behave(good);
    await until(() => told.readings.length > 8, 20_000);
    expect(told.links.at(-1)?.[0]).toBe(true);
    expect(new Set(told.readings.map(({ meterId }) => meterId)).size).toBe(4);
  });

  test.for(KINDS)('over %s unasked and for ever: each attempt takes a bounded number of bytes', async (kind) => {
    const { far, told, line } = await system(kind, { meters: meters(4, { livePollMs: 50 }) }, false);
    const taken: number[] = [];
    far.greet((socket) => {
      const babble = (): void => {
        while (!socket.destroyed && socket.write(noise));
      };
      socket.on('drain', babble);
      socket.on('close', () => taken.push(acknowledged(socket)));
      babble();
    });
    line.start();
    await until(() => taken.length >= 3, 20_000);
    expect(told.links.map(([up]) => up)).toEqual([true, ...told.links.slice(1).map(() => false)]);
    expect(told.links.slice(1).every(([, reason]) => reason.startsWith(NO_MODBUS))).toBe(true);
    // What the kernels hold on the way is not the line's doing; what it reads is.
    expect(line.health()).toMatchObject({ replies: 0, link: expect.not.stringMatching('up') });
    expect(Math.min(...taken)).toBeGreaterThan(kind === 'rtu-over-tcp' ? NOISE_LIMIT_BYTES : 0);
  });
});

const noise = Uint8Array.from({ length: 65_536 }, (_, index) => (index * index * 31 + 7) & 0xff);

/** Bytes that have left the far end. */
function acknowledged(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}
