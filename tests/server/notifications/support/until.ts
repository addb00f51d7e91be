import { setTimeout as sleep } from 'node:timers/promises';

/** Far longer than anything here takes. */
const WAIT_MS = 20_000;

/** Waits until `read` gives something; rejects with what was waited for. */
export async function until<T>(what: string, read: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const giveUpMs = performance.now() + WAIT_MS;
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    if (performance.now() > giveUpMs) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
}
