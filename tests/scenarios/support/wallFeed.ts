import { io, type Socket } from 'socket.io-client';
import {
  type Alarm,
  type ClientToServer,
  decodeFrame,
  LIVE_PATH,
  type LiveFrame,
  type PropertySnapshot,
  type Pulse,
  type ServerToClient,
} from '#contract/index.ts';
import { type DisplayState, displayState, MARKS, type MeterFacts, unpackFacts } from '#domain/meterState.ts';
import type { Api } from './api.ts';

/** What a screen knows about one meter from the live feed alone. */
export interface FeedMeter {
  readonly facts: MeterFacts;
  readonly display: DisplayState;
  readonly stale: boolean;
  readonly loadW: number | undefined;
  readonly balanceMinor: bigint | undefined;
  readonly heardAgoS: number | undefined;
}

/** A screen without pixels: joins a property's room and keeps what the frames say. */
export interface WallFeed {
  readonly meters: ReadonlyMap<number, FeedMeter>;
  readonly alarms: ReadonlyMap<number, Alarm>;
  /** Frames since the join; a gap in their numbers ends the feed with `fault`. */
  frames(): number;
  pulse(): Pulse;
  fault(): string | undefined;
  close(): void;
}

/** Joins `property:<id>`; rejects when the server refuses. */
export async function openWallFeed(url: string, api: Api, propertyId: number): Promise<WallFeed> {
  const socket: Socket<ServerToClient, ClientToServer> = io(url, {
    path: LIVE_PATH,
    transports: ['websocket'],
    extraHeaders: { cookie: api.cookie, origin: url },
    reconnection: false,
  });
  const book = new FeedBook();
  const waiting: string[] = [];
  let take = (frame: string) => {
    waiting.push(frame);
  };
  socket.on('delta', (frame) => take(frame));
  socket.on('alarm', (alarm) => book.alarms.set(alarm.id, alarm));
  socket.on('pulse', (pulse) => {
    book.pulse = pulse;
  });
  const snapshot = await join(socket, propertyId);
  book.begin(snapshot);
  take = (frame) => book.apply(frame);
  waiting.splice(0).forEach(take);
  return {
    meters: book.meters,
    alarms: book.alarms,
    frames: () => book.frames,
    pulse: () => book.pulse ?? snapshot.pulse,
    fault: () => book.fault,
    close: () => socket.close(),
  };
}

function join(socket: Socket<ServerToClient, ClientToServer>, propertyId: number): Promise<PropertySnapshot> {
  return new Promise((resolve, reject) => {
    socket.once('connect_error', reject);
    socket.emit('join', `property:${propertyId}`, (answer) => {
      if (!answer.ok) reject(new Error(`join refused: ${answer.code}`));
      else if ('frame' in answer.snapshot) resolve(answer.snapshot);
      else reject(new Error('join gave the snapshot of a meter'));
    });
  });
}

class FeedBook {
  readonly meters = new Map<number, FeedMeter>();
  readonly alarms = new Map<number, Alarm>();
  pulse: Pulse | undefined;
  fault: string | undefined;
  frames = 0;
  #seq = 0;

  begin(snapshot: PropertySnapshot): void {
    this.#seq = snapshot.seq;
    this.pulse = snapshot.pulse;
    this.#merge(decode(snapshot.frame));
  }

  apply(text: string): void {
    const frame = decode(text);
    if (frame.seq <= this.#seq) return;
    if (frame.seq !== this.#seq + 1) this.fault ??= `frame ${frame.seq} came after ${this.#seq}`;
    this.#seq = frame.seq;
    this.frames += 1;
    this.#merge(frame);
  }

  #merge(frame: LiveFrame): void {
    for (const change of frame.changes) {
      const known = this.meters.get(change.meterId);
      const packed = change.packedFacts === undefined ? undefined : unpackFacts(change.packedFacts);
      const facts = packed?.facts ?? known?.facts;
      if (facts === undefined) {
        this.fault ??= `meter ${change.meterId} changed before its facts were known`;
        continue;
      }
      this.meters.set(change.meterId, {
        facts,
        display: displayState(facts),
        stale: packed === undefined ? known?.stale === true : (packed.marks & MARKS.stale) !== 0,
        loadW: latest(change.loadW, known?.loadW),
        balanceMinor: latest(change.balanceMinor, known?.balanceMinor),
        heardAgoS: latest(change.heardAgoS, known?.heardAgoS),
      });
    }
  }
}

/** `undefined` = as before, `null` = absent now. */
function latest<T>(changed: T | null | undefined, known: T | undefined): T | undefined {
  return changed === undefined ? known : (changed ?? undefined);
}

function decode(text: string): LiveFrame {
  return decodeFrame(Buffer.from(text, 'base64'));
}
