import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { LIVE_PATH } from '#contract/index.ts';

/** RFC 6455, 5.2. */
const FINAL_TEXT = 0x81;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const END_OF_HEAD = '\r\n\r\n';

export interface LeanScreen {
  /** Asks for everything anew. */
  join(): void;
}

export interface LeanListener {
  /** The answer to a join as it came. */
  snapshot(answer: unknown): void;
  /** A delta: the base64 text, undecoded. */
  delta(base64: string): void;
  pulse(pulse: unknown): void;
  closed(): void;
}

/**
 * A screen that reads no more of a frame than its listener asks for: Engine.IO 4 and Socket.IO 5 by hand on a socket. A
 * thousand whole clients in one process take longer for a broadcast than the server does, and would measure themselves.
 */
export function openLeanScreen(url: string, cookie: string, room: string, listener: LeanListener): LeanScreen {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let waiting: Buffer = Buffer.alloc(0);
  let shaken = false;

  const send = (text: string): void => {
    const body = Buffer.from(text);
    // A mask of zeros is a mask.
    socket.write(Buffer.concat([Buffer.from([FINAL_TEXT, MASKED | body.length, 0, 0, 0, 0]), body]));
  };
  const join = (): void => send(`420${JSON.stringify(['join', room])}`);

  const hear = (bytes: Buffer): void => {
    // Engine.IO: 0 open, 2 ping, 4 message; Socket.IO within: 0 connected, 2 event, 3 answer.
    const kind = bytes.toString('latin1', 0, 2);
    if (kind[0] === '0') send('40');
    else if (kind[0] === '2') send('3');
    else if (kind === '40') join();
    else if (kind === '43') listener.snapshot(JSON.parse(bytes.toString('utf8', bytes.indexOf('[')))[0]);
    else if (kind === '42') hearEvent(bytes, listener);
  };

  socket.on('connect', () => {
    const key = randomBytes(16).toString('base64');
    const asked = [`GET ${LIVE_PATH}/?EIO=4&transport=websocket HTTP/1.1`, `Host: ${host}`, `Origin: ${url}`];
    const wanted = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    socket.write([...asked, ...wanted, `Cookie: ${cookie}`, `Sec-WebSocket-Key: ${key}`].join('\r\n') + END_OF_HEAD);
  });
  socket.on('data', (chunk: Buffer) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    if (!shaken) {
      const end = waiting.indexOf(END_OF_HEAD);
      if (end < 0) return;
      shaken = true;
      waiting = waiting.subarray(end + END_OF_HEAD.length);
    }
    for (let frame = frameOf(waiting); frame !== undefined; frame = frameOf(waiting)) {
      waiting = waiting.subarray(frame.end);
      hear(frame.body);
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => listener.closed());
  return { join };
}

function hearEvent(bytes: Buffer, listener: LeanListener): void {
  // `42["delta","…"]`: the text of a delta is base64, which JSON writes as it is.
  const delta = '42["delta","';
  if (bytes.toString('latin1', 0, delta.length) === delta) {
    listener.delta(bytes.toString('latin1', delta.length, bytes.length - 2));
    return;
  }
  const [event, told] = JSON.parse(bytes.toString('utf8', 2));
  if (event === 'pulse') listener.pulse(told);
}

/** The first whole frame; undefined while it is not there yet. */
function frameOf(bytes: Buffer): { readonly body: Buffer; readonly end: number } | undefined {
  const short = bytes[1];
  if (short === undefined) return undefined;
  const head = short < LENGTH_16 ? 2 : short < LENGTH_64 ? 4 : 10;
  if (bytes.length < head) return undefined;
  const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = head + length;
  return bytes.length < end ? undefined : { body: bytes.subarray(head, end), end };
}
