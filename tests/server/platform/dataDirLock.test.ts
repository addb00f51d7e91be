import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockDataDir } from '#server/platform/dataDirLock.ts';

let dir: string;
beforeAll(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'meterwall-lock-')), 'deep', 'data');
});
afterAll(() => rmSync(join(dir, '..', '..'), { recursive: true, force: true }));

const take = () => lockDataDir(dir);
const lockFile = () => join(dir, 'server.lock');

test('one server has the folder; the next one learns which', () => {
  const first = take();
  expect(first.ok).toBe(true);
  expect(take()).toEqual({ ok: false, pid: process.pid });
  if (first.ok) first.release();
  expect(existsSync(lockFile())).toBe(false);
});

test('a server that was killed has nothing', () => {
  const program = `import { lockDataDir } from '#server/platform/dataDirLock.ts';
    lockDataDir(${JSON.stringify(dir)}); process.kill(process.pid, 'SIGKILL');`;
  const killed = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: process.cwd() });
  expect(killed.signal).toBe('SIGKILL');
  expect(existsSync(lockFile())).toBe(true);
  const next = take();
  expect(next.ok).toBe(true);
  if (next.ok) next.release();
});

test.for<[string, string]>([
  ['another process by now', `${process.ppid} 1`],
  ['ourselves in an earlier life', `${process.pid} 1`],
  ['nothing readable', 'what?'],
  ['an empty file after a power cut', ''],
])('a lock that names %s is taken over', ([, content]) => {
  writeFileSync(lockFile(), content);
  const lock = take();
  expect(lock.ok).toBe(true);
  if (lock.ok) lock.release();
});

test('a release leaves alone what is not its own any more', () => {
  const lock = take();
  writeFileSync(lockFile(), '1 1');
  if (lock.ok) lock.release();
  expect(existsSync(lockFile())).toBe(true);
});

test('a folder that cannot be made is an error at once', () => {
  expect(() => lockDataDir('/proc/meterwall/data')).toThrow();
});
