import type { Tx } from '#server/platform/db/index.ts';
import { type Giving, newCommandId } from './give.ts';
import { isForWindow } from './rows.ts';
import type { NoCutWindow } from './types.ts';
import { selectToldForWindow, type ToldForWindow } from './windowStore.ts';
import { selectOpenBy, selectProtections } from './wishStore.ts';

/** After so many orders of one window that failed, one a day goes on trying. */
const TOLD_QUICKLY_MAX = 3;
/** A meter that did not take its protection is told again after so long. */
const TELL_AGAIN_MS = 10 * 60_000;
const TELL_SLOWLY_MS = 86_400_000;

export interface WindowDeps {
  readonly giving: Giving;
  readonly nowMs: () => number;
  /** Is a command for the meter on its way? */
  readonly inFlight: (meterId: number) => boolean;
}

/**
 * Orders protection until the end of the window for those of its meters that need it still. Left as they are: what a person
 * protects, what anybody tripped, what is told something now, what two persons took out of this window's protection, and what
 * was told already and has taken it, or is to be told again later.
 */
export async function protectOverWindow(tx: Tx, window: NoCutWindow, deps: WindowDeps): Promise<readonly number[]> {
  const { untilMs, reason } = window;
  const nowMs = deps.nowMs();
  const idle = window.meterIds.filter((meterId) => !deps.inFlight(meterId));
  if (idle.length === 0 || untilMs <= nowMs) return [];
  const openBy = await selectOpenBy(tx, idle);
  const held = new Map((await selectProtections(tx, idle)).map((row) => [row.meter_id, row]));
  const told = await selectToldForWindow(tx, idle, new Date(untilMs));
  const due = idle.filter((meterId) => {
    if (openBy.has(meterId)) return false;
    const protection = held.get(meterId);
    if (protection !== undefined && !isForWindow(protection)) return false;
    return isDue(told.get(meterId), protection !== undefined, nowMs);
  });
  for (const meterId of due) {
    await deps.giving.order(tx, {
      ...{ commandId: newCommandId(), meterId, order: { kind: 'protect', untilMs }, reason },
      giver: { rule: 'noCutWindow' },
    });
  }
  return due;
}

/** Is an order of this window due, by what became of the earlier ones? */
function isDue(told: ToldForWindow | undefined, isHeld: boolean, nowMs: number): boolean {
  if (told === undefined) return true;
  const { times, lastState, lastAtMs, takenOut } = told;
  if (takenOut) return false;
  const pauseMs = times < TOLD_QUICKLY_MAX ? TELL_AGAIN_MS : TELL_SLOWLY_MS;
  const rested = nowMs - lastAtMs >= pauseMs;
  // A person protected it meanwhile, and no longer: this window still runs.
  if (!isHeld) return rested;
  return rested && (lastState === 'failed' || lastState === 'rejected');
}
