import { connect, type Socket } from 'node:net';
import { crc16 } from '#drivers/codec/index.ts';
import { FARM_REGISTERS, FARM_START } from './gatewayFarm.ts';

const REPLY_BYTES = 5 + FARM_REGISTERS * 2;

/**
 * The least that reading RTU over TCP takes: per gateway one socket and a loop over its units. Builds the request,
 * waits for the whole length, checks head and CRC, asks the next. No deadlines, no schedule, nothing is decoded.
 */
export function startBareReads(ports: readonly number[], metersEach: number, onRead: () => void): () => void {
  const sockets = ports.map((port) => bareLoop(port, metersEach, onRead));
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

function bareLoop(port: number, metersEach: number, onRead: () => void): Socket {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const reply = new Uint8Array(REPLY_BYTES);
  let got = 0;
  let unit = 1;
  const ask = (): void => {
    socket.write(requestFor(unit));
  };
  socket.on('connect', ask);
  socket.on('data', (chunk) => {
    let frame: Uint8Array = chunk;
    if (got > 0 || chunk.length < REPLY_BYTES) {
      reply.set(chunk.subarray(0, REPLY_BYTES - got), got);
      got += chunk.length;
      if (got < REPLY_BYTES) return;
      got = 0;
      frame = reply;
    }
    if (!isReply(frame, unit)) throw new Error('the farm answers wrongly');
    unit = (unit % metersEach) + 1;
    onRead();
    ask();
  });
  return socket;
}

function requestFor(unit: number): Uint8Array {
  const request = new Uint8Array(8);
  request[0] = unit;
  request[1] = 3;
  request[2] = FARM_START >>> 8;
  request[3] = FARM_START & 0xff;
  request[5] = FARM_REGISTERS;
  const crc = crc16(request, 0, 6);
  request[6] = crc & 0xff;
  request[7] = crc >>> 8;
  return request;
}

function isReply(frame: Uint8Array, unit: number): boolean {
  if (frame[0] !== unit || frame[1] !== 3 || frame[2] !== FARM_REGISTERS * 2) return false;
  const crc = crc16(frame, 0, REPLY_BYTES - 2);
  return frame[REPLY_BYTES - 2] === (crc & 0xff) && frame[REPLY_BYTES - 1] === crc >>> 8;
}
