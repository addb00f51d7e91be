import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { SetupError } from './say.mjs';

/**
 * Path of the Node that the npm scripts will run: the packaged one where the platform has a package, else the machine's.
 * Throws `SetupError` when it is older than package.json's `engines` asks.
 */
export function requireNode() {
  const packaged = join(ROOT, 'node_modules', '.bin', 'node');
  const node = existsSync(packaged) ? packaged : process.execPath;
  const found = versionOf(node);
  const wanted = minimum();
  if (found === undefined) {
    throw new SetupError(
      `${node} does not run on this machine; install Node ${wanted.join('.')} or newer and start again.`,
    );
  }
  if (compare(found, wanted) < 0) {
    throw new SetupError(
      `Node ${found.join('.')} is too old, ${wanted.join('.')} or newer is needed, and there is no packaged one for ` +
        `${process.platform}-${process.arch}. Install a newer Node and start again.`,
    );
  }
  return node;
}

function versionOf(node) {
  if (realpathSync(node) === realpathSync(process.execPath)) return numbers(process.versions.node);
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return status === 0 ? numbers(stdout) : undefined;
}

function minimum() {
  return numbers(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node);
}

function numbers(text) {
  const [major = 0, minor = 0, patch = 0] = (/\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
  return [major, minor, patch];
}

function compare(left, right) {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}
