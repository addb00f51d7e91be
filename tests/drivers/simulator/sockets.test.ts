import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { compileModel, type ModbusReply } from '#drivers/codec/index.ts';
import { MODELS, modelById } from '#drivers/models/index.ts';
import type { PlantMeter } from '#drivers/simulator/manifest.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { manualClock } from '../../support/manualClock.ts';
import { LIVE_BLOCK, lineOf, pause, runningPlant, START_MS, TestMaster, until } from './simulatorSupport.ts';

/** Reads all spans of a meter and decodes them through its model. */
async function decoded(master: TestMaster, meter: PlantMeter) {
  const model = modelById(meter.modelId);
  if (model === undefined) throw new Error(`no model ${meter.modelId}`);
  const blocks = [];
  for (const { start, count } of model.spans) {
    const reply = await master.ask(meter.unitAddress, {
      kind: 'read',
      function: model.readFunction,
      start,
      quantity: count,
    });
    if (reply.kind !== 'read') throw new Error(`${reply.kind} from ${meter.meterNumber}`);
    blocks.push({ start, count, data: reply.data });
  }
  return compileModel(model).decode(blocks, { ctRatio: meter.ctRatio, ptRatio: meter.ptRatio });
}

/** Where a decoded reading and the plant's truth part, beyond the registers' own step. */
function untruths(plant: Plant, meter: PlantMeter, said: Awaited<ReturnType<typeof decoded>>): readonly string[] {
  const truth = plant.meter(meter.meterNumber)?.image;
  const wrong = Object.entries(said.values).filter(([name, value]) => {
    const real = truth?.values[name as keyof typeof said.values] ?? Number.NaN;
    return !(Math.abs(value - real) <= Math.max(1, Math.abs(real) * 1e-6));
  });
  return [
    ...wrong.map(([name, value]) => `${meter.modelId} says ${name} ${value}`),
    ...said.rejected.map(({ quantity }) => `${meter.modelId}: ${quantity} rejected`),
    ...(Object.keys(said.values).length > 3 ? [] : [`${meter.modelId} says next to nothing`]),
    ...(said.balanceMinor === truth?.balanceMinor ? [] : [`${meter.modelId} says balance ${said.balanceMinor}`]),
    ...(isDeepStrictEqual(said.status, truth?.status) ? [] : [`${meter.modelId} says ${JSON.stringify(said.status)}`]),
  ];
}

describe('both framings, over real sockets', () => {
  test('every model of the demo estate decodes to the plant’s truth', async () => {
    // The clock stands, so that truth does not move between the reply and the look at it.
    const plant = await runningPlant({ kind: 'demo' }, { clock: manualClock(START_MS) });
    const seen = new Set<string>();
    for (const gateway of plant.manifest.gateways) {
      const silent = plant.faults.list().flatMap(({ target }) => (target.kind === 'meter' ? [target.meterNumber] : []));
      for (const line of gateway.lines) {
        const { kind } = line.transport;
        const fresh = line.meters.find(
          ({ modelId, meterNumber }) => !seen.has(`${modelId} ${kind}`) && !silent.includes(meterNumber),
        );
        if (fresh === undefined || gateway.code === 'GW-C2' || gateway.code === 'GW-M5') continue;
        seen.add(`${fresh.modelId} ${kind}`);
        expect(untruths(plant, fresh, await decoded(await TestMaster.to(line), fresh))).toEqual([]);
      }
    }
    const models = new Set([...seen].map((pair) => pair.split(' ')[0]));
    expect(models.size).toBe(MODELS.length - 1);
    expect(new Set([...seen].map((pair) => pair.split(' ')[1])).size).toBe(2);
  });

  test.each([0, 1])('32 meters of gateway %i answer one after the other, each for itself', async (gateway) => {
    const plant = await runningPlant({ kind: 'count', meters: 64 }, { clock: manualClock(START_MS) });
    const master = await TestMaster.to(lineOf(plant, gateway));
    const wrong: string[] = [];
    for (const meter of master.line.meters) wrong.push(...untruths(plant, meter, await decoded(master, meter)));
    expect(wrong).toEqual([]);
  });

  test('a plant with wire times takes them', async () => {
    const plant = await runningPlant({ kind: 'count', meters: 32 }, { wire: 'serial', thinkMs: [5, 5] });
    const master = await TestMaster.to(lineOf(plant, 0));
    const startedMs = performance.now();
    await master.ask(1, LIVE_BLOCK);
    expect(performance.now() - startedMs).toBeGreaterThan(120);
  });
});

