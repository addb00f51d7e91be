import type { Place } from '#contract/estate.ts';
import type { Session } from '#contract/session.ts';

/** Everything under it is forgotten at the end of a session. */
const PREFIX = 'meterwall.kept.';

/** What the app needs to start without signal. */
export interface KeptApp {
  readonly session: Session;
  readonly properties: readonly Place[];
}

/** Keeps a value in this browser; where it has no room or forbids it, nothing is kept and nothing breaks. */
export function keep(name: string, value: unknown, storage: Pick<Storage, 'setItem'> = localStorage): void {
  try {
    storage.setItem(`${PREFIX}${name}`, JSON.stringify(value));
  } catch {
    // A browser without room: the page works, only not without signal.
  }
}

/** What was kept under this name; undefined where there is nothing or nothing readable. */
export function kept(name: string, storage: Pick<Storage, 'getItem'> = localStorage): unknown {
  try {
    const text = storage.getItem(`${PREFIX}${name}`);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function keepApp(app: KeptApp, storage: Pick<Storage, 'setItem'> = localStorage): void {
  keep('app', app, storage);
}

/** Who worked here last, while that session runs; undefined for nobody. */
export function keptApp(nowMs: number): KeptApp | undefined {
  const app = kept('app');
  if (!isKeptApp(app)) return undefined;
  return Date.parse(app.session.expiresAt) > nowMs ? app : undefined;
}

function isKeptApp(value: unknown): value is KeptApp {
  return (
    typeof value === 'object' &&
    value !== null &&
    'session' in value &&
    typeof value.session === 'object' &&
    'properties' in value &&
    Array.isArray(value.properties)
  );
}

/** At sign-out and when a session ends: the next person at this browser finds nothing. */
export function forgetKept(): void {
  const storage = localStorage;
  const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
  for (const name of names) if (name.startsWith(PREFIX)) storage.removeItem(name);
}
