import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench } from './support/bench.ts';
import { START_FLAGS } from './support/serverProcess.ts';

const ROWS = 1_000_000;
const PEAK_MB_MAX = 250;

/** Ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux of ours. */
const TICKS_PER_SECOND = 100;

/** Processor time of a process since its start, user and system, s. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The most memory that a process ever held, MB. */
function peakMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000;
}

export const bench: Bench = {
  name: 'xlsx',
  what: '1,000,000 rows × 12 as a workbook over HTTP: rows a second; at most 250 MB at any time',
  unit: 'rows/s',
  aim: { of: 'value', least: 60_000 },
  async run(say) {
    const program = fileURLToPath(new URL('./support/xlsxProcess.ts', import.meta.url));
    const child = spawn(process.execPath, [...START_FLAGS, program, String(ROWS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line]: unknown[] = await once(child.stdout, 'data');
      const url = String(line).trim();
      const pid = child.pid ?? 0;
      const idleMb = peakMb(pid);
      const idleCpu = cpuSeconds(pid);
      const started = performance.now();
      const answer = await fetch(`${url}/api/file`, { headers: { cookie: 'mw_session=x' } });
      let bytes = 0;
      let firstMs: number | undefined;
      for await (const chunk of answer.body ?? []) {
        firstMs ??= performance.now() - started;
        bytes += chunk.length;
      }
      const seconds = (performance.now() - started) / 1_000;
      const mostMb = peakMb(pid);
      const cpu = cpuSeconds(pid) - idleCpu;
      say(`${Math.round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s, first byte after ${Math.round(firstMs ?? 0)} ms`);
      if (mostMb > PEAK_MB_MAX) throw new Error(`it held ${Math.round(mostMb)} MB, at most ${PEAK_MB_MAX} are allowed`);
      const notes = { 'peak of the process, MB': mostMb, 'idle, MB': idleMb, 'processor, s': cpu };
      return { value: ROWS / seconds, notes };
    } finally {
      child.kill();
    }
  },
};
