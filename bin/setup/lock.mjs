import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE } from './paths.mjs';
import { SetupError, say } from './say.mjs';

const HEARTBEAT_MS = 2_000;
/** A holder that did not touch its lock for so long is gone (killed, or another machine on a shared folder). */
const STALE_MS = 20_000;
const POLL_MS = 200;
/** A slow network installs in minutes; more than this is a fault that a person should see. */
const WAIT_MAX_MS = 15 * 60_000;

/**
 * Runs `work` while no other setup of this clone does the same. A lock left behind by a killed process is taken over:
 * its process id is dead, or its heartbeat stopped.
 */
export async function withLock(name, work) {
  const path = join(CACHE, `${name}.lock`);
  const token = randomUUID();
  await acquire(path, token);
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (read(path)?.token === token) rmSync(path, { force: true });
  }
}

async function acquire(path, token) {
  mkdirSync(CACHE, { recursive: true });
  const mine = `${path}.${token}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, token }));
  try {
    const giveUpMs = Date.now() + WAIT_MAX_MS;
    let told = false;
    while (!tryLink(mine, path)) {
      const holder = read(path);
      if (holder !== undefined && isStale(path, holder)) {
        takeAway(path, holder, token);
        continue;
      }
      if (Date.now() > giveUpMs) throw new SetupError(`another setup holds ${path}; remove it if none is running`);
      if (!told && holder !== undefined) say(`waiting for another setup of this folder (process ${holder.pid}) …`);
      told = told || holder !== undefined;
      await sleep(POLL_MS);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A hard link appears with its content or not at all: nobody ever reads a half-written lock. */
function tryLink(mine, path) {
  try {
    linkSync(mine, path);
    touch(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock aside; puts it back when, between looking and moving, a living one had taken its place. */
function takeAway(path, seen, token) {
  const aside = `${path}.stale.${token}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (read(aside)?.token !== seen.token) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function isStale(path, holder) {
  if (!isAlive(holder.pid)) return true;
  try {
    return Date.now() - statSync(path).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function touch(path) {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Taken away by hand: the work goes on, the next setup will not wait for us.
  }
}
