import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { openSpool, type Spool } from '#server/platform/spool/index.ts';

/** A spool's room in tests that are not about it, bytes. */
export const SPOOL_ROOM = 1_000_000;

/** A folder that is not there yet and goes with the test. */
export function newSpoolDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'meterwall-spool-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'deep', 'spool');
}

export const reopen = (dir: string, maxBytes = SPOOL_ROOM) => openSpool({ dir, maxBytes, log: silentLog });

export async function appendAll(spool: Spool, texts: readonly string[]): Promise<void> {
  for (const text of texts) await spool.append(Buffer.from(text), text.length);
}

/** Takes up to `count` records out. */
export async function take(spool: Spool, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const record = await spool.peek();
    if (record === undefined) break;
    texts.push(Buffer.from(record).toString());
    await spool.shift();
  }
  return texts;
}

/** Paths of the segments of a folder, oldest first. */
export const segmentsIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(dir, name));
export const bytesIn = (dir: string): number => segmentsIn(dir).reduce((sum, path) => sum + statSync(path).size, 0);
export const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `record ${index}`);
