import { asKnownNow, backOffMs, fenceFrameOf, frameOf } from '#domain/vend/delivery.ts';
import type { Finding } from '#domain/vend/evidence.ts';
import { factsAfter, type Machine, type Rule, ruleFor, THE_MACHINE } from '#domain/vend/machine.ts';
import type { VendEvent, VendFacts, VendLimits } from '#domain/vend/types.ts';
import type { MeterCommand, PurseRead } from '#drivers/core/index.ts';
import type { Ledger, PostingActor, PostingEntry } from '#server/modules/ledger/types.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { cancelledEntries, confirmedEntries, drawerOf, owedOf, postingOf } from './postings.ts';
import { factsOf, type StoredRead, type VendRow } from './rows.ts';
import {
  insertNews,
  insertSeq,
  insertStep,
  releaseSeq,
  selectVend,
  setReversedBy,
  updateVend,
  type VendChange,
} from './store.ts';

/** Bounds of delivery; parameters, so that a rehearsal need not take hours. */
export interface DeliveryTimes extends VendLimits {
  /** Waits between reads that bring nothing new; the last one for ever. */
  readonly backOffMs: readonly number[];
  /** A worker that says nothing for so long has lost its vend. Longer than a read and a frame take together. */
  readonly leaseMs: number;
}

export const DELIVERY_TIMES: DeliveryTimes = {
  backOffMs: [5_000, 15_000, 60_000, 300_000, 900_000],
  leaseMs: 120_000,
  attemptsMax: 100,
  quietMs: 15 * 60_000,
};

export interface StepperDeps {
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  readonly times: DeliveryTimes;
  /** How such an amount is brought to this meter by what is known of it now; undefined, or left out, where nothing is known. */
  readonly wayOf?: (row: VendRow, amountMinor: bigint) => Pick<VendFacts, 'path' | 'fence'> | undefined;
  /** Another one in tests that show what each guard is good for. */
  readonly machine?: Machine;
  /** What follows from a step that others hear of, in the same transaction. */
  readonly told: (tx: Tx, row: VendRow) => Promise<void>;
  /** After commit. */
  readonly foreignWrite: (row: VendRow) => void;
  readonly news: () => void;
}

/** What comes with an event: what was read, who said it, why. */
export interface StepInput {
  readonly event: VendEvent;
  readonly purse?: PurseRead;
  readonly finding?: Finding;
  readonly cause?: string;
  readonly by?: PostingActor;
  readonly reason?: string;
}

export interface Stepped {
  readonly row: VendRow;
  readonly rule: Rule;
  /** To be handed to the meter after the commit. */
  readonly command: MeterCommand | undefined;
}

/** Somebody else changed the vend meanwhile: nothing was stored. */
export class StaleVend extends Error {
  constructor(id: string) {
    super(`vend ${id} was changed by another`);
    this.name = 'StaleVend';
  }
}

export type Stepper = ReturnType<typeof createStepper>;

const PLATFORM: PostingActor = { userId: undefined, name: 'platform' };

/** Carries out the machine: one event, one transaction, with everything that belongs to it. */
export function createStepper(deps: StepperDeps) {
  const { nowMs, times } = deps;
  const machine = deps.machine ?? THE_MACHINE;

  return {
    /** What is to be compared with a read. */
    factsNow: (row: VendRow): VendFacts => asKnownNow(factsOf(row), deps.wayOf?.(row, row.net_minor)),

    /** Undefined where the event means nothing in the vend's state. Throws `StaleVend`. */
    async step(tx: Tx, row: VendRow, input: StepInput): Promise<Stepped | undefined> {
      const facts = readyFacts(deps, row, input);
      const rule = ruleFor(facts, input.event, times, machine);
      if (rule === undefined) return undefined;
      const atMs = nowMs();
      const next = factsAfter(facts, input.event, rule, atMs);
      const { txn, owedMinor } = await post(deps, tx, {
        row: { ...row, net_minor: facts.amountMinor },
        rule,
        input,
        atMs,
      });
      if (rule.act.includes('releaseSeq') && row.seq !== null) await releaseSeq(tx, row, row.seq);
      const seq = rule.act.includes('reserve') ? await reserve(tx, row, input) : (next.bound?.seq ?? null);
      const change = changeOf({ row, rule, input, next, seq, atMs, times });
      const stored = await updateVend(tx, row, { ...change, owedMinor, confirmedTxn: txn ?? row.confirmed_txn });
      if (stored === undefined) throw new StaleVend(row.id);
      await record(tx, row, stored, rule, input, atMs);
      tx.afterCommit(deps.news);
      if (rule.act.includes('alarmForeign')) tx.afterCommit(() => deps.foreignWrite(stored));
      if (TOLD.has(stored.state) && stored.state !== row.state) await deps.told(tx, stored);
      return { row: stored, rule, command: commandOf(stored, rule) };
    },
  };
}

