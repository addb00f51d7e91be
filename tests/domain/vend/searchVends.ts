import { fenceFrameOf, frameOf } from '#domain/vend/delivery.ts';
import { findingOf } from '#domain/vend/evidence.ts';
import { factsAfter, type Machine, type Rule, ruleFor, THE_MACHINE } from '#domain/vend/machine.ts';
import { OPEN_STATES, type ReplyHint, type VendEvent, type VendFacts } from '#domain/vend/types.ts';
import {
  afterFrame,
  type Frame,
  frameKey,
  type Meter,
  meterKey,
  newMeter,
  purseOf,
  type Shows,
  withPurchase,
} from './modelMeter.ts';

/** What can go wrong, and how often. */
export interface World {
  readonly amounts: readonly bigint[];
  readonly path: VendFacts['path'];
  readonly fence: VendFacts['fence'];
  readonly machine: Machine;
  /** What the meter really does; `path` is what we believe of it. */
  readonly meterChecks: boolean;
  readonly shows: Shows;
  /** How an amount below zero is taken out: by the meter's own refund, or by setting balance and count. */
  readonly refunds: 'command' | 'set';
  readonly requestsMax: number;
  readonly duplicates: number;
  readonly snapshots: number;
  readonly hoarding: boolean;
  readonly cards: readonly bigint[];
  readonly cancels: number;
  readonly crashes: number;
  /** Neither a frame nor an answer lives longer than the quiet period. */
  readonly framesDie: boolean;
}

export const BENIGN: World = {
  amounts: [97n],
  path: 'checked',
  fence: 'zero',
  machine: THE_MACHINE,
  meterChecks: true,
  shows: 'records',
  refunds: 'command',
  requestsMax: 3,
  duplicates: 0,
  snapshots: 0,
  hoarding: false,
  cards: [],
  cancels: 1,
  crashes: 1,
  framesDie: false,
};

export interface Verdict {
  readonly states: number;
  readonly edges: number;
  readonly fault: string | undefined;
}

interface State {
  readonly meter: Meter;
  readonly vends: readonly VendFacts[];
  /** What the meter held when each vend was bound; of no interest where nothing is set. */
  readonly bases: readonly (readonly number[])[];
  readonly used: readonly number[];
  readonly frames: readonly Frame[];
  readonly snapshots: readonly Meter[];
  readonly left: {
    readonly duplicates: number;
    readonly snapshots: number;
    readonly cards: number;
    readonly cancels: number;
    readonly crashes: number;
  };
}

const HINTS: readonly ReplyHint[] = ['accepted', 'duplicate', 'refused', 'none'];
const STATES_MAX = 400_000;
const LIMITS = { attemptsMax: Number.POSITIVE_INFINITY, quietMs: 1 };

/** Breadth first through every order of events; ends at the first unsafe state or when there is nothing new. */
export function searchVends(world: World): Verdict {
  const first = startOf(world);
  const ids = new Map<string, number>([[keyOf(first), 0]]);
  const queue: State[] = [first];
  const into: number[][] = [[]];
  const ends: number[] = [];
  let edges = 0;
  for (let id = 0; id < queue.length; id += 1) {
    const state = queue[id];
    if (state === undefined) break;
    const fault = unsafe(state);
    if (fault !== undefined) return { states: ids.size, edges, fault };
    if (state.vends.every((facts) => atRest(facts, world))) ends.push(id);
    for (const next of successors(state, world)) {
      edges += 1;
      const key = keyOf(next);
      let nextId = ids.get(key);
      if (nextId === undefined) {
        nextId = queue.push(next) - 1;
        ids.set(key, nextId);
        into.push([]);
        if (nextId > STATES_MAX) throw new Error('the search does not end');
      }
      into[nextId]?.push(id);
    }
  }
  const stuck = ids.size - reachedBackwards(into, ends);
  return { states: ids.size, edges, fault: stuck === 0 ? undefined : `no end can be reached from ${stuck} states` };
}

/** Persons end what is QUARANTINED once no frame of it can come, which never is where frames do not die. */
function atRest({ state }: VendFacts, { framesDie }: World): boolean {
  return state === 'CONFIRMED' || state === 'CANCELLED' || (state === 'QUARANTINED' && !framesDie);
}

function reachedBackwards(into: readonly (readonly number[])[], ends: readonly number[]): number {
  const seen = new Set(ends);
  const work = [...ends];
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    for (const before of into[id] ?? []) {
      if (!seen.has(before)) {
        seen.add(before);
        work.push(before);
      }
    }
  }
  return seen.size;
}

const isSet = ({ refunds }: World, amountMinor: bigint): boolean => amountMinor < 0n && refunds === 'set';

