import { type AddressInfo, createServer, type Socket } from 'node:net';
import { bytesFromRegisters, encodeRegisters, encodeRtuReply } from '#drivers/codec/index.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import { FARM_REGISTERS, FARM_START, FARM_WIRE, type FarmOptions, farmEnergyWh } from './gatewayFarm.ts';

/** The farm's process: answers as cheaply as can be, from frames made beforehand. Ends with its parent. */

const REQUEST_BYTES = 8;
const REPLY_OVERHEAD_BYTES = 5;
const HOURS_OF_ZONE = 8;

const options: FarmOptions = JSON.parse(process.argv[2] ?? '{}');
const dead = new Set(options.dead ?? []);
const replies = Array.from({ length: options.metersEach + 1 }, (_, unit) => replyOf(unit));

process.on('disconnect', () => process.exit(0));
const ports: number[] = [];
for (let index = 0; index < options.gateways; index += 1) ports.push(await listen());
process.send?.(ports);

function listen(): Promise<number> {
  const server = createServer(options.wire === 'off' ? serveAtOnce : serveOnWire);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Requests come whole: eight bytes in one segment on loopback; a reader that cuts them gets no answer. */
function serveAtOnce(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (request) => {
    const reply = answerTo(request);
    if (reply !== undefined) socket.write(reply);
  });
}

/** One request at a time; the reply leaves when its last byte and the silence after it would have passed. */
function serveOnWire(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  let freeMs = 0;
  socket.on('data', (request) => {
    const reply = answerTo(request);
    const askedMs = Math.max(performance.now(), freeMs) + frameMs(REQUEST_BYTES);
    freeMs = reply === undefined ? askedMs : askedMs + FARM_WIRE.thinkMs + frameMs(reply.length);
    if (reply !== undefined) atExactly(freeMs, () => socket.write(reply));
  });
}

function answerTo(request: Buffer): Uint8Array | undefined {
  if (request.length !== REQUEST_BYTES) return undefined;
  const unit = request[0] ?? 0;
  if (dead.has(unit)) return undefined;
  const count = request.readUInt16BE(4);
  const whole = replies[unit];
  if (whole === undefined || count === FARM_REGISTERS) return whole;
  const data = whole.subarray(3, 3 + count * 2);
  return data.length === count * 2 ? encodeRtuReply(unit, { kind: 'read', function: 3, data }) : undefined;
}

/** Characters on the line and the silence that ends the frame. */
function frameMs(bytes: number): number {
  const { baud, bitsPerCharacter } = FARM_WIRE;
  return (bytes * bitsPerCharacter * 1_000) / baud + (3.5 * 11 * 1_000) / baud;
}

/** Timers know whole milliseconds only, and a hundred rounded reads are a tenth of a second: the rest is spun away. */
function atExactly(dueMs: number, work: () => void): void {
  const wait = (): void => {
    if (performance.now() < dueMs) setImmediate(wait);
    else work();
  };
  setTimeout(wait, Math.max(0, Math.floor(dueMs - performance.now()) - 1));
}

function replyOf(unit: number): Uint8Array {
  const energyWh = farmEnergyWh(unit);
  const image = {
    values: {
      voltageL1V: 230.1,
      voltageL2V: 229.8,
      voltageL3V: 231.4,
      currentL1A: 4.21,
      currentL2A: 3.9,
      currentL3A: 5.02,
      activePowerL1W: 930,
      activePowerL2W: 860,
      activePowerL3W: 1_120,
      activePowerW: 2_910,
      powerFactor: 0.963,
      energyWh,
      energyPeakWh: energyWh / 2,
      energyFlatWh: energyWh / 2,
      purchaseCount: 7,
    },
    balanceMinor: 12_345n,
    status: { relay: 'closed', money: 'normal' } as const,
    meterClockMs: Date.now() + HOURS_OF_ZONE * 3_600_000,
    ctRatio: 1,
    ptRatio: 1,
  };
  const data = bytesFromRegisters(encodeRegisters(acrelDtsy1352, image, FARM_START, FARM_REGISTERS));
  const frame = encodeRtuReply(unit, { kind: 'read', function: 3, data });
  if (frame.length !== REPLY_OVERHEAD_BYTES + FARM_REGISTERS * 2) throw new Error('the block has another length');
  return frame;
}
