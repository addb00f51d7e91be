// @vitest-environment node
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type ClientToServer,
  type CommandNews,
  LIVE_PATH,
  LIVE_STALE_MS,
  type Pulse,
  type RoomName,
  type ServerToClient,
} from '#contract/live.ts';
import { encodeFrame, type LiveFrame } from '#contract/liveCodec.ts';
import { createLiveClient, type LiveClient } from '../../../web/live/liveClient.ts';
import { createLiveSocket } from '../../../web/live/liveSocket.ts';
import { pulse } from '../app/appSamples.ts';

/** A feed on a real socket, whose numbering the test controls. */
interface Feed {
  readonly joins: RoomName[];
  readonly leaves: RoomName[];
  epoch: string;
  seq: number;
  /** A server that hangs: it takes rooms and says nothing. */
  hangs: boolean;
  refuses: boolean;
  delta(seq: number, loadW: number): void;
  pulse(over?: Partial<Pulse>): void;
}

let http: HttpServer;
let io: Server<ClientToServer, ServerToClient>;
let feed: Feed;
let live: LiveClient;
let nowMs = 1_800_000_000_000;
const releases: string[] = [];
const missed: number[] = [];
const frames: { kind: 'snapshot' | 'delta'; frame: LiveFrame }[] = [];
const listener = {
  snapshot: (frame: LiveFrame) => void frames.push({ kind: 'snapshot', frame }),
  delta: (frame: LiveFrame) => void frames.push({ kind: 'delta', frame }),
  layout: () => {},
};

const pulseOf = (over: Partial<Pulse> = {}): Pulse => ({
  ...pulse,
  epoch: feed.epoch,
  seq: feed.seq,
  atMs: nowMs,
  ...over,
});
const base64 = (seq: number, loadW: number) =>
  Buffer.from(encodeFrame({ propertyId: 1, seq, atMs: nowMs, changes: [{ meterId: 3, loadW }] })).toString('base64');

async function startFeed(port = 0): Promise<void> {
  http = createServer();
  io = new Server(http, { path: LIVE_PATH });
  io.on('connection', (socket) => {
    socket.on('join', (room, answer) => {
      feed.joins.push(room);
      if (feed.refuses) return answer({ ok: false, code: 'not-found' });
      void socket.join(room);
      if (feed.hangs) return;
      answer({
        ok: true,
        snapshot: {
          room: 'property:1',
          epoch: feed.epoch,
          seq: feed.seq,
          atMs: nowMs,
          frame: base64(feed.seq, feed.seq * 100),
          pulse: pulseOf(),
        },
      });
    });
    socket.on('leave', (room) => void feed.leaves.push(room));
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
}

beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  frames.length = 0;
  releases.length = 0;
  missed.length = 0;
  feed = {
    joins: [],
    leaves: [],
    epoch: 'a',
    seq: 7,
    hangs: false,
    refuses: false,
    delta(seq, loadW) {
      feed.seq = seq;
      io.to('property:1').emit('delta', base64(seq, loadW));
    },
    pulse: (over) => void io.to('property:1').emit('pulse', pulseOf(over)),
  };
  await startFeed();
  const socket = createLiveSocket(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  live = createLiveClient({
    socket,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    onRelease: (release) => releases.push(release),
    onSessionRequired: () => {},
  });
  live.onMissed((propertyId) => missed.push(propertyId));
  socket.reconnect();
});
afterEach(async () => {
  live.close();
  await io.close();
});

/** No promise, only an end: the machine of the tests may be busy. */
function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000 });
}

async function joined(): Promise<() => void> {
  const stop = live.watchProperty(1, listener);
  await soon(() => expect(frames.at(-1)?.kind).toBe('snapshot'));
  return stop;
}

test('a wall begins with a snapshot and goes on with deltas', async () => {
  await joined();
  feed.delta(8, 42);
  await soon(() => expect(frames.at(-1)?.kind).toBe('delta'));
  expect(frames.at(-1)?.frame.changes[0]?.loadW).toBe(42);
  expect(feed.joins).toEqual(['property:1']);
});

test('who only hears that a property lives does not ask for its meters again; who shows them later does', async () => {
  await joined();
  live.watchProperty(1);
  expect(feed.joins).toHaveLength(1);
  live.watchProperty(1, { ...listener });
  live.watchProperty(1, { ...listener });
  live.watchProperty(1);
  // Each of the three listeners is told what the one answer says.
  await soon(() => expect(frames).toHaveLength(4));
  expect(feed.joins).toHaveLength(2);
  expect(missed, 'the first join only, which came after the page').toEqual([1]);
});

test('what has no number may have been missed: before the first join, in a gap, while the connection was gone', async () => {
  await joined();
  expect(missed).toEqual([1]);
  feed.delta(9, 42);
  await soon(() => expect(missed).toEqual([1, 1]));
  // Far less than what makes a screen stale.
  io.disconnectSockets(true);
  await soon(() => expect(missed).toEqual([1, 1, 1]));
  expect(live.healthOf(1).state).toBe('live');
});

test('a room that is entered on a connection that stands has missed nothing', async () => {
  await joined();
  live.watchProperty(2, listener);
  await soon(() => expect(feed.joins).toEqual(['property:1', 'property:2']));
  await soon(() => expect(frames).toHaveLength(2));
  expect(missed).toEqual([1]);
});

