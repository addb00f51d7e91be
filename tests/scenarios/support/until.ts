import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * Asks again and again until `ask` gives something other than undefined or false, and returns that. Throws after
 * `withinMs` and says `what` was awaited (a function is asked then, to tell how far it came); an `ask` that throws counts as "not yet".
 */
export async function until<T>(
  what: string | (() => string),
  withinMs: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const giveUpMs = performance.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > giveUpMs) {
      const told = typeof what === 'string' ? what : what();
      throw new Error(`not within ${withinMs} ms: ${told}`, { cause: lastError });
    }
    await sleep(POLL_MS);
  }
}
