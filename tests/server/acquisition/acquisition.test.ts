import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Gateway, LineHealthDto, MeterNow } from '#contract/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import { type Client, startTestServer, type TestServer } from '../../support/server.ts';

/** The plant alone: the server is told of its gateways as people would, over the API. */
let plant: Plant;
let server: TestServer;
let boss: Client;
let propertyId: number;

beforeAll(async () => {
  plant = await startPlant({
    estate: makeEstate({ kind: 'count', meters: 60 }, 7),
    clock: systemClock,
    speed: 1,
    wire: 'off',
    stateFolder: undefined,
    listenHost: '127.0.0.1',
  });
  server = await startTestServer();
  boss = await server.signedIn();
  const { body } = await boss.request('POST', '/api/places', {
    kind: 'property',
    names: { en: 'Test' },
    timeZone: 'Asia/Shanghai',
    currency: 'CNY',
  });
  propertyId = (body as { id: number }).id;
});
afterAll(async () => {
  await server.stop();
  await plant.stop();
});

/** The first line of the plant's gateway, as the body of a request; with some of its meters. */
function lineOf(gatewayIndex: number, meterCount: number) {
  const line = plant.manifest.gateways[gatewayIndex]?.lines[0];
  if (line === undefined) throw new Error('the plant is too small');
  const meters = line.meters.slice(0, meterCount).map((meter) => ({
    placeId: propertyId,
    modelId: meter.modelId,
    unitAddress: meter.unitAddress,
    meterNumber: meter.meterNumber,
    role: 'tenant',
    ctRatio: meter.ctRatio,
    ptRatio: meter.ptRatio,
  }));
  return { name: '1', transport: line.transport, serial: line.serial, meters };
}
async function addGateway(code: string, line: ReturnType<typeof lineOf>): Promise<Gateway> {
  const { status, body } = await boss.request('POST', '/api/gateways', { propertyId, code, lines: [line] });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body as Gateway;
}
const lineIdOf = (gateway: Gateway): number => gateway.lines[0]?.id ?? 0;
async function nowOf(meterId: number): Promise<MeterNow> {
  return (await boss.request('GET', `/api/meters/${meterId}/now`)).body as MeterNow;
}
async function meterIdsOf(gateway: Gateway): Promise<number[]> {
  const { body } = await boss.request('GET', `/api/meters?gatewayId=${gateway.id}&limit=1000`);
  return (body as { items: { id: number }[] }).items.map(({ id }) => id);
}

test('a new gateway shows the values of all its meters within ten seconds, without a restart', async () => {
  const gateway = await addGateway('GW-NEW', lineOf(0, 5));
  const meterIds = await meterIdsOf(gateway);
  expect(meterIds).toHaveLength(5);
  for (const meterId of meterIds) {
    await expect.poll(async () => (await nowOf(meterId)).facts.link, { timeout: 10_000 }).toBe('online');
    const now = await nowOf(meterId);
    const truth = plant.meter(server.app.estate.meter(meterId)?.meter.meterNumber ?? '');
    expect(now.values.energyWh).toBeCloseTo(truth?.image.values.energyWh ?? Number.NaN, -3);
  }
});

