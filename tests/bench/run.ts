import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Bench, holds, judgedText, rounded } from './support/bench.ts';

/**
 * Runs one bench in this process: `node tests/bench/run.ts <name>`. Figures for the eye, and those that are judged as well, go to stderr; the last line of
 * stdout is {name, value, unit, limit, ratio, aimHolds} as JSON.
 */
const name = process.argv[2] ?? '';
const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
if (!/^[a-z][a-zA-Z0-9-]*$/.test(name) || name === 'run' || !existsSync(path)) {
  process.stderr.write(`there is no bench "${name}"\n`);
  process.exit(2);
}

const { bench }: { bench: Bench } = await import(path);
const measured = await bench.run((line) => process.stderr.write(`  ${line}\n`));
for (const judged of measured.also ?? []) process.stderr.write(`  ${judgedText(judged)}\n`);
for (const [key, value] of Object.entries(measured.notes ?? {})) process.stderr.write(`  ${key}: ${value}\n`);
const figure = (value: number | undefined) => (value === undefined ? null : rounded(value));
process.stdout.write(
  `${JSON.stringify({
    name: bench.name,
    value: rounded(measured.value),
    unit: bench.unit,
    limit: figure(measured.limit),
    ratio: figure(measured.ratio),
    aimHolds: holds(bench.aim, measured),
  })}\n`,
);
process.exit(0);
