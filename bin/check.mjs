// `npm run check`: every gate that needs no running system, two at a time. Says a line per gate with its time, then the
// whole output of those that failed. Names as arguments run only those gates: `npm run check -- types lint`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const AT_ONCE = 2;

/** The slow ones first, so that the short ones fill the gaps. */
const GATES = [
  { name: 'types-web', program: 'vue-tsc', args: ['-p', 'web'] },
  { name: 'types', program: 'tsc', args: ['-p', '.'] },
  { name: 'lint', program: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'tidy', program: 'vitest', args: ['run', 'tests/tidy.test.ts'] },
  { name: 'imports', program: 'depcruise', args: ['--output-type=err-long', 'server', 'drivers', 'web', 'tests'] },
  { name: 'format', program: 'biome', args: ['check', '--error-on-warnings', '--max-diagnostics=200'] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !GATES.some((gate) => gate.name === name));
if (unknown.length > 0) {
  console.error(`no gate is called ${unknown.join(', ')}; there are ${GATES.map((gate) => gate.name).join(', ')}`);
  process.exit(2);
}

const started = performance.now();
const queue = GATES.filter((gate) => wanted.length === 0 || wanted.includes(gate.name));
const failures = [];
await Promise.all(Array.from({ length: AT_ONCE }, worker));

for (const { gate, output } of failures)
  console.log(`\n── ${gate.name}: ${gate.program} ${gate.args.join(' ')}\n${output}`);
const names = failures.map(({ gate }) => gate.name).join(', ');
console.log(
  failures.length === 0 ? `check passed in ${since(started)}` : `\ncheck failed: ${names} (${since(started)})`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

async function worker() {
  for (let gate = queue.shift(); gate !== undefined; gate = queue.shift()) {
    const gateStarted = performance.now();
    const { code, output } = await run(gate);
    console.log(`${code === 0 ? '✓' : '✗'} ${gate.name.padEnd(10)} ${since(gateStarted)}`);
    if (code !== 0) failures.push({ gate, output });
  }
}

function run({ program, args }) {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, 'node_modules', '.bin', program), args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString().trim() }));
  });
}

function since(startMs) {
  return `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
}
