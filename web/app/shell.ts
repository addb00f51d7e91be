/** Ours alone: pushes what the server sends, and keeps the program of the alarms page for a reload without signal. */
const WORKER = '/sw.js';

/** Keeps the program in this browser; where it cannot (plain http, a private window), pages load from the server as ever. */
export async function keepShell(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(WORKER, { scope: '/', updateViaCache: 'none' });
  } catch {
    // Nothing of a page depends on it.
  }
}

/** Whether the server gives another program than the one that runs here; false while it cannot be asked. */
export async function isAnotherServed(ask: typeof fetch = fetch): Promise<boolean> {
  const here = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute('src');
  if (here === undefined || here === null) return false;
  try {
    const answer = await ask('/', { cache: 'no-store' });
    return answer.ok && !(await answer.text()).includes(`"${here}"`);
  } catch {
    return false;
  }
}
