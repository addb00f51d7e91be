import type { CommandState } from '#contract/commands.ts';
import {
  DISPLAY_STATES,
  type DisplayState,
  MARKS,
  type ProtectionState,
  type RelayState,
  unpackFacts,
} from '#domain/meterState.ts';
import type { TileStore } from '../../live/tileStore.ts';
import { ABSENT, formatAge, formatMoney, formatNumber, type Translate } from '../../ui/format.ts';
import type { GridTable } from './data/gridTable.ts';

/** Everything that a row says about its meter. */
export interface RowFacts {
  readonly meterId: number;
  /** False until the first snapshot: nothing that follows may be shown yet, not even as lost. */
  readonly known: boolean;
  readonly state: DisplayState;
  readonly relay: RelayState;
  readonly protection: ProtectionState;
  readonly inFlight: boolean;
  readonly unacknowledged: boolean;
  readonly negative: boolean;
  /** Known, but not heard any more: shown quieter. */
  readonly old: boolean;
  readonly balance: string;
  readonly load: string;
  readonly heard: string;
}

export interface RowDeps {
  readonly currency: string;
  readonly nowMs: number;
  readonly t: Translate;
}

/** The facts of a slot as the feed has them now. */
export function rowFacts(table: GridTable, store: TileStore, slot: number, deps: RowDeps): RowFacts {
  const { facts, marks } = unpackFacts(store.packedFacts[slot] ?? 0);
  const heardAtMs = store.heardAtMs[slot] ?? Number.NaN;
  const loadW = store.loadW[slot] ?? Number.NaN;
  const lost = store.known && facts.link === 'lost';
  const minor = store.hasBalance[slot] === 1 ? store.balanceMinor[slot] : undefined;
  return {
    meterId: table.meterId[slot] ?? 0,
    known: store.known,
    state: DISPLAY_STATES[store.stateIndex[slot] ?? 0]?.key ?? 'lost',
    relay: facts.relay,
    protection: facts.protection,
    inFlight: (marks & MARKS.commandInFlight) !== 0,
    unacknowledged: (marks & MARKS.unacknowledgedAlarm) !== 0,
    negative: minor !== undefined && minor < 0n,
    old: lost,
    balance: formatMoney(minor, deps.currency),
    load: Number.isNaN(loadW) || lost ? ABSENT : formatNumber(loadW / 1_000, 2),
    heard: Number.isNaN(heardAtMs) ? ABSENT : formatAge(deps.nowMs - heardAtMs, deps.t),
  };
}

/** How a command's progress is drawn beside a meter. */
export const COMMAND_TONE: Readonly<Record<CommandState, 'waits' | 'moves' | 'good' | 'bad' | 'quiet'>> = {
  awaitingApproval: 'waits',
  queued: 'waits',
  sent: 'moves',
  confirming: 'moves',
  verified: 'good',
  rejected: 'bad',
  failed: 'bad',
  inDoubt: 'bad',
  held: 'quiet',
  stopped: 'quiet',
};
