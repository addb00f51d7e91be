import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const LOCK = pathToFileURL('bin/setup/lock.mjs').href;
const CACHE = '.cache';

let folder: string;
let journal: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterwall-lock-'));
  journal = join(folder, 'journal');
  appendFileSync(journal, '');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process that takes the lock, writes when it enters and leaves, and stays inside for `insideMs`. */
function contender(lock: string, insideMs: number) {
  const script = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(LOCK)};
    await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(journal)}, 'in\\n');
      await new Promise((resolve) => setTimeout(resolve, ${insideMs}));
      appendFileSync(${JSON.stringify(journal)}, 'out\\n');
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  children.push(child);
  const ended = new Promise<number | undefined>((resolve) => child.once('exit', (code) => resolve(code ?? undefined)));
  return { child, ended };
}

const entries = () => readFileSync(journal, 'utf8').trim().split('\n');

test('of several setups at once, one works and the others wait for it', async () => {
  const lock = `test-${randomUUID()}`;
  const codes = await Promise.all(Array.from({ length: 5 }, () => contender(lock, 30).ended));
  expect(codes).toEqual([0, 0, 0, 0, 0]);
  expect(entries()).toEqual(Array.from({ length: 5 }, () => ['in', 'out']).flat());
  expect(existsSync(join(CACHE, `${lock}.lock`))).toBe(false);
});

test('the lock of a killed setup is taken over by exactly one of those who wait', async () => {
  const lock = `test-${randomUUID()}`;
  const dead = contender(lock, 60_000);
  while (!entries().includes('in')) await sleep(20);
  const waiting = Array.from({ length: 3 }, () => contender(lock, 30).ended);
  await sleep(100);
  expect(entries()).toEqual(['in']);
  dead.child.kill('SIGKILL');
  expect(await Promise.all(waiting)).toEqual([0, 0, 0]);
  expect(entries()).toEqual(['in', 'in', 'out', 'in', 'out', 'in', 'out']);
});
