import { io, type Socket } from 'socket.io-client';
import {
  type ClientToServer,
  decodeFrame,
  type JoinAnswer,
  LIVE_PATH,
  type LiveFrame,
  type ServerToClient,
} from '#contract/index.ts';
import { openLeanScreen } from './leanScreen.ts';
import type { ScreensFigures, ScreensOptions } from './screens.ts';
import { STAMP_MODULO_MS } from './systemFarm.ts';

/** The screens' process. Ends with its parent. */

/** Older ages are counted as this old. */
const AGE_MS_MAX = 60_000;
/** The beginning of a frame: property, number, time. */
const HEAD_CHARACTERS = 40;

const { url, cookie, propertyId, count, decode = 'whole' }: ScreensOptions = JSON.parse(process.argv[2] ?? '{}');

interface Pulse {
  readonly oldestReadingMs: number;
  readonly atMs: number;
}

class Counts {
  frames = 0;
  changes = 0;
  snapshots = 0;
  disconnects = 0;
  readonly stampAges: number[] = [];
  readonly frameDelays: number[] = [];
}

let counts = new Counts();
let joined = 0;
const pulses: Pulse[] = [];
process.on('disconnect', () => process.exit(0));
process.on('message', () => process.send?.(takeFigures()));

for (let index = 0; index < count; index += 1) await (decode === 'heads' ? openLean(index) : openScreen(index));
process.send?.('joined');

function openScreen(index: number): Promise<void> {
  const socket: Socket<ServerToClient, ClientToServer> = io(url, {
    path: LIVE_PATH,
    transports: ['websocket'],
    extraHeaders: { cookie, origin: url },
    // Each a connection of its own.
    forceNew: true,
  });
  let seq: number | undefined;
  return new Promise((resolve) => {
    const join = (): void => {
      seq = undefined;
      socket.emit('join', `property:${propertyId}`, (answer) => {
        if (!answer.ok || !('frame' in answer.snapshot)) return;
        decodeFrame(Buffer.from(answer.snapshot.frame, 'base64'));
        seq = answer.snapshot.seq;
        counts.snapshots += 1;
        pulses[index] = answer.snapshot.pulse;
        resolve();
      });
    };
    socket.on('connect', () => {
      joined += 1;
      join();
    });
    socket.on('disconnect', () => {
      joined -= 1;
      counts.disconnects += 1;
    });
    socket.on('pulse', (pulse) => {
      pulses[index] = pulse;
    });
    socket.on('delta', (text) => {
      const frame = decodeFrame(Buffer.from(text, 'base64'));
      if (seq === undefined || frame.seq <= seq) return;
      if (frame.seq !== seq + 1) return join();
      seq = frame.seq;
      note(frame);
    });
  });
}

function openLean(index: number): Promise<void> {
  let seq: number | undefined;
  joined += 1;
  return new Promise((resolve) => {
    const screen = openLeanScreen(url, cookie, `property:${propertyId}`, {
      snapshot(told) {
        const answer = told as JoinAnswer;
        if (!answer.ok || !('frame' in answer.snapshot)) return;
        seq = answer.snapshot.seq;
        counts.snapshots += 1;
        pulses[index] = answer.snapshot.pulse;
        resolve();
      },
      delta(text) {
        const frame = headOf(text);
        if (seq === undefined || frame.seq <= seq) return;
        const next = frame.seq === seq + 1;
        seq = next ? frame.seq : undefined;
        if (next) note(frame);
        else screen.join();
      },
      pulse(pulse) {
        pulses[index] = pulse as Pulse;
      },
      closed() {
        joined -= 1;
        counts.disconnects += 1;
      },
    });
  });
}

function headOf(text: string): LiveFrame {
  const bytes = Buffer.from(text.slice(0, HEAD_CHARACTERS), 'base64');
  let at = 0;
  const varint = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  return { propertyId: varint(), seq: varint(), atMs: varint(), changes: [] };
}

/** What a screen does next is paint; here the frame counts as decoded. */
function note(frame: LiveFrame): void {
  const nowMs = Date.now();
  counts.frames += 1;
  counts.changes += frame.changes.length;
  bump(counts.frameDelays, nowMs - frame.atMs);
  for (const { balanceMinor } of frame.changes) {
    if (balanceMinor === undefined || balanceMinor === null) continue;
    const ageMs = (nowMs % STAMP_MODULO_MS) - Number(balanceMinor);
    bump(counts.stampAges, ageMs < 0 ? ageMs + STAMP_MODULO_MS : ageMs);
  }
}

function bump(histogram: number[], ms: number): void {
  const bin = Math.min(AGE_MS_MAX, Math.max(0, Math.round(ms)));
  while (histogram.length <= bin) histogram.push(0);
  histogram[bin] = (histogram[bin] ?? 0) + 1;
}

function takeFigures(): ScreensFigures {
  const { frames, changes, snapshots, disconnects, stampAges, frameDelays } = counts;
  counts = new Counts();
  const nowMs = Date.now();
  const oldestReadingMs = Math.max(0, ...pulses.map((pulse) => pulse.oldestReadingMs + nowMs - pulse.atMs));
  return { joined, frames, changes, snapshots, disconnects, stampAges, frameDelays, oldestReadingMs };
}
