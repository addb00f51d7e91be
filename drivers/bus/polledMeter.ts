import type { Block } from '#drivers/codec/index.ts';
import type { Chance, CommError, LineMeter, MeterHealth, MeterModel, SerialSettings } from '#drivers/core/index.ts';
import { backoffMs, METER_BACKOFF } from './backoff.ts';
import { blockKey, type Purpose, planBlocks, splitBlock } from './planner.ts';
import { Slot } from './slot.ts';
import { readLimitMs } from './timing.ts';

/** Weight of the newest reply in the smoothed reply time. */
const REPLY_TIME_WEIGHT = 0.2;

/**
 * How a visit failed: nothing came, or what came was damaged or no answer, or the meter itself said something that was
 * no reading. Only the last is its own word.
 */
export type Failure = 'silent' | 'spoilt' | 'refused';

const LIVE: readonly Purpose[] = ['live'];
const REGISTERS: readonly Purpose[] = ['registers'];
const ALL: readonly Purpose[] = ['live', 'registers'];

/** Blocks by what they are read for. */
type Plans = Map<readonly Purpose[], readonly Block[]>;

const NOTHING: ReadonlySet<number> = new Set();

/** Plans of meters that refuse nothing, by model. */
const plansByModel = new WeakMap<MeterModel, Plans>();

/** One meter as its line sees it: when it is due, what to ask, how it has answered. Knows no frames and no queue. */
export class PolledMeter {
  live: Slot;
  registers: Slot;
  reads = 0;
  failures = 0;
  consecutiveFailures = 0;
  lastFailure: Failure | undefined;
  /** Monotonic; meaningful while `consecutiveFailures` is not 0. */
  backoffUntilMs = 0;
  /** Its place in the rotation of its line; -1 when it was taken off, perhaps while a visit was under way. */
  place = -1;
  lastReplyMs: number | undefined;
  replyTimeMs: number | undefined;
  /** Time of its good answers, and number and time of those that came damaged. */
  answeredMs = 0;
  damaged = 0;
  damagedMs = 0;
  /** Time lost to its silence, and polls that it was owed and did not get. */
  lostMs = 0;
  overruns = 0;
  /** Round in which the meter was last visited; see LineBus. */
  round = -1;
  meter: LineMeter;
  #backoffMs = 0;
  /** Failures since the meter was last heard: what the back-off grows with. */
  #unheard = 0;
  /** Of its own only while it refuses something: the others of its model share their plans. */
  #refused: Set<number> | undefined;
  #plans: Plans;

  /** `phase` in [0, 1): the meter's place in its line. */
  constructor(meter: LineMeter, phase: number, nowMs: number) {
    this.meter = meter;
    this.#plans = plansOf(meter.model);
    this.live = new Slot(meter.livePollMs, phase, nowMs);
    this.registers = new Slot(meter.registerPollMs, phase, nowMs);
  }

  /** Would `meter` be the same thing on the bus, so that its account goes on? */
  isSameDevice({ unitAddress, model }: LineMeter): boolean {
    return unitAddress === this.meter.unitAddress && model.id === this.meter.model.id;
  }

  /** Takes over new settings of the same device; a changed period begins now. */
  reconfigure(meter: LineMeter, phase: number, nowMs: number): void {
    if (meter.livePollMs !== this.meter.livePollMs) this.live = new Slot(meter.livePollMs, phase, nowMs);
    if (meter.registerPollMs !== this.meter.registerPollMs)
      this.registers = new Slot(meter.registerPollMs, phase, nowMs);
    this.meter = meter;
  }

  get failing(): boolean {
    return this.consecutiveFailures > 0;
  }

  get removed(): boolean {
    return this.place < 0;
  }

  /** Takes all slots due at `nowMs`. Returns what the visit is for and how many periods were missed before it. */
  takeDue(nowMs: number): { readonly purposes: readonly Purpose[]; readonly overruns: number } {
    const registersDue = this.registers.dueMs <= nowMs;
    const liveDue = this.live.dueMs <= nowMs || !registersDue;
    const missed = (liveDue ? this.live.take(nowMs) : 0) + (registersDue ? this.registers.take(nowMs) : 0);
    const purposes = registersDue ? (liveDue ? ALL : REGISTERS) : LIVE;
    // A meter in back-off was not late because of the line.
    const overruns = this.failing ? 0 : missed;
    this.overruns += overruns;
    return { purposes, overruns };
  }

