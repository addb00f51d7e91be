import { DISPLAY_STATES, type DisplayState, MARKS, type ProtectionState, unpackFacts } from '#domain/meterState.ts';
import type { TileStore } from '../../../live/tileStore.ts';
import { glowStep } from './palette.ts';

/** What a tile shows beyond its state, in words; made only for tiles large enough to read. */
export interface TileWords {
  readonly room: string;
  readonly balance: string;
  readonly load: string;
  /** Age of the last answer, for the lost. */
  readonly age: string;
}

/** Everything the painter needs to know about one tile. */
export interface TileView {
  readonly state: DisplayState;
  /** What the state would be if the meter were heard: drawn under the hatch. */
  readonly lastState: DisplayState;
  readonly glow: number;
  readonly relayOpen: boolean;
  readonly relayDisagrees: boolean;
  readonly protection: ProtectionState;
  readonly commandInFlight: boolean;
  readonly unacknowledged: boolean;
}

const STATE_OF_MONEY = {
  notOpened: 'notOpened',
  normal: 'opened',
  alarm1: 'alarm1',
  alarm2: 'alarm2',
  arrears: 'arrears',
} as const;

/** The view of a slot of the live store. */
export function tileView(store: TileStore, slot: number, peakW: number): TileView {
  const { facts, marks } = unpackFacts(store.packedFacts[slot] ?? 0);
  return {
    state: DISPLAY_STATES[store.stateIndex[slot] ?? 0]?.key ?? 'lost',
    lastState: STATE_OF_MONEY[facts.money],
    glow: glowStep(store.loadW[slot] ?? Number.NaN, peakW),
    relayOpen: facts.relay === 'open',
    relayDisagrees: facts.relay === 'disagrees',
    protection: facts.protection,
    commandInFlight: (marks & MARKS.commandInFlight) !== 0,
    unacknowledged: (marks & MARKS.unacknowledgedAlarm) !== 0,
  };
}
