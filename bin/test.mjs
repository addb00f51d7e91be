// `npm test`: runs Vitest once with the arguments given, cleans up behind it and ends with the line
// `N passed, N failed` (and `, N skipped` when any), alone on the last line, whatever happened before.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killProcess, processesLeft } from '../tests/support/processes.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');

const runId = randomUUID();
const temp = realpathSync(mkdtempSync(join(tmpdir(), 'meterwall-test-')));
// Postgres refuses to run as root, so its unprivileged account must be able to walk through.
chmodSync(temp, 0o711);
const resultPath = join(temp, 'result.json');

const exitCode = await runVitest();
const counts = count(readResult());
// Children that are already on their way out get a moment.
const leftovers = await processesLeft({ environment: `METERWALL_TEST_RUN=${runId}`, folder: temp }, 3_000);
for (const { pid, command } of leftovers) {
  console.error(`left running by a test: ${command} (process ${pid})`);
  killProcess(pid);
}
rmSync(temp, { recursive: true, force: true });

const failed = counts.failed + leftovers.length || (exitCode === 0 ? 0 : 1);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${counts.passed} passed, ${failed} failed${skipped}`);

function runVitest() {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultPath}`];
  const child = spawn(process.execPath, [VITEST, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temp, METERWALL_TEST_RUN: runId },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // Ctrl-C reaches Vitest by itself; we stay to clean up and to say the last line.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function readResult() {
  try {
    return JSON.parse(readFileSync(resultPath, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  }
}

/** A file that could not even be loaded has no failed test in it, and counts as one. */
function count(result) {
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
