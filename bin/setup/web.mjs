import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';

/** All that the bundle is made of. */
const SOURCES = ['web', 'server/contract', 'server/domain', 'drivers/core', 'package.json', 'package-lock.json'];
const DIST = join(ROOT, 'web', 'dist');
const HASH_FILE = '.build-hash';

/** Builds the web client when its sources are not those of the last build. A running server never sees half a build. */
export async function buildWeb(node) {
  if (isBuilt()) return;
  await withLock('web', async () => {
    if (isBuilt()) return;
    const wanted = sourceHash();
    const fresh = join(CACHE, `web-${process.pid}`);
    say('building the web client …');
    const started = Date.now();
    const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
    const flags = ['--config', 'web/vite.config.ts', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'];
    const result = await run(node, [vite, 'build', ...flags]);
    if (result !== 0) {
      rmSync(fresh, { recursive: true, force: true });
      throw new SetupError(`the web client could not be built (${result}); the reason is above.`);
    }
    writeFileSync(join(fresh, HASH_FILE), wanted);
    swapIn(fresh);
    say(`web client built in ${((Date.now() - started) / 1_000).toFixed(1)} s`);
  });
}

/** Two renames: for some microseconds there is no client, never a mixed one. */
function swapIn(fresh) {
  const old = `${fresh}-old`;
  mkdirSync(DIST, { recursive: true });
  renameSync(DIST, old);
  renameSync(fresh, DIST);
  rmSync(old, { recursive: true, force: true });
}

function isBuilt() {
  const path = join(DIST, HASH_FILE);
  return existsSync(path) && readFileSync(path, 'utf8') === sourceHash();
}

function sourceHash() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const path of filesUnder(join(ROOT, source))) {
      hash.update(relative(ROOT, path)).update('\0').update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

function filesUnder(path) {
  if (path === DIST || !existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}
