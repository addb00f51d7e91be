import { type AddressInfo, createServer, type Socket } from 'node:net';
import { bytesFromRegisters, encodeRegisters, encodeRtuReply } from '#drivers/codec/index.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import { type FarmGateway, type FarmOptions, STAMP_MODULO_MS } from './systemFarm.ts';

/** The farm's process. Ends with its parent. */

const REQUEST_BYTES = 8;
const START = 0x0200;
const REGISTERS = 48;
const BALANCE_BYTE = (0x021f - START) * 2;
const LOAD_BYTE = (0x020a - START) * 2;
const LEAST_LOAD_W = 500;
const LOAD_RANGE_W = 20_000;

const options: FarmOptions = JSON.parse(process.argv[2] ?? '{}');
const nominal = bytesFromRegisters(
  encodeRegisters(
    acrelDtsy1352,
    {
      values: { voltageL1V: 230.1, currentL1A: 4.2, activePowerW: 2_910, energyWh: 1_000_000, purchaseCount: 7 },
      balanceMinor: 12_345n,
      status: { relay: 'closed', money: 'normal' },
      // No clock: it would stand still, and every reading would carry a refusal.
      meterClockMs: undefined,
      ctRatio: 1,
      ptRatio: 1,
    },
    START,
    REGISTERS,
  ),
);

process.on('disconnect', () => process.exit(0));
const loadsW: number[] = [];
const gateways: FarmGateway[] = [];
for (let first = 0; first < options.meters; first += options.metersEach) {
  const meters = Math.min(options.metersEach, options.meters - first);
  for (let unit = 0; unit < meters; unit += 1) loadsW.push(otherLoad(0));
  gateways.push({ port: await listen(first, meters), meters });
}
if (typeof options.change === 'number') setInterval(changeOne, 1_000 / options.change);
process.send?.(gateways);

function listen(first: number, meters: number): Promise<number> {
  const server = createServer((socket) => serve(socket, first, meters));
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Requests come whole: eight bytes in one segment on loopback. */
function serve(socket: Socket, first: number, meters: number): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (request) => {
    const unit = request[0] ?? 0;
    if (request.length !== REQUEST_BYTES || unit < 1 || unit > meters) return;
    const offset = (request.readUInt16BE(2) - START) * 2;
    const data = Buffer.from(nominal);
    if (options.change === 'loads') changeLoad(first + unit - 1);
    data.writeInt16BE(loadsW[first + unit - 1] ?? 0, LOAD_BYTE);
    if (options.change === 'stamps') data.writeInt32BE(Date.now() % STAMP_MODULO_MS, BALANCE_BYTE);
    const asked = data.subarray(offset, offset + request.readUInt16BE(4) * 2);
    socket.write(encodeRtuReply(unit, { kind: 'read', function: 3, data: asked }));
  });
}

function changeOne(): void {
  changeLoad(Math.floor(Math.random() * loadsW.length));
}

function changeLoad(index: number): void {
  loadsW[index] = otherLoad(loadsW[index] ?? 0);
}

/** Far enough from the last one that it is sent (platform/live/feed.ts keeps small steps back). */
function otherLoad(before: number): number {
  const load = Math.round(LEAST_LOAD_W + Math.random() * LOAD_RANGE_W);
  return Math.abs(load - before) < LEAST_LOAD_W ? load + LEAST_LOAD_W : load;
}
