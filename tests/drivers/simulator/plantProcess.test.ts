import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compileModel } from '#drivers/codec/index.ts';
import { modelById } from '#drivers/models/index.ts';
import type { PlantHistoryRow, PlantManifest, PlantMessage, PlantRequest } from '#drivers/simulator/manifest.ts';
import { plantSettings } from '#drivers/simulator/plantSettings.ts';
import { HOUR_MS, LIVE_BLOCK, TestMaster, until } from './simulatorSupport.ts';

const PROGRAM = join(import.meta.dirname, '../../../drivers/simulator/main.ts');

interface PlantChild {
  readonly child: ChildProcess;
  readonly manifest: PlantManifest;
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Forks the plant and waits until it is ready. */
async function forkPlant(variables: Readonly<Record<string, string>>): Promise<PlantChild> {
  const child = fork(PROGRAM, [], { env: { PLANT_WIRE: 'off', ...variables }, execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
  const manifest = await new Promise<PlantManifest>((resolve, reject) => {
    child.once('message', (message: PlantMessage) =>
      message.kind === 'ready' ? resolve(message.manifest) : reject(new Error(message.kind)),
    );
    child.once('exit', () => reject(new Error('the plant ended before it was ready')));
  });
  return { child, manifest, ended };
}

function ask(child: ChildProcess, request: PlantRequest): void {
  child.send(request);
}

function firstLine(manifest: PlantManifest) {
  const line = manifest.gateways[0]?.lines[0];
  const meter = line?.meters[0];
  if (line === undefined || meter === undefined) throw new Error('an empty plant');
  return { line, meter };
}

/** What the first meter of the plant says over its socket. */
async function firstReading(manifest: PlantManifest) {
  const { line, meter } = firstLine(manifest);
  const master = await TestMaster.to(line);
  const reply = await master.ask(meter.unitAddress, LIVE_BLOCK);
  const model = modelById(meter.modelId);
  if (reply.kind !== 'read' || model === undefined) throw new Error('no reading');
  return compileModel(model).decode([{ start: 0x0200, count: 48, data: reply.data }], { ctRatio: 1, ptRatio: 1 });
}

function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plant-process-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('the plant as a process', () => {
  test('tells where its gateways listen, answers there, and tells a past that ends below what they say', async () => {
    const { child, manifest } = await forkPlant({ PLANT: '40' });
    const { meter } = firstLine(manifest);
    const rows: PlantHistoryRow[] = [];
    const batches: number[] = [];
    const all = new Promise<void>((resolve) => {
      child.on('message', (message: PlantMessage) => {
        if (message.kind === 'history') {
          rows.push(...message.rows);
          batches.push(message.rows.length);
        }
        if (message.kind === 'historyEnd') resolve();
      });
    });
    const toMs = Date.now();
    ask(child, { kind: 'history', fromMs: toMs - 48 * HOUR_MS, toMs, stepMs: HOUR_MS / 2 });
    await all;
    expect(rows).toHaveLength(40 * 96);
    expect(Math.max(...batches)).toBe(500);
    const own = rows.filter(({ meterNumber }) => meterNumber === meter.meterNumber);
    const { values } = await firstReading(manifest);
    expect(values.energyWh).toBeGreaterThanOrEqual(own.at(-1)?.values['energyWh'] ?? Number.NaN);
  });

  test('ends when it is told to, and when it is asked to by a signal', async () => {
    const told = await forkPlant({ PLANT: '1' });
    ask(told.child, { kind: 'stop' });
    expect(await told.ended).toBe(0);
    const signalled = await forkPlant({ PLANT: '1' });
    signalled.child.kill('SIGTERM');
    expect(await signalled.ended).toBe(0);
  });

  test('never outlives its parent: it ends when the channel closes', async () => {
    const { child, ended } = await forkPlant({ PLANT: '1' });
    child.disconnect();
    expect(await ended).toBe(0);
  });

  test('that is killed has kept what its meters accepted', async () => {
    const state = { PLANT: '8', PLANT_STATE: stateFolder() };
    const first = await forkPlant(state);
    const { line, meter } = firstLine(first.manifest);
    const before = await firstReading(first.manifest);
    const count = (before.values.purchaseCount ?? 0) + 1;
    const master = await TestMaster.to(line);
    master.send(meter.unitAddress, {
      kind: 'writeRegisters',
      function: 0x20,
      start: 0x0100,
      registers: [1, 0, count, 0],
    });
    expect(await master.received(15)).toBe(15);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await forkPlant(state);
    const after = await firstReading(second.manifest);
    expect(after.values.purchaseCount).toBe(count);
    expect(after.values.energyWh).toBeGreaterThanOrEqual(before.values.energyWh ?? Number.NaN);
    expect(firstLine(second.manifest).meter).toEqual(meter);
  });

  test('is steered over its control address, which listens on this machine only', async () => {
    const { manifest } = await forkPlant({ PLANT: '8' });
    const { meter } = firstLine(manifest);
    const { hostname, port } = new URL(manifest.controlUrl);
    expect(hostname).toBe('127.0.0.1');
    // A server that listens everywhere answers on the other loopback too.
    await expect(fetch(`http://[::1]:${port}/faults`)).rejects.toThrow('fetch failed');
    const call = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(new URL(path, manifest.controlUrl), {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const target = { kind: 'meter', meterNumber: meter.meterNumber };
    const set = await call('POST', '/faults', { target, fault: { kind: 'silent' } });
    expect(set.status).toBe(201);
    expect((await call('GET', '/faults')).body).toHaveLength(1);
    expect((await call('DELETE', `/faults/${String(set.body['id'])}`)).status).toBe(200);
    expect((await call('DELETE', '/faults/77')).status).toBe(404);
    expect((await call('POST', '/faults', { target, fault: { kind: 'melted' } })).status).toBe(400);
    expect(
      (await call('POST', '/faults', { target: { ...target, meterNumber: '1' }, fault: { kind: 'silent' } })).status,
    ).toBe(409);
    expect((await call('GET', `/meters/${meter.meterNumber}`)).body).toMatchObject({ meterNumber: meter.meterNumber });
    expect((await call('GET', '/meters/1')).status).toBe(404);
    expect((await call('GET', '/')).status).toBe(404);
  });
});

test('run by hand it prints its address book, and faults are switched from another shell', async () => {
  const child = spawn(process.execPath, [PROGRAM], { env: { PLANT: '8' }, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  expect(await until(() => said.includes('control:'), 15_000)).toBe(true);
  const [controlUrl = ''] = /http:\S+/.exec(said) ?? [];
  expect(said).toContain('8 meters on 1 lines of 1 gateways');
  const shell = spawn(process.execPath, [
    join(PROGRAM, '../faultCommand.ts'),
    controlUrl,
    'gateway-down',
    'GW-0001',
    '--for',
    '60',
  ]);
  let answered = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    answered += text;
  });
  const code = await new Promise((resolve) => {
    shell.once('close', resolve);
  });
  expect(code).toBe(0);
  expect(JSON.parse(answered)).toMatchObject({ fault: { kind: 'down' }, durationSeconds: 60, active: true });
});

describe('settings', () => {
  test('have defaults', () => {
    expect(plantSettings({})).toMatchObject({
      kind: { kind: 'demo' },
      speed: 1,
      wire: 'serial',
      listenHost: '127.0.0.1',
    });
  });

  test.each([
    ['PLANT', 'many'],
    ['PLANT', '0'],
    ['PLANT_SEED', '1.5'],
    ['PLANT_SPEED', '0'],
    ['PLANT_WIRE', 'wet'],
    ['PLANT_PURSE', 'noMoney'],
  ])('that are wrong stop the start with a sentence that names them: %s=%s', (name, value) => {
    expect(() => plantSettings({ [name]: value })).toThrow(name);
  });
});