describe('a running line', () => {
  let gateway: Gateway;
  let meterIds: number[];

  beforeAll(async () => {
    gateway = await addGateway('GW-RUN', lineOf(1, 3));
    meterIds = await meterIdsOf(gateway);
    const online = async () => expect((await nowOf(meterIds[2] ?? 0)).facts.link).toBe('online');
    await vi.waitFor(online, { timeout: 10_000, interval: 100 });
  });

  test('takes a meter more without losing its connection', async () => {
    const before = (await boss.request('GET', `/api/lines/${lineIdOf(gateway)}/health`)).body as LineHealthDto;
    const [added] = lineOf(1, 4).meters.slice(3);
    const { body } = await boss.request('POST', '/api/meters', { lineId: lineIdOf(gateway), ...added });
    const { id } = body as { id: number };
    await expect.poll(async () => (await nowOf(id)).facts.link, { timeout: 10_000 }).toBe('online');
    const after = (await boss.request('GET', `/api/lines/${lineIdOf(gateway)}/health`)).body as LineHealthDto;
    expect(after.linkSince).toBe(before.linkSince);
    expect(after.requests).toBeGreaterThan(before.requests);
  });

  test('reads a meter at once when a person asks', async () => {
    const before = await nowOf(meterIds[0] ?? 0);
    const { status, body } = await boss.request('POST', `/api/meters/${meterIds[0]}/read`);
    expect(status).toBe(200);
    expect(Date.parse((body as MeterNow).readAt ?? '')).toBeGreaterThan(Date.parse(before.readAt ?? ''));
  });

  test('says which meter does not answer', async () => {
    const meterNumber = server.app.estate.meter(meterIds[1] ?? 0)?.meter.meterNumber ?? '';
    const fault = plant.faults.set({ fault: { kind: 'silent' }, target: { kind: 'meter', meterNumber } });
    const { status, body } = await boss.request('POST', `/api/meters/${meterIds[1]}/read`);
    plant.faults.clear(fault.id);
    expect([status, (body as { code: string }).code]).toEqual([504, 'meter.not-answering']);
  });

  test('carries commands, and what is read back has been through the pipeline by then', async () => {
    const { acquisition } = server.app.measuring;
    const meterId = meterIds[0] ?? 0;
    const before = await acquisition.readPurse(meterId);
    if (before?.ok !== true) throw new Error('no purse');
    const purchase = { kind: 'purchase', amountMinor: 1_234n, count: before.purse.count + 1 } as const;
    expect(await acquisition.execute(meterId, purchase)).toEqual({ sent: true, reply: 'accepted' });
    expect(await acquisition.execute(meterId, { kind: 'relay', mode: 'forcedOpen' })).toMatchObject({ sent: true });
    expect(await acquisition.readBack(meterId)).toMatchObject({ ok: true, reading: { status: { relay: 'open' } } });
    const now = await nowOf(meterId);
    expect(now.facts).toMatchObject({ relay: 'open' });
    expect(now.values.purchaseCount).toBe(before.purse.count + 1);
    const after = await acquisition.readPurse(meterId);
    expect(after?.ok === true ? after.purse.records?.[0] : undefined).toEqual({
      count: before.purse.count + 1,
      amountMinor: 1_234n,
    });
    expect(await acquisition.execute(meterId, { kind: 'relay', mode: 'automatic' })).toMatchObject({ sent: true });
  });

  test('of a meter that is on no line that runs, nothing is asked and nothing sent', async () => {
    const { acquisition } = server.app.measuring;
    const nobody = 999_999;
    expect(await acquisition.execute(nobody, { kind: 'relay', mode: 'forcedOpen' })).toBeUndefined();
    expect(await acquisition.readPurse(nobody)).toBeUndefined();
    expect(await acquisition.readBack(nobody)).toBeUndefined();
  });

  test('stops when its gateway is disabled, says so, and runs again when it is enabled', async () => {
    const patch = async (enabled: boolean): Promise<void> => {
      const { version } = (await boss.request('GET', `/api/gateways/${gateway.id}`)).body as Gateway;
      const { status } = await boss.request('PATCH', `/api/gateways/${gateway.id}`, { version, enabled });
      expect(status).toBe(200);
    };
    await patch(false);
    await expect.poll(async () => (await nowOf(meterIds[0] ?? 0)).facts.link).toBe('lost');
    const { status, body } = await boss.request('POST', `/api/meters/${meterIds[0]}/read`);
    expect([status, (body as { code: string }).code]).toEqual([503, 'meter.line-stopped']);
    const health = (await boss.request('GET', `/api/lines/${lineIdOf(gateway)}/health`)).body as LineHealthDto;
    expect(health.link).toBe('stopped');
    await patch(true);
    await expect.poll(async () => (await nowOf(meterIds[0] ?? 0)).facts.link, { timeout: 10_000 }).toBe('online');
  });
});

test('figures of every line and queue are there for Prometheus', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  for (const name of [
    ...['acquisition_readings_total', 'acquisition_queue_depth', 'acquisition_queue_dropped_total'],
    ...['acquisition_tick_seconds_count', 'line_requests_total{line=', 'line_up{line=', 'telemetry_queued'],
    ...[
      'acquisition_commands_total{reply="accepted"} 3',
      'telemetry_dropped_total',
      'registers_waiting',
      'alarms_open{severity="high"}',
      'live_sockets',
    ],
  ]) {
    expect(text).toContain(`\n${name}`);
  }
  expect(Number(/\nacquisition_readings_total (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
});
