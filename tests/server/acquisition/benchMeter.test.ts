import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listCapabilities } from '#contract/capabilities.ts';
import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import { capabilitiesOfWords } from '#drivers/simulator/purseWords.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const PROGRAM = join(import.meta.dirname, '../../../drivers/benchMeter/main.ts');
const CAPABILITIES = capabilitiesOfWords('noRecord,noZero');

let plant: Plant;
let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'bench-meter-'));

beforeAll(async () => {
  plant = await startPlant({
    estate: makeEstate({ kind: 'count', meters: 8 }, 7),
    clock: systemClock,
    speed: 1,
    wire: 'off',
    stateFolder: undefined,
    listenHost: '127.0.0.1',
    capabilities: CAPABILITIES,
  });
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
  await plant.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function benchMeter(password: string): Promise<{ readonly code: unknown; readonly out: string }> {
  const [line] = plant.manifest.gateways.flatMap(({ lines }) => lines);
  const [meter] = line?.meters ?? [];
  if (line === undefined || meter === undefined || line.transport.kind === 'serial') throw new Error('no meter');
  const file = join(folder, 'password');
  writeFileSync(file, `${password}\n`);
  const { host, port } = line.transport;
  const child = spawn(process.execPath, [
    ...[PROGRAM, `${host}:${port}`, String(meter.unitAddress), '--model', meter.modelId, '--yes', '--firmware', '2.1'],
    ...['--server', server.url, '--user', server.app.firstSignIn?.user ?? '', '--password-file', file],
  ]);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  return { code, out };
}

test('what the bench procedure found is recorded at a running server, with model, firmware and who found it', async () => {
  const refused = await benchMeter('not the password');
  expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('does not let') });
  const recorded = await benchMeter(server.app.firstSignIn?.password ?? '');
  expect(recorded).toMatchObject({ code: 0, out: expect.stringContaining('recorded at') });
  const boss = await server.signedIn();
  const { body } = await boss.request(listCapabilities.method, listCapabilities.path);
  expect(body).toMatchObject({
    items: [
      {
        firmware: '2.1',
        simulated: false,
        capabilities: CAPABILITIES,
        foundBy: expect.stringMatching(/./),
      },
    ],
  });
});