/** A move takes what the meter holds when it is bound. A look at the meter goes by what is known of it now. */
function readyFacts({ wayOf }: StepperDeps, row: VendRow, { event, purse }: StepInput): VendFacts {
  const facts = factsOf(row);
  if ((event.kind !== 'bind' && event.kind !== 'read') || purse === undefined) return facts;
  const takesAll = row.kind === 'moveOut' && event.kind === 'bind';
  const held = purse.balanceMinor > 0n ? purse.balanceMinor : 0n;
  const ready = takesAll ? { ...facts, amountMinor: -held } : facts;
  return asKnownNow(ready, wayOf?.(row, ready.amountMinor));
}

async function reserve(tx: Tx, row: VendRow, { purse }: StepInput): Promise<number> {
  if (purse === undefined) throw new Error('bound without a read');
  await insertSeq(tx, row, purse.count + 1);
  return purse.count + 1;
}

function commandOf(row: VendRow, { act }: Rule): MeterCommand | undefined {
  if (act.includes('sendFence')) return fenceFrameOf(factsOf(row));
  return act.includes('send') ? frameOf(factsOf(row)) : undefined;
}

interface Posting {
  readonly row: VendRow;
  readonly rule: Rule;
  readonly input: StepInput;
  readonly atMs: number;
}

interface Posted {
  readonly txn: bigint | undefined;
  /** What the customer is to get back of it. */
  readonly owedMinor: bigint;
}

/** The money of an end: the id of its posting where there is one, and what it leaves us owing. */
async function post(deps: StepperDeps, tx: Tx, { row, rule, input, atMs }: Posting): Promise<Posted> {
  const actor = input.by ?? PLATFORM;
  const reason = input.reason ?? row.reason ?? undefined;
  const by = { actor, atMs, ...(reason === undefined ? {} : { reason }) };
  const book = async (step: 'confirmed' | 'cancelled', entries: readonly PostingEntry[]) =>
    entries.length === 0 ? undefined : (await deps.ledger.post(tx, postingOf(row, step, entries, by))).txnId;
  if (rule.act.includes('confirm')) {
    const mirrored = row.kind === 'reversal';
    if (!mirrored) return { txn: await book('confirmed', confirmedEntries(row)), owedMinor: 0n };
    const sale = await reversedSale(tx, row);
    const txn = await mirror(deps, tx, row, sale, { actor, atMs, reason: reason ?? 'reversal' });
    await book('confirmed', drawerEntries(row, sale));
    return { txn, owedMinor: 0n };
  }
  if (!rule.act.includes('release')) return { txn: undefined, owedMinor: row.owed_minor };
  if (row.kind === 'reversal' && row.original_id !== null) await setReversedBy(tx, row.original_id, null);
  const fenced = input.finding?.evidence === 'fenced' && rule.from.includes('FENCING');
  const entries = cancelledEntries(row, fenced);
  return { txn: await book('cancelled', entries), owedMinor: owedOf(entries) };
}

async function reversedSale(tx: Tx, { id, original_id: saleId }: VendRow): Promise<VendRow> {
  const sale = saleId === null ? undefined : await selectVend(tx, saleId);
  if (sale === undefined) throw new Error(`reversal ${id} has no sale`);
  return sale;
}

/** The mirror takes the money from the drawer of who sold; it was handed back out of the drawer of who reverses. */
function drawerEntries(
  row: VendRow,
  { method, user_id: sellerId, paid_minor: paid }: VendRow,
): readonly PostingEntry[] {
  const [sold, gave] = [drawerOf(method ?? 'cash', sellerId), drawerOf(method ?? 'cash', row.user_id)];
  if (sold.subject === gave.subject || paid === 0n) return [];
  return [
    { account: sold, amountMinor: paid },
    { account: gave, amountMinor: -paid },
  ];
}

/** A reversal mirrors both postings of its sale, the last one first, so that the suspense is never short. */
async function mirror(
  { ledger }: StepperDeps,
  tx: Tx,
  row: VendRow,
  sale: VendRow,
  by: { readonly actor: PostingActor; readonly atMs: number; readonly reason: string },
): Promise<bigint | undefined> {
  const txns = [...new Set([sale.confirmed_txn, sale.paid_txn])].filter((txn) => txn !== null);
  let last: bigint | undefined;
  for (const [index, txnId] of txns.entries()) {
    const { actor, atMs: eventAtMs, reason } = by;
    const key = `${row.id}:reversed:${index}`;
    const request = { propertyId: row.property_id, txnId, key, kind: 'sale.reversed', eventAtMs, actor, reason };
    last = (await ledger.reverse(tx, request)).txnId;
  }
  return last;
}

