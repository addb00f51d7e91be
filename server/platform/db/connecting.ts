import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';

/** How often a start asks for one connection: with its pauses about 40 s of refusals, two minutes of silence. */
export const START_CONNECTS_MAX = 12;
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 5_000;

/** Postgres says that it cannot now: too many connections (53), on its way up or down (57). Other refusals stay what they are. */
const NOT_NOW = /^5[37]/;

/**
 * A connection of the pool. While `patient`, one that is not to be had is asked for again a bounded number of times with a line
 * in the log: nothing was sent on it, so that whatever was to be done is done once. Rejects with the last refusal.
 */
export async function connectionOf(pool: pg.Pool, log: Log, patient: () => boolean): Promise<pg.PoolClient> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pool.connect();
    } catch (error) {
      if (!patient() || pool.ending || attempt >= START_CONNECTS_MAX || !mayPass(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('the start waits for a connection to the database', { attempt, of: START_CONNECTS_MAX, reason });
      await sleep(Math.min(PAUSE_MS * 2 ** (attempt - 1), PAUSE_MS_MAX));
    }
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || NOT_NOW.test(error.code ?? '');
}
