import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** How to know the processes of one run: by a mark in their environment, or by the folder that they work in. */
export interface ProcessMark {
  /** `NAME=value`, inherited by children that keep our environment. */
  readonly environment: string;
  /** Postgres gets a clean environment, but works in its data folder. */
  readonly folder: string;
}

/** Living processes that carry the mark, so that nobody else's Postgres or browser is ever touched. Linux only. */
export function markedProcesses(mark: ProcessMark): readonly FoundProcess[] {
  return pids().flatMap((pid) => (carries(pid, mark) ? [{ pid, command: commandOf(pid) }] : []));
}

/** Waits until no process carries the mark, at most `waitMs`; returns those that still do. */
export async function processesLeft(mark: ProcessMark, waitMs: number): Promise<readonly FoundProcess[]> {
  const giveUpMs = performance.now() + waitMs;
  let found = markedProcesses(mark);
  while (found.length > 0 && performance.now() < giveUpMs) {
    await sleep(POLL_MS);
    found = markedProcesses(mark);
  }
  return found;
}

export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}

function carries(pid: number, mark: ProcessMark): boolean {
  if (pid === process.pid || isZombie(pid)) return false;
  const folder = linkOf(`/proc/${pid}/cwd`);
  const inFolder = folder === mark.folder || folder.startsWith(`${mark.folder}/`);
  return inFolder || textOf(`/proc/${pid}/environ`).split('\0').includes(mark.environment);
}

/** Ended, and only waiting for its parent to look: it holds nothing any more. */
function isZombie(pid: number): boolean {
  return /\) Z /.test(textOf(`/proc/${pid}/stat`));
}

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