interface Changing {
  readonly row: VendRow;
  readonly rule: Rule;
  readonly input: StepInput;
  readonly next: VendFacts;
  readonly seq: number | null;
  readonly atMs: number;
  readonly times: DeliveryTimes;
}

function changeOf({
  row,
  rule,
  input,
  next,
  seq,
  atMs,
  times,
}: Changing): Omit<VendChange, 'confirmedTxn' | 'owedMinor'> {
  const { act, to } = rule;
  const ended = to === 'CONFIRMED' || to === 'CANCELLED';
  const tries = act.includes('backOff') ? row.tries + 1 : 0;
  const goesOn = act.some((action) => CONTINUES.has(action)) && input.by === undefined;
  const binds = act.includes('reserve');
  const kept = (value: bigint | null): bigint | null => (next.bound === undefined ? null : value);
  return {
    state: to,
    path: next.path,
    fence: next.fence,
    netMinor: next.amountMinor,
    seq,
    boundBalanceMinor: binds ? (input.purse?.balanceMinor ?? null) : kept(row.bound_balance_minor),
    boundCumulativeMinor: binds ? (input.purse?.cumulativeMinor ?? null) : kept(row.bound_cumulative_minor),
    boundEnergyWh: binds ? (input.purse?.energyWh ?? null) : kept(row.bound_energy_wh),
    attempts: next.attempts,
    tries,
    doubts: next.doubts,
    cancelAsked: next.cancelAsked,
    resendAsked: next.resendAsked,
    lastHint: next.lastHint ?? null,
    lastEvidence: next.lastEvidence ?? null,
    lastSentMs: next.lastSentMs,
    cause: causeOf(row, rule, input),
    lastRead: readOf(input) ?? row.last_read,
    balanceAfterMinor: ended ? (input.purse?.balanceMinor ?? null) : row.balance_after_minor,
    weakFence: act.includes('weakFence') || row.weak_fence,
    nextMs: ended ? undefined : nextMsOf(rule, { row, next, atMs, times }),
    leaseMs: goesOn && !ended ? atMs + times.leaseMs : undefined,
    finishedMs: ended ? atMs : undefined,
  };
}

/** Steps after which the same worker goes on at once. */
const CONTINUES: ReadonlySet<string> = new Set(['reserve', 'send', 'sendFence', 'readNow']);

function nextMsOf(
  { act }: Rule,
  { row, next, atMs, times }: Pick<Changing, 'row' | 'next' | 'atMs' | 'times'>,
): number | undefined {
  if (next.state === 'DRAFT') return undefined;
  if (act.includes('backOff')) return atMs + backOffMs(times.backOffMs, row.tries);
  if (act.includes('waitQuiet')) return Math.max(atMs + 1, (next.lastSentMs ?? atMs) + times.quietMs + 1);
  return atMs;
}

/** Why it stands where it stands; forgotten when it goes on. */
function causeOf(row: VendRow, { act, to }: Rule, { event, cause, finding }: StepInput): string | null {
  if (to === 'CONFIRMED' || event.kind === 'approve') return null;
  if (act.includes('alarmForeign')) return 'foreignWrite';
  const now = finding?.cause ?? cause;
  if (now !== undefined) return now;
  return act.includes('reserve') || act.includes('clearRefusal') ? null : row.cause;
}

/** A read as people see it. */
export function readOf({ purse, finding }: Pick<StepInput, 'purse' | 'finding'>): StoredRead | null {
  if (purse === undefined) return null;
  const amount = finding?.amountMinor;
  return {
    at: new Date(purse.receivedMs).toISOString(),
    count: purse.count,
    balanceMinor: String(purse.balanceMinor),
    ...(purse.cumulativeMinor === undefined ? {} : { cumulativeMinor: String(purse.cumulativeMinor) }),
    ...(amount === undefined ? {} : { amountAtCountMinor: String(amount) }),
  };
}

/** States that others hear of. */
const TOLD: ReadonlySet<string> = new Set(['CONFIRMED', 'CANCELLED', 'REJECTED', 'QUARANTINED']);

async function record(tx: Tx, before: VendRow, row: VendRow, rule: Rule, input: StepInput, atMs: number) {
  await insertStep(tx, {
    vend: row,
    atMs,
    event: input.event.kind,
    from: before.state,
    to: row.state,
    cause: row.cause,
    seq: row.seq ?? before.seq,
    read: readOf(input),
    userName: input.by?.name ?? null,
  });
  if (TOLD.has(row.state) && (row.state !== before.state || rule.act.includes('alarmForeign')))
    await insertNews(tx, row);
}
