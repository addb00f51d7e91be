import type { LiveFrame, MeterChange } from '#contract/liveCodec.ts';
import { DISPLAY_STATES, displayState, packFacts, unpackFacts } from '#domain/meterState.ts';

/** Bits of `packFacts` that decide the display state; marks lie above. */
const FACT_BITS = 9;
/** A meter of which nothing was heard is lost until proven otherwise. */
export const UNKNOWN_FACTS = packFacts({ money: 'normal', link: 'lost', relay: 'unknown', protection: 'none' }, 0);

/** Packed facts → row of DISPLAY_STATES, for every combination. */
const STATE_OF_FACTS = Uint8Array.from({ length: 1 << FACT_BITS }, (_, packed) =>
  DISPLAY_STATES.findIndex((row) => row.key === displayState(unpackFacts(packed).facts)),
);

/** Row of DISPLAY_STATES for packed facts with or without marks. */
export function stateIndexOf(packedFacts: number): number {
  return STATE_OF_FACTS[packedFacts & ((1 << FACT_BITS) - 1)] ?? 0;
}

/**
 * The live half of a property's wall: one slot per meter, in typed arrays outside Vue's reactivity, because twenty thousand
 * tiles that change a thousand times a second must cost nothing but themselves. The renderer takes the list of changes.
 */
export interface TileStore {
  readonly size: number;
  /** Slot of a meter; undefined when the layout does not know it. */
  slotOf(meterId: number): number | undefined;
  readonly packedFacts: Uint16Array;
  /** Row of DISPLAY_STATES. */
  readonly stateIndex: Uint8Array;
  /** W; NaN = absent. */
  readonly loadW: Float64Array;
  readonly balanceMinor: BigInt64Array;
  readonly hasBalance: Uint8Array;
  /** Server time of the last answer, ms; NaN = never. */
  readonly heardAtMs: Float64Array;
  /** Meters per row of DISPLAY_STATES; the sum is always `size`. */
  readonly counts: Uint32Array;
  /** Frames named meters that the layout does not know: it is out of date. */
  readonly unknownMeters: number;
  /** Grows by one with every frame. */
  readonly revision: number;
  /** False until the first snapshot: nothing may be shown as a state yet, not even as lost. */
  readonly known: boolean;
  /** Replaces everything: meters that the snapshot does not name become unknown. */
  applySnapshot(frame: LiveFrame): void;
  applyDelta(frame: LiveFrame): void;
  /** Calls back once for every slot that changed since the last call. */
  takeChanges(onSlot: (slot: number) => void): void;
}

/** A store for the meters of a layout, in its order. All begin as unknown. */
export function createTileStore(meterIds: readonly number[]): TileStore {
  const size = meterIds.length;
  const slots = new Map(meterIds.map((id, slot) => [id, slot]));
  const packedFacts = new Uint16Array(size);
  const stateIndex = new Uint8Array(size);
  const loadW = new Float64Array(size);
  const balanceMinor = new BigInt64Array(size);
  const hasBalance = new Uint8Array(size);
  const heardAtMs = new Float64Array(size);
  const counts = new Uint32Array(DISPLAY_STATES.length);
  const changedSlots = new Uint32Array(size);
  const isChanged = new Uint8Array(size);
  let changedCount = 0;
  let unknownMeters = 0;
  let revision = 0;

  function touch(slot: number): void {
    if (isChanged[slot] === 1) return;
    isChanged[slot] = 1;
    changedSlots[changedCount++] = slot;
  }

  function setFacts(slot: number, packed: number): void {
    const before = stateIndex[slot] ?? 0;
    const after = stateIndexOf(packed);
    packedFacts[slot] = packed;
    stateIndex[slot] = after;
    counts[before] = (counts[before] ?? 0) - 1;
    counts[after] = (counts[after] ?? 0) + 1;
  }

  function forget(): void {
    counts.fill(0);
    packedFacts.fill(UNKNOWN_FACTS);
    stateIndex.fill(stateIndexOf(UNKNOWN_FACTS));
    counts[stateIndexOf(UNKNOWN_FACTS)] = size;
    loadW.fill(Number.NaN);
    hasBalance.fill(0);
    heardAtMs.fill(Number.NaN);
    for (let slot = 0; slot < size; slot++) touch(slot);
  }

  function applyChange(change: MeterChange, atMs: number): void {
    const slot = slots.get(change.meterId);
    if (slot === undefined) {
      unknownMeters++;
      return;
    }
    if (change.packedFacts !== undefined) setFacts(slot, change.packedFacts);
    if (change.loadW !== undefined) loadW[slot] = change.loadW ?? Number.NaN;
    if (change.balanceMinor !== undefined) {
      hasBalance[slot] = change.balanceMinor === null ? 0 : 1;
      balanceMinor[slot] = change.balanceMinor ?? 0n;
    }
    if (change.heardAgoS !== undefined)
      heardAtMs[slot] = change.heardAgoS === null ? Number.NaN : atMs - change.heardAgoS * 1_000;
    touch(slot);
  }

  forget();
  return {
    size,
    slotOf: (meterId) => slots.get(meterId),
    packedFacts,
    stateIndex,
    loadW,
    balanceMinor,
    hasBalance,
    heardAtMs,
    counts,
    get unknownMeters() {
      return unknownMeters;
    },
    get revision() {
      return revision;
    },
    get known() {
      return revision > 0;
    },
    applySnapshot(frame) {
      unknownMeters = 0;
      forget();
      for (const change of frame.changes) applyChange(change, frame.atMs);
      revision++;
    },
    applyDelta(frame) {
      for (const change of frame.changes) applyChange(change, frame.atMs);
      revision++;
    },
    takeChanges(onSlot) {
      const count = changedCount;
      changedCount = 0;
      for (let index = 0; index < count; index++) {
        const slot = changedSlots[index] ?? 0;
        isChanged[slot] = 0;
        onSlot(slot);
      }
    },
  };
}
