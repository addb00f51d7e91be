import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';

/** Written last, inside what it vouches for: an interrupted installation has none. */
const MARKER = join(ROOT, 'node_modules', '.meterwall-lock');

/** Installs exactly what package-lock.json names, when that was not yet done. */
export async function installPackages() {
  if (isInstalled()) return;
  await withLock('install', async () => {
    if (isInstalled()) return;
    const wanted = lockHash();
    rmSync(MARKER, { force: true });
    say('installing packages (once, about half a minute) …');
    const started = Date.now();
    const result = await npmCi();
    if (result !== 0) {
      throw new SetupError(`npm ci did not succeed (${result}). Put right what it says above, then start again.`);
    }
    writeFileSync(MARKER, wanted);
    say(`packages installed in ${Math.round((Date.now() - started) / 1_000)} s`);
  });
}

function npmCi() {
  // `include` beats a user's or CI's NODE_ENV=production and omit=…: Node, Postgres and Vite come by these groups.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { npm_execpath: npm, npm_node_execpath: npmNode } = process.env;
  // npm runs on the Node that started it, not on the one inside the folder that it is about to replace.
  return npm === undefined ? run('npm', args) : run(npmNode ?? process.execPath, [npm, ...args]);
}

function isInstalled() {
  try {
    return readFileSync(MARKER, 'utf8') === lockHash();
  } catch {
    return false;
  }
}

/** The platform belongs to it: a folder copied to another machine carries the wrong binaries. */
function lockHash() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
}
