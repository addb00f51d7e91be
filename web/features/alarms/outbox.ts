import type { Deed } from './deeds.ts';

/** An action that was done here and has not been taken by the server, or that it refused later. */
export interface KeptDeed {
  readonly deed: Deed;
  /** In which words it is shown: the first place. */
  readonly place: string;
  readonly state: 'waiting' | 'sent' | 'refused';
  /** When it was sent or refused, ms. */
  readonly atMs?: number;
  /** With `refused`: why, as a catalogue key or as the server's sentence. */
  readonly why?: string;
  /** How many of its alarms were refused. */
  readonly refused?: number;
}

/** Actions that may wait; beyond it the next one is refused here and says so. */
export const WAITING_MAX = 100;
/** What was sent or refused is shown until it is put away, the newest so many. */
const TOLD_MAX = 20;

export interface Outbox {
  /** Oldest first. */
  all(): readonly KeptDeed[];
  /** False when it is full. */
  keep(deed: Deed, place: string): boolean;
  settle(requestId: string, end: Pick<KeptDeed, 'atMs' | 'why' | 'refused'> & { state: 'sent' | 'refused' }): void;
  /** Forgets what is settled; what waits stays. */
  putAway(): void;
}

/** Kept in the browser per user: a reload, a flat battery or another tab finds it again. */
export function createOutbox(storage: Pick<Storage, 'getItem' | 'setItem'>, userId: number): Outbox {
  const key = `meterwall.alarms.outbox.${userId}`;
  const all = (): readonly KeptDeed[] => parse(storage.getItem(key));
  const waiting = (kept: KeptDeed) => kept.state === 'waiting';
  function store(kept: readonly KeptDeed[]): void {
    const told = kept.filter((one) => !waiting(one)).slice(-TOLD_MAX);
    storage.setItem(key, JSON.stringify(kept.filter((one) => waiting(one) || told.includes(one))));
  }
  return {
    all,
    keep(deed, place) {
      const kept = all();
      if (kept.filter(waiting).length >= WAITING_MAX) return false;
      store([...kept, { deed, place, state: 'waiting' }]);
      return true;
    },
    settle: (requestId, end) =>
      store(all().map((kept) => (kept.deed.requestId === requestId ? { ...kept, ...end } : kept))),
    putAway: () => store(all().filter(waiting)),
  };
}

function parse(text: string | null): readonly KeptDeed[] {
  if (text === null) return [];
  try {
    const kept: unknown = JSON.parse(text);
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  } catch {
    return [];
  }
}

function isKept(value: unknown): value is KeptDeed {
  if (typeof value !== 'object' || value === null || !('deed' in value)) return false;
  const { deed } = value;
  return typeof deed === 'object' && deed !== null && 'requestId' in deed && 'ids' in deed && Array.isArray(deed.ids);
}