test('after a gap nothing is applied until a new snapshot has come', async () => {
  await joined();
  feed.delta(9, 42);
  await soon(() => expect(feed.joins).toHaveLength(2));
  await soon(() => expect(frames).toHaveLength(2));
  expect(frames.map((one) => one.kind)).toEqual(['snapshot', 'snapshot']);
  feed.delta(10, 43);
  await soon(() => expect(frames.at(-1)?.kind).toBe('delta'));
});

test('another epoch is another server: everything is asked for anew', async () => {
  await joined();
  feed.epoch = 'b';
  feed.pulse();
  await soon(() => expect(feed.joins).toHaveLength(2));
});

test('a delta that was lost before a quiet time is found by the pulse', async () => {
  await joined();
  feed.seq = 8;
  feed.pulse();
  await soon(() => expect(feed.joins).toHaveLength(2));
});

/** A pulse that the client has taken when this is over, `commandsInFlight` being how it is known. */
async function pulsed(commandsInFlight: number): Promise<void> {
  feed.pulse({ commandsInFlight });
  await soon(() => expect(live.pulses.get(1)?.commandsInFlight).toBe(commandsInFlight));
}

test('within ten seconds of silence the wall is stale; a sign of life asks for a snapshot, and that clears it', async () => {
  await joined();
  feed.hangs = true;
  expect(live.healthOf(1).state).toBe('live');
  nowMs += LIVE_STALE_MS - 1_000;
  expect(live.healthOf(1).state).toBe('live');
  nowMs += 1_000;
  expect(live.healthOf(1).state).toBe('stale');
  await soon(() => expect(live.health.value.state).toBe('stale'));
  await pulsed(5);
  await soon(() => expect(feed.joins.length).toBeGreaterThan(1));
  expect(live.healthOf(1).state, 'what is on screen is still what was').toBe('stale');
  feed.hangs = false;
  nowMs += 4_000;
  feed.pulse();
  await soon(() => expect(live.healthOf(1).state).toBe('live'));
  expect(frames.at(-1)?.kind).toBe('snapshot');
});

test('after a gap whose snapshot never comes, pulses and deltas that are thrown away keep nothing alive', async () => {
  await joined();
  feed.hangs = true;
  feed.delta(9, 42);
  await soon(() => expect(feed.joins).toHaveLength(2));
  for (let step = 1; step <= 5; step++) {
    nowMs += 2_000;
    feed.delta(9 + step, 42);
    await pulsed(step);
  }
  expect(live.healthOf(1).state).toBe('stale');
  expect(frames.map((one) => one.kind)).toEqual(['snapshot']);
});

test('where nothing changes, pulses that follow keep a wall alive', async () => {
  await joined();
  for (let step = 1; step <= 6; step++) {
    nowMs += 2_000;
    await pulsed(step);
  }
  await soon(() => expect(live.healthOf(1)).toEqual({ state: 'live', ageMs: 0 }));
});

test('a tab that slept asks for everything anew', async () => {
  await joined();
  nowMs += 60_000;
  await soon(() => expect(feed.joins).toHaveLength(2));
});

test('a server that comes back is joined again by itself', async () => {
  await joined();
  const { port } = http.address() as AddressInfo;
  await io.close();
  feed.epoch = 'b';
  await startFeed(port);
  await soon(() => expect(feed.joins).toHaveLength(2));
  expect(frames.at(-1)?.kind).toBe('snapshot');
});

test('a join that was refused is asked again after a while', async () => {
  feed.refuses = true;
  live.watchProperty(1, listener);
  await soon(() => expect(feed.joins).toHaveLength(1));
  feed.refuses = false;
  // Steps that no sleep explains: a tick of the client lies between them.
  for (let step = 0; step < 3; step++) {
    nowMs += 4_000;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  await soon(() => expect(frames.at(-1)?.kind).toBe('snapshot'));
  expect(feed.joins).toHaveLength(2);
});

test('server time follows the pulses, not the clock of the screen', async () => {
  await joined();
  feed.pulse({ atMs: nowMs + 3_600_000 });
  await soon(() => expect(live.nowMs()).toBe(nowMs + 3_600_000));
});

test('a new release of the server is noticed once it differs', async () => {
  await joined();
  feed.pulse();
  feed.pulse({ release: '2' });
  await soon(() => expect(releases).toEqual(['2']));
});

test('a room is left when nobody watches it any more', async () => {
  const first = await joined();
  const second = live.watchProperty(1);
  first();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(feed.leaves).toEqual([]);
  second();
  await soon(() => expect(feed.leaves).toEqual(['property:1']));
});

test('commands that were told together are told to the page one by one', async () => {
  const heard: CommandNews[] = [];
  live.onCommands((changes) => heard.push(...changes));
  live.watchProperty(1, listener);
  await soon(() => expect(frames).toHaveLength(1));
  const common = { batchId: 'b', propertyId: 1, kind: 'trip', state: 'sent', why: [] } as const;
  io.to('property:1').emit('command', [{ ...common, meterIds: [3, 4] }]);
  await soon(() => expect(heard).toEqual([3, 4].map((meterId) => ({ ...common, meterId }))));
});
