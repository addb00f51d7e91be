import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { downloadPackage } from './aptDownload.mjs';
import { withLock } from './lock.mjs';
import { CACHE } from './paths.mjs';
import { SetupError, say } from './say.mjs';

/** Read by tests/support/realParts.ts: {key, atMs, parts: {[name]: {kind: 'found', program, env, version} | {kind: 'missing', reason}}}. */
const RESULT = join(CACHE, 'real-parts.json');
const UNPACKED = join(CACHE, 'real-parts');
/** The servers that tests run against, as the distribution's packages carry them. */
const PARTS = [
  // A newer influxd is another program with other settings; the tests set up a 1.x.
  { name: 'influxd', package: 'influxdb', versionArgs: ['version'], version: /^InfluxDB v1\.[^\s]*/m },
  { name: 'mosquitto', package: 'mosquitto', versionArgs: ['-h'], version: /^mosquitto version \S+/m },
];
/** An ordinary user's PATH has no sbin. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** REAL_PARTS=packaged takes the distribution's packages even where the machine has the programs; none does without. */
const WISHES = ['', 'packaged', 'none'];
/** What could not be brought is not tried again at every start. */
const MISSING_BELIEVED_MS = 60 * 60_000;
const PROBE_MS_MAX = 10_000;
/** For all parts together: a network that is slow or closed must not hold up the tests for longer. */
const BRING_MS_MAX = 180_000;

/**
 * Finds InfluxDB and Mosquitto for the tests, or unpacks the distribution's packages into .cache: the machine itself is
 * left as it is. A part that cannot be had is written down with the reason; whether that is a failure, the tests decide.
 */
export async function prepareRealParts() {
  const wish = process.env.REAL_PARTS ?? '';
  if (!WISHES.includes(wish))
    throw new SetupError(`REAL_PARTS=${wish} is unknown: leave it unset, or packaged, or none.`);
  if (isReady(wish)) return;
  await withLock('real-parts', async () => {
    if (isReady(wish)) return;
    const parts = {};
    const signal = AbortSignal.timeout(BRING_MS_MAX);
    for (const part of PARTS) parts[part.name] = await prepare(part, wish, signal);
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(RESULT, `${JSON.stringify({ key: key(wish), atMs: Date.now(), parts }, null, 2)}\n`);
  });
}

async function prepare(part, wish, signal) {
  const found = await find(part, wish, signal);
  if (found.kind === 'found') say(`tests will use ${found.version} (${found.program})`);
  else say(`no ${part.name} for the tests: ${found.reason}`);
  return found;
}

async function find(part, wish, signal) {
  if (wish === 'none') return { kind: 'missing', reason: 'REAL_PARTS=none' };
  const installed = wish === 'packaged' ? undefined : await probe(part, systemFolders(), {});
  if (installed !== undefined) return installed;
  const folder = join(UNPACKED, part.name);
  const kept = await probeUnpacked(part, folder);
  if (kept !== undefined) return kept;
  say(`bringing ${part.package} from the distribution's packages for the tests …`);
  const reason = await downloadPackage(part.package, folder, signal);
  if (reason !== undefined) return { kind: 'missing', reason };
  const unpacked = await probeUnpacked(part, folder);
  if (unpacked !== undefined) return unpacked;
  rmSync(folder, { recursive: true, force: true });
  return {
    kind: 'missing',
    reason: `the ${part.name} of the distribution does not start, or is not the one looked for`,
  };
}

function probeUnpacked(part, folder) {
  const libraries = [...libraryFolders(folder), process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  return probe(
    part,
    ['usr/sbin', 'usr/bin'].map((bin) => join(folder, bin)),
    { LD_LIBRARY_PATH: libraries },
  );
}

/** A program counts when it runs and says the version looked for. */
async function probe(part, folders, env) {
  const program = folders.map((folder) => join(folder, part.name)).find(isProgram);
  if (program === undefined) return undefined;
  const output = await new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: PROBE_MS_MAX };
    // Some end with an error after telling their version.
    execFile(program, part.versionArgs, options, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
  });
  const version = part.version.exec(output)?.[0];
  return version === undefined ? undefined : { kind: 'found', program, env, version };
}

/** Debian keeps libraries by architecture: lib/x86_64-linux-gnu. */
function libraryFolders(folder) {
  return ['usr/lib', 'lib'].flatMap((name) => {
    const lib = join(folder, name);
    if (!existsSync(lib)) return [];
    const inner = readdirSync(lib).filter((entry) => entry.includes('-linux-'));
    return [...inner.map((entry) => join(lib, entry)), lib];
  });
}

function systemFolders() {
  return [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...SYSTEM_FOLDERS];
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isReady(wish) {
  try {
    const result = JSON.parse(readFileSync(RESULT, 'utf8'));
    if (result.key !== key(wish)) return false;
    const believed = process.env.REQUIRE_REAL !== '1' && Date.now() - result.atMs < MISSING_BELIEVED_MS;
    return PARTS.every(({ name }) => {
      const part = result.parts[name];
      return part.kind === 'found' ? isProgram(part.program) : wish === 'none' || believed;
    });
  } catch {
    return false;
  }
}

/** Another wish asks again; so does a part that was installed meanwhile. */
function key(wish) {
  const installed = PARTS.filter(({ name }) => systemFolders().some((folder) => isProgram(join(folder, name))));
  return [wish, ...installed.map(({ name }) => name), CACHE].join(' ');
}
