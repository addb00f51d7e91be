import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import {
  type ClientToServer,
  encodeFrame,
  LIVE_PATH,
  LIVE_PULSE_MS,
  type Pulse,
  type ServerToClient,
} from '#contract/index.ts';
import type { Broadcast } from './bareBroadcast.ts';

/** The bare server's process. Ends with its parent. */

const ROOM = 'all';
/** As the server's own (platform/live/limits.ts). */
const PING_MS = 10_000;

const http = createServer();
const io = new Server<ClientToServer, ServerToClient>(http, {
  path: LIVE_PATH,
  serveClient: false,
  pingInterval: PING_MS,
  pingTimeout: PING_MS,
});
let seq = 0;

io.on('connection', (socket) => {
  socket.on('join', (_room, answer) => {
    void socket.join(ROOM);
    const frame = Buffer.from(head()).toString('base64');
    answer({ ok: true, snapshot: { room: 'property:1', epoch: 'bare', seq, atMs: Date.now(), frame, pulse: pulse() } });
  });
});
process.on('disconnect', () => process.exit(0));
process.on('message', ({ frameBytes, everyMs }: Broadcast) => {
  // Whatever comes behind the head is the same each time: it costs nothing to make.
  const body = Buffer.alloc(Math.max(0, Math.round((frameBytes * 3) / 4) - head().length), 0x5a);
  setInterval(() => {
    seq += 1;
    io.to(ROOM).emit('delta', Buffer.concat([head(), body]).toString('base64'));
  }, everyMs);
  setInterval(() => io.to(ROOM).emit('pulse', pulse()), LIVE_PULSE_MS);
});
http.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
});

function head(): Uint8Array {
  return encodeFrame({ propertyId: 1, seq, atMs: Date.now(), changes: [] });
}

function pulse(): Pulse {
  return {
    ...{ propertyId: 1, epoch: 'bare', seq, atMs: Date.now(), loadW: 12_345_678, oldestReadingMs: 12_345 },
    ...{ gatewaysUp: 320, gateways: 320, lines: 320, unacknowledgedAlarms: 0, commandsInFlight: 0 },
    ...{ readingsPerSecond: 1_000, release: '0.0.0' },
  };
}
