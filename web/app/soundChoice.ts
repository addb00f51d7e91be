/** Whether this screen sounds; kept in its browser. `mutedUntilMs`: silent until then, by the server's clock. */
export interface SoundChoice {
  readonly on: boolean;
  readonly mutedUntilMs: number;
}

export type SoundState = 'on' | 'off' | 'muted' | 'blocked';

const STORAGE_KEY = 'meterwall.sound';

/** What was chosen on this screen; phones begin silent, since they lie in pockets and get notifications. */
export function loadSoundChoice(storage: Pick<Storage, 'getItem'>, isPhone: boolean): SoundChoice {
  const fallback = { on: !isPhone, mutedUntilMs: 0 };
  try {
    const stored: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return fallback;
    const { on, mutedUntilMs }: { on?: unknown; mutedUntilMs?: unknown } = stored;
    return {
      on: typeof on === 'boolean' ? on : fallback.on,
      mutedUntilMs: typeof mutedUntilMs === 'number' ? mutedUntilMs : 0,
    };
  } catch {
    return fallback;
  }
}

export function keepSoundChoice(storage: Pick<Storage, 'setItem'>, choice: SoundChoice): void {
  storage.setItem(STORAGE_KEY, JSON.stringify(choice));
}

/** What the screen says of its sound. `mayPlay`: the browser lets a page sound that somebody has touched. */
export function soundStateOf({ on, mutedUntilMs }: SoundChoice, nowMs: number, mayPlay: boolean): SoundState {
  if (!on) return 'off';
  if (nowMs < mutedUntilMs) return 'muted';
  return mayPlay ? 'on' : 'blocked';
}