describe('what a meter does not have', () => {
  test('is refused by the exception that the protocol has for it', async () => {
    const plant = await runningPlant({ kind: 'count', meters: 32 });
    const master = await TestMaster.to(lineOf(plant, 0));
    const codeOf = (reply: ModbusReply) => (reply.kind === 'exception' ? reply.code : undefined);
    expect(codeOf(await master.ask(1, { ...LIVE_BLOCK, start: 0x0300 }))).toBe(2);
    expect(codeOf(await master.ask(1, { kind: 'read', function: 4, start: 0x0200, quantity: 2 }))).toBe(1);
    expect(codeOf(await master.ask(1, { kind: 'read', function: 3, start: 0x0200, quantity: 100 }))).toBe(3);
    expect(codeOf(await master.ask(1, { kind: 'writeSingle', function: 6, start: 0x0057, value: 1 }))).toBe(1);
    expect(codeOf(await master.ask(1, { kind: 'writeRegisters', function: 16, start: 0x0100, registers: [1] }))).toBe(
      2,
    );
    expect(
      codeOf(await master.ask(1, { kind: 'writeRegisters', function: 16, start: 0x0057, registers: [9, 9] })),
    ).toBe(2);
  });

  test('no meter at the address: silence on a plain server, exception 0B from a Modbus TCP gateway', async () => {
    const plant = await runningPlant({ kind: 'count', meters: 64 });
    const plain = await TestMaster.to(lineOf(plant, 0));
    plain.send(99, LIVE_BLOCK);
    await pause(60);
    expect(plain.bytes).toHaveLength(0);
    const gateway = await TestMaster.to(lineOf(plant, 1));
    expect(await gateway.ask(99, LIVE_BLOCK)).toEqual({ kind: 'exception', function: 3, code: 0x0b });
  });
});

describe('writes', () => {
  test('force the relay open, closed, and give it back to the meter, and the status word says so', async () => {
    const plant = await runningPlant({ kind: 'count', meters: 64 });
    const master = await TestMaster.to(lineOf(plant, 1));
    const meter = master.line.meters.find(
      ({ meterNumber }) => plant.meter(meterNumber)?.image.status.money === 'normal',
    );
    if (meter === undefined) throw new Error('no ordinary meter on this line');
    const force = async (registers: readonly number[]) => {
      const reply = await master.ask(meter.unitAddress, {
        kind: 'writeRegisters',
        function: 16,
        start: 0x0057,
        registers,
      });
      expect(reply).toEqual({ kind: 'write', function: 16, start: 0x0057, quantity: 2 });
      const { status, values } = await decoded(master, meter);
      return [status.relay, status.forced, values.activePowerW === 0];
    };
    expect(await force([1, 1])).toEqual(['open', 'open', true]);
    expect(await force([1, 0])).toEqual(['closed', 'closed', false]);
    expect(await force([0, 0])).toEqual(['closed', 'none', false]);
  });

  test('a purchase by the vendor’s function raises balance and count, once', async () => {
    const plant = await runningPlant({ kind: 'count', meters: 32 }, { clock: manualClock(START_MS) });
    const master = await TestMaster.to(lineOf(plant, 0));
    const meter = master.line.meters[0];
    if (meter === undefined) throw new Error('no meter');
    const before = await decoded(master, meter);
    const count = (before.values.purchaseCount ?? 0) + 1;
    const buy = { kind: 'writeRegisters', function: 0x20, start: 0x0100, registers: [0, 10_000, count, 0] } as const;
    master.send(meter.unitAddress, buy);
    expect(await master.received(15)).toBe(15);
    expect(await master.ask(meter.unitAddress, buy)).toMatchObject({ kind: 'exception', code: 0x40 });
    const after = await decoded(master, meter);
    expect(after.balanceMinor).toBe((before.balanceMinor ?? 0n) + 10_000n);
    expect(after.values.purchaseCount).toBe(count);
  });

  test('the prepaid window shows thresholds, count, balance and prices as the maker’s tool reads them', async () => {
    const plant = await runningPlant({ kind: 'count', meters: 32 }, { clock: manualClock(START_MS) });
    const master = await TestMaster.to(lineOf(plant, 0));
    const meter = master.line.meters[0];
    const truth = plant.meter(meter?.meterNumber ?? '');
    const reply = await master.ask(meter?.unitAddress ?? 0, { kind: 'read', function: 3, start: 0x004e, quantity: 3 });
    if (reply.kind !== 'read') throw new Error(reply.kind);
    const words = new DataView(reply.data.buffer, reply.data.byteOffset);
    expect(words.getUint16(0)).toBe(truth?.path.purchaseCount);
    expect(BigInt(words.getInt32(2))).toBe(truth?.image.balanceMinor);
  });
});

test('a plant that has stopped has let go of its ports and cut its connections', async () => {
  const plant = await runningPlant({ kind: 'count', meters: 64 });
  const line = lineOf(plant, 0);
  const master = await TestMaster.to(line);
  await plant.stop();
  await expect(TestMaster.to(line)).rejects.toThrow('ECONNREFUSED');
  expect(await until(() => master.closed)).toBe(true);
});