function startOf(world: World): State {
  const { amounts, path, fence, duplicates, snapshots, cards, cancels, crashes } = world;
  return {
    meter: newMeter(amounts.length),
    vends: amounts.map((amountMinor) => ({
      state: 'QUEUED',
      path: isSet(world, amountMinor) ? 'absolute' : path,
      fence: isSet(world, amountMinor) ? 'quiet' : fence,
      amountMinor,
      bound: undefined,
      attempts: 0,
      doubts: 0,
      cancelAsked: false,
      resendAsked: false,
      lastHint: undefined,
      lastEvidence: undefined,
      lastSentMs: undefined,
    })),
    bases: amounts.map(() => []),
    used: [],
    frames: [],
    snapshots: [],
    left: { duplicates, snapshots, cards: cards.length, cancels, crashes },
  };
}

function unsafe({ vends, meter }: State): string | undefined {
  if (meter.balanceMinor < 0n) return 'more was taken out than was there';
  for (const [index, { state }] of vends.entries()) {
    const times = meter.holds[index] ?? 0;
    if (times > 1) return 'applied twice';
    if (state === 'CONFIRMED' && times === 0) return 'confirmed, not in the meter';
    if (state === 'CANCELLED' && times > 0) return 'cancelled and applied';
  }
  return undefined;
}

function* successors(state: State, world: World): Generator<State> {
  yield* byMeter(state, world);
  const { left } = state;
  if (left.snapshots > 0) {
    // What nobody sees makes no difference to a look, unless something is set by it.
    const seen = world.refunds === 'set' ? state.meter : { ...state.meter, holds: [] };
    const snapshots = [...state.snapshots, seen];
    yield { ...state, snapshots, left: { ...left, snapshots: left.snapshots - 1 } };
  }
  if (left.crashes > 0) yield crashed(state, world);
  for (const [index, facts] of state.vends.entries()) {
    if (left.cancels > 0) {
      for (const next of after(state, index, { kind: 'cancel' }, world))
        yield { ...next, left: { ...left, cancels: left.cancels - 1 } };
    }
    yield* after(state, index, { kind: 'retry' }, world);
    if (facts.state === 'QUEUED') yield* binding(state, index, world);
    if (facts.state === 'RESERVED') yield* after(state, index, { kind: 'send' }, world);
    // Any reply at any time: lost, late, of another vend, a lie.
    if (facts.state === 'SENT') for (const hint of HINTS) yield* after(state, index, { kind: 'reply', hint }, world);
    if (['UNKNOWN', 'FENCING', 'REJECTED', 'QUARANTINED'].includes(facts.state)) yield* readings(state, index, world);
    if (['UNKNOWN', 'REJECTED', 'QUARANTINED'].includes(facts.state)) yield* decided(state, index, world);
  }
}

/** What happens on the other side of the line. */
function* byMeter(state: State, world: World): Generator<State> {
  const { meter, frames, left } = state;
  if (world.hoarding) yield { ...state, meter: { ...meter, refusing: !meter.refusing } };
  const amount = world.cards[left.cards - 1];
  if (amount !== undefined) {
    yield { ...state, meter: withPurchase(meter, amount), left: { ...left, cards: left.cards - 1 } };
  }
  for (const [index, frame] of frames.entries()) {
    const others = frames.toSpliced(index, 1);
    yield { ...state, frames: others };
    yield arrived({ ...state, frames: others }, frame, world);
    if (left.duplicates > 0)
      yield arrived({ ...state, left: { ...left, duplicates: left.duplicates - 1 } }, frame, world);
  }
}

function arrived(state: State, frame: Frame, { meterChecks }: World): State {
  return { ...state, meter: afterFrame(state.meter, frame, meterChecks) };
}

function crashed(state: State, world: World): State {
  const vends = state.vends.map((facts) => {
    const met = ruleFor(facts, { kind: 'restart' }, LIMITS, world.machine);
    return met === undefined ? facts : factsAfter(facts, { kind: 'restart' }, met, 0);
  });
  return { ...state, vends, left: { ...state.left, crashes: state.left.crashes - 1 } };
}

/** One open vend a meter; the read may be a stale one. */
function* binding(state: State, index: number, world: World): Generator<State> {
  const open: readonly string[] = OPEN_STATES;
  if (state.vends.some(({ state: name }) => open.includes(name))) return;
  for (const [meter, rest] of reads(state)) {
    const purse = purseOf(meter, world.shows);
    const seq = purse.count + 1;
    const event: VendEvent = { kind: 'bind', seqUsed: state.used.includes(seq), balanceMinor: purse.balanceMinor };
    const bound = { seq, balanceMinor: purse.balanceMinor, cumulativeMinor: purse.cumulativeMinor, energyWh: 0n };
    const bases = world.refunds === 'set' ? state.bases.with(index, meter.holds) : state.bases;
    yield* after({ ...state, bases, snapshots: rest }, index, event, world, bound);
  }
}

