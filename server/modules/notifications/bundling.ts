import type { NotifyChannel } from '#contract/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { fillBundle, insertBundle, selectPressure } from './bundleStore.ts';

/** Messages about single alarms that a receiver gets within the window; what is more becomes one message with a count. */
export const SINGLES_MAX: Readonly<Record<NotifyChannel, number>> = { push: 5, email: 5, webhook: 60 };
export const FLOOD_WINDOW_MS = 60_000;
/** A bundle waits so long for more of the same flood. */
const GATHER_MS = 5_000;

/** Bundles what is too much for one of these receivers; returns how many messages went into bundles. */
export async function bundleFloods(tx: Tx, receivers: Iterable<string>, nowMs: number): Promise<number> {
  const touched = [...new Set(receivers)];
  if (touched.length === 0) return 0;
  const now = new Date(nowMs);
  let bundled = 0;
  for (const pressure of await selectPressure(tx, touched, new Date(nowMs - FLOOD_WINDOW_MS))) {
    const { receiver, singles, open_bundle: open, last_bundle_at: last } = pressure;
    if (open === null && singles <= singlesMax(receiver)) continue;
    const dueMs = Math.max(nowMs + GATHER_MS, last === null ? 0 : last.getTime() + FLOOD_WINDOW_MS);
    const bundle = open ?? (await insertBundle(tx, receiver, new Date(dueMs), now));
    bundled += await fillBundle(tx, bundle, receiver, now);
  }
  return bundled;
}

function singlesMax(receiver: string): number {
  if (receiver.startsWith('webhook:')) return SINGLES_MAX.webhook;
  return receiver.startsWith('push:') ? SINGLES_MAX.push : SINGLES_MAX.email;
}
