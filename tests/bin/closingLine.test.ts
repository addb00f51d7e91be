import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Inside the tests, so that Vitest finds what is written there. */
let folder: string;
beforeEach(() => {
  mkdirSync('tests/bin', { recursive: true });
  folder = mkdtempSync(join('tests/bin', 'made-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `npm test` on one file of this content: its exit code and its last line. */
function npmTest(content: string, environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(folder, 'made.test.ts'), `import { expect, test } from 'vitest';\n${content}\n`);
  const { status, stdout } = spawnSync(process.execPath, ['bin/test.mjs', `tests/bin/${basename(folder)}`], {
    encoding: 'utf8',
    env: { ...process.env, REQUIRE_REAL: '', ...environment },
  });
  return { status, lastLine: stdout.split('\n').at(-2) };
}

const GOOD = `test('good', () => { expect(1).toBe(1); });`;

test.for([
  { what: 'all good', content: GOOD, lastLine: '1 passed, 0 failed', status: 0 },
  {
    what: 'one bad',
    content: `${GOOD} test('bad', () => { expect(1).toBe(2); });`,
    lastLine: '1 passed, 1 failed',
    status: 1,
  },
  {
    what: 'a file that cannot be loaded',
    content: `import './missing.ts'; ${GOOD}`,
    lastLine: '0 passed, 1 failed',
    status: 1,
  },
  {
    what: 'an error nobody awaited',
    content: `${GOOD} void Promise.reject(new Error('late'));`,
    lastLine: '1 passed, 1 failed',
    status: 1,
  },
  {
    what: 'a crash of the runner',
    content: `test('crash', () => { process.kill(process.ppid, 'SIGKILL'); });`,
    lastLine: '0 passed, 1 failed',
    status: 1,
  },
  {
    what: 'a process left behind',
    content: `import { spawn } from 'node:child_process';
      test('orphan', () => { spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref(); });`,
    lastLine: '1 passed, 1 failed',
    status: 1,
  },
])('the last line counts: $what', ({ content, lastLine, status }) => {
  expect(npmTest(content)).toEqual({ status, lastLine });
});

const NO_MOSQUITTO = `${GOOD}
  import { describeReal } from '../../support/realParts.ts';
  describeReal('Mosquitto', () => ({ kind: 'missing', reason: 'there is no apt-get' }), () => { test('never', () => {}); });`;

test('the last line counts a real part that is missing as skipped', () => {
  expect(npmTest(NO_MOSQUITTO)).toEqual({ status: 0, lastLine: '1 passed, 0 failed, 1 skipped' });
});

test('the last line counts a real part that is missing and required as failed', () => {
  expect(npmTest(NO_MOSQUITTO, { REQUIRE_REAL: '1' })).toEqual({ status: 1, lastLine: '1 passed, 1 failed' });
});