function* readings(state: State, index: number, world: World): Generator<State> {
  const facts = state.vends[index];
  if (facts === undefined) return;
  for (const [meter, rest] of reads(state)) {
    const { evidence } = findingOf(facts, purseOf(meter, world.shows));
    const seen = { ...state, snapshots: rest };
    yield* after(seen, index, { kind: 'read', evidence, atMs: 0 }, world);
    // After the quiet period no frame is under way any more, and an answer is no older: that is what the period is for.
    if (world.framesDie && state.frames.length === 0 && meter === state.meter)
      yield* after(seen, index, { kind: 'read', evidence, atMs: 1 }, world);
  }
}

/** Two persons look at the meter and say what is true at that moment; what is under way they do not see. */
function* decided(state: State, index: number, world: World): Generator<State> {
  const outcome = (state.meter.holds[index] ?? 0) > 0 ? 'confirm' : 'cancel';
  yield* after(state, index, { kind: 'decide', outcome, atMs: 0, samePerson: false }, world);
  if (world.framesDie && state.frames.length === 0)
    yield* after(state, index, { kind: 'decide', outcome, atMs: 1, samePerson: false }, world);
}

/** The meter as it is, or as it was when somebody looked. */
function* reads(state: State): Generator<readonly [Meter, readonly Meter[]]> {
  yield [state.meter, state.snapshots];
  for (const [index, snapshot] of state.snapshots.entries()) yield [snapshot, state.snapshots.toSpliced(index, 1)];
}

/** One step of one vend by the machine, and what it sends: on its way, or lost before it was (a crash in between). */
function* after(
  state: State,
  index: number,
  event: VendEvent,
  world: World,
  bound?: VendFacts['bound'],
): Generator<State> {
  const facts = state.vends[index];
  const met = facts === undefined ? undefined : ruleFor(facts, event, LIMITS, world.machine);
  if (facts === undefined || met === undefined) return;
  const next = settled(facts, event, met, bound);
  const used = usedAfter(state.used, facts, met, bound);
  const moved = { ...state, used, vends: state.vends.with(index, next) };
  yield moved;
  const frame = sentBy(next, met, index, state.bases[index] ?? []);
  if (frame !== undefined && state.frames.length < world.requestsMax)
    yield { ...moved, frames: [...state.frames, frame] };
}

function settled(facts: VendFacts, event: VendEvent, met: Rule, bound: VendFacts['bound']): VendFacts {
  const next = factsAfter(facts, event, met, 0);
  // Bounds the search; nothing asks for more than "ever" and "again".
  return {
    ...next,
    bound: met.act.includes('reserve') ? bound : next.bound,
    attempts: Math.min(next.attempts, 1),
    doubts: Math.min(next.doubts, 1),
  };
}

function usedAfter(used: readonly number[], facts: VendFacts, { act }: Rule, bound: VendFacts['bound']) {
  if (act.includes('reserve') && bound !== undefined)
    return [...new Set([...used, bound.seq])].sort((left, right) => left - right);
  return act.includes('releaseSeq') ? used.filter((seq) => seq !== facts.bound?.seq) : used;
}

function sentBy(facts: VendFacts, { act }: Rule, index: number, base: readonly number[]): Frame | undefined {
  const fence = act.includes('sendFence');
  if (!fence && !act.includes('send')) return undefined;
  const command = fence ? fenceFrameOf(facts) : frameOf(facts);
  if (command.kind !== 'purchase' && command.kind !== 'refund' && command.kind !== 'setPurse')
    throw new Error(`the search knows nothing of ${command.kind}`);
  // A fence of the very amount that was paid for is that amount in the meter, once.
  const ours = !fence || (command.kind === 'purchase' && command.amountMinor === facts.amountMinor);
  return { vend: ours ? index : -1, command, base };
}

function keyOf({ meter, vends, bases, used, frames, snapshots, left }: State): string {
  const vendKeys = vends.map(
    (facts) =>
      `${facts.state},${facts.bound?.seq},${facts.bound?.balanceMinor},${facts.attempts}${facts.doubts}${facts.cancelAsked ? 1 : 0}${facts.resendAsked ? 1 : 0},${facts.lastHint},${facts.lastEvidence},${facts.lastSentMs}`,
  );
  const frameKeys = frames.map(frameKey).sort();
  const { duplicates, cards, cancels, crashes } = left;
  return [
    meterKey(meter),
    ...vendKeys,
    bases.map((base) => base.join('')).join(),
    used.join(),
    frameKeys.join(),
    snapshots.map(meterKey).sort().join(),
    `${duplicates}.${left.snapshots}.${cards}.${cancels}.${crashes}`,
  ].join('|');
}
