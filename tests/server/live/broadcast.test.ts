import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { textFrame } from '#server/platform/live/broadcast.ts';

/** RFC 6455, 1.3. */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

test('a frame that is made by hand is what another WebSocket reads, at each length that is written differently', async () => {
  const texts = [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 200_000].map((length) => 'x'.repeat(length));
  const all = [...texts, '电表 1.230 kW — €'.repeat(9_000)];
  const heard: string[] = [];
  const socket = new WebSocket(
    await serving((wire) => {
      for (const text of all) wire.write(textFrame(text));
    }),
  );
  onTestFinished(() => socket.close());
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('close', ({ reason }) => reject(new Error(`closed: ${reason}`)));
    socket.addEventListener('message', ({ data }) => {
      heard.push(String(data));
      if (heard.length === all.length) resolve();
    });
  });
  expect(heard).toEqual(all);
});

/** The address of a server that shakes hands and then does `open`. */
async function serving(open: (wire: Duplex) => void): Promise<string> {
  const server = createServer();
  const wires = new Set<Duplex>();
  server.on('upgrade', (request, wire: Duplex) => {
    wires.add(wire);
    const key = `${request.headers['sec-websocket-key']}${HANDSHAKE}`;
    const accept = createHash('sha1').update(key).digest('base64');
    wire.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    open(wire);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const wire of wires) wire.destroy();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
