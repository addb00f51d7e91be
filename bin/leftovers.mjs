import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Children that are already on their way out get this long. */
const GRACE_MS = 3_000;
const POLL_MS = 100;

/**
 * Kills every process that the test run started and left behind, and returns their command lines. They are known by the
 * run's id in their environment, so nobody else's Postgres or browser is ever touched. Linux only; elsewhere finds none.
 */
export async function endLeftovers(runId) {
  const giveUpMs = Date.now() + GRACE_MS;
  let found = processesOf(runId);
  while (found.length > 0 && Date.now() < giveUpMs) {
    await sleep(POLL_MS);
    found = processesOf(runId);
  }
  return found.map(({ pid, command }) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone in the meantime.
    }
    return `${command} (process ${pid})`;
  });
}

function processesOf(runId) {
  const mark = `METERWALL_TEST_RUN=${runId}`;
  return pids().flatMap((pid) => {
    if (!read(`/proc/${pid}/environ`).includes(mark)) return [];
    return [{ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }];
  });
}

function pids() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
