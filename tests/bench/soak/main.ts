import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listPlaces } from '#contract/index.ts';
import { openScreens } from '../support/screens.ts';
import { type System, startSystem } from '../support/system.ts';
import { readOptions, type SoakOptions } from './options.ts';
import { reportPage } from './report.ts';
import { MEASURES, Sampler, type SoakSample } from './sampling.ts';
import { meanOf, slopesOf } from './slopes.ts';
import { openWall } from './wall.ts';

/**
 * `npm run soak -- --hours 1 [--minutes 30] [--meters 2000] [--screens 10] [--store postgres|influx] [--report soak.html]`: the whole
 * system at work, with a plant on emulated lines, and a real wall in a browser; is anything growing? Progress goes to stderr; the last line of stdout
 * is JSON.
 */
const SAMPLE_EVERY_MS = 5_000;
const TELL_EVERY_SAMPLES = 12;

const options = readOptions(process.argv.slice(2));
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

const store = options.store === 'influx' ? await startStore() : undefined;
const system = await startSystem('soak', { PLANT: String(options.meters), ...store?.settings });
say(
  `a plant of ${options.meters} meters, a wall, ${options.screens} screens, ${options.store}: ${options.minutes} minutes`,
);
let samples: readonly SoakSample[];
try {
  samples = await watch(system);
} finally {
  await system.stop();
  await store?.stop();
}
conclude(options, samples);
process.exit(0);

async function watch(watched: System): Promise<readonly SoakSample[]> {
  const propertyId = await until60s(() => propertyOf(watched));
  const screens = await openScreens({
    url: watched.url,
    cookie: watched.api.cookie,
    propertyId,
    count: options.screens,
  });
  const wall = await openWall(watched);
  const sampler = new Sampler(watched, screens, wall);
  const found: SoakSample[] = [];
  const endMs = performance.now() + options.minutes * 60_000;
  await sampler.take();
  while (performance.now() < endMs && !stopping.signal.aborted) {
    await sleep(SAMPLE_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    found.push(await sampler.take());
    if (found.length % TELL_EVERY_SAMPLES === 0) tell(found);
  }
  await Promise.all([screens.stop(), wall.stop()]);
  return found;
}

async function propertyOf({ api }: System): Promise<number | undefined> {
  return (await api.call(listPlaces, {})).items.find(({ kind }) => kind === 'property')?.id;
}

/** The plant is imported beside the start. */
async function until60s<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const giveUpMs = performance.now() + 60_000; performance.now() < giveUpMs; await sleep(500)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error('the simulated plant was not imported within a minute');
}

async function startStore() {
  const { startInflux } = await import('../../support/influx.ts');
  const influx = await startInflux();
  const settings = { INFLUX_URL: influx.url, INFLUX_DATABASE: 'meterwall' };
  return { settings, stop: () => influx.stop() };
}

function tell(all: readonly SoakSample[]): void {
  const last = all.at(-1);
  if (last === undefined) return;
  const figures = MEASURES.map(({ key, unit, decimals }) => `${key} ${last[key].toFixed(decimals)} ${unit}`);
  say(`${(last.atS / 60).toFixed(1)} min  ${figures.join(' · ')}`);
}

function conclude({ minutes, meters, screens, store: kind, report }: SoakOptions, all: readonly SoakSample[]): void {
  const slopes = slopesOf(all);
  const rows = MEASURES.map(({ key, title, unit, decimals }) => ({
    key,
    title,
    unit,
    mean: meanOf(all, key).toFixed(decimals),
    most: Math.max(...all.map((sample) => sample[key])).toFixed(decimals),
    slope: slopes[key].toFixed(decimals + 1),
  }));
  const last = all.at(-1);
  for (const { title, unit, mean, most, slope } of rows) {
    say(`${title.padEnd(44)} mean ${mean} ${unit}, most ${most} ${unit}, ${slope} ${unit} an hour`);
  }
  const told = { name: 'soak', minutes, meters, screens, store: kind, samples: all.length, slopesPerHour: slopes };
  const means = Object.fromEntries(MEASURES.map(({ key }) => [key, Number(meanOf(all, key).toPrecision(4))]));
  const troubles = {
    ...{ disconnects: sum(all, 'disconnects'), dropped: last?.dropped ?? 0, lagging: last?.lagging ?? 0 },
    ...{ wallMissedSeconds: sum(all, 'wallMissedS'), wallStaleSamples: sum(all, 'wallStale') },
  };
  if (report !== undefined) {
    writeFileSync(report, reportPage({ ...told, troubles }, rows, all));
    say(`report: ${report}`);
  }
  process.stdout.write(`${JSON.stringify({ ...told, means, troubles })}\n`);
}

function sum(all: readonly SoakSample[], key: 'disconnects' | 'wallMissedS' | 'wallStale'): number {
  return all.reduce((total, sample) => total + sample[key], 0);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