  /** The requests that serve `purposes`, by what the meter has refused so far. */
  plan(purposes: readonly Purpose[]): readonly Block[] {
    let plan = this.#plans.get(purposes);
    if (plan === undefined) {
      plan = planBlocks(this.meter.model, purposes, this.#refused ?? NOTHING);
      this.#plans.set(purposes, plan);
    }
    return plan;
  }

  /** The requests of a live poll. */
  planLive(): readonly Block[] {
    return this.plan(LIVE);
  }

  /** Everything a person may want to know. */
  planAll(): readonly Block[] {
    return this.plan(ALL);
  }

  /** Everything and the prepaid side, less what the meter has refused of it. */
  planPurse(): readonly Block[] {
    const blocks = this.meter.model.purse?.blocks ?? [];
    return [...this.planAll(), ...blocks.filter((block) => !(this.#refused?.has(blockKey(block)) ?? false))];
  }

  /** Remembers that the meter does not answer `block` in one piece; returns the parts to ask instead. */
  refuse(block: Block): readonly Block[] {
    const refused = this.#refused ?? new Set();
    this.#refused = refused.add(blockKey(block));
    this.#plans = new Map();
    return splitBlock(this.meter.model, block).filter((part) => !refused.has(blockKey(part)));
  }

  /** The meter refused everything: start over at the next visit, the right meter may stand there by then. */
  forgetRefusals(): void {
    this.#refused = undefined;
    this.#plans = plansOf(this.meter.model);
  }

  /** It said something, be it an answer to a probe or a refusal. `atMs` is wall time. */
  answered(replyTimeMs: number, atMs: number): void {
    const before = this.replyTimeMs ?? replyTimeMs;
    this.replyTimeMs = before + (replyTimeMs - before) * REPLY_TIME_WEIGHT;
    this.answeredMs += replyTimeMs;
    this.lastReplyMs = atMs;
    this.#unheard = 0;
  }

  /** An answer came that could not be read. */
  garbled(ms: number): void {
    this.damaged += 1;
    this.damagedMs += ms;
  }

  succeeded(): void {
    this.reads += 1;
    this.consecutiveFailures = 0;
  }

  failed(failure: Failure, nowMs: number, chance: Chance): void {
    this.failures += 1;
    this.consecutiveFailures += 1;
    // A meter that keeps refusing is left alone ever longer too; one that is heard between its silences is not.
    this.#unheard = failure === 'refused' ? this.consecutiveFailures : this.#unheard + 1;
    this.lastFailure = failure;
    this.#backoffMs = backoffMs(METER_BACKOFF, this.#unheard, chance);
    this.backoffUntilMs = nowMs + this.#backoffMs;
  }

  /**
   * After an outage of the whole line: due at once, for nobody could answer. The back-off goes on growing from where it
   * was, so that what a silent meter may still owe lies far apart (see RtuFraming).
   */
  restart(nowMs: number): void {
    this.live.restart(nowMs);
    this.registers.restart(nowMs);
    this.backoffUntilMs = nowMs;
  }

  /** `wallOffsetMs` turns monotonic into wall time. */
  health(wallOffsetMs: number, serial: SerialSettings): MeterHealth {
    return {
      meterId: this.meter.meterId,
      unitAddress: this.meter.unitAddress,
      reads: this.reads,
      failures: this.failures,
      consecutiveFailures: this.consecutiveFailures,
      backoffUntilMs: this.failing ? Math.round(this.backoffUntilMs + wallOffsetMs) : undefined,
      backoffMs: this.failing ? this.#backoffMs : undefined,
      lastReplyMs: this.lastReplyMs,
      replyTimeMs: this.replyTimeMs,
      answeredMs: this.answeredMs,
      damaged: this.damaged,
      damagedMs: this.damagedMs,
      lostMs: this.lostMs,
      overruns: this.overruns,
      livePollMs: this.meter.livePollMs,
      limitMs: this.planLive().reduce((sum, { count }) => sum + readLimitMs(count, serial), 0),
      liveRequests: this.planLive().length,
    };
  }
}

/** Why a visit failed, as the meter's account sees it: an outage of the line is not the meter's failure. */
export function blamesMeter({ kind }: CommError): boolean {
  return kind !== 'link' && kind !== 'cancelled' && kind !== 'backoff';
}

function plansOf(model: MeterModel): Plans {
  const known = plansByModel.get(model);
  if (known !== undefined) return known;
  const plans: Plans = new Map();
  plansByModel.set(model, plans);
  return plans;
}
