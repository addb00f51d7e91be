import type { CommandOutcome, MeterCommand, PurseCapabilities, PurseOutcome, PurseRead } from '#drivers/core/index.ts';

/** What the procedure needs of a meter. */
export interface BenchMeter {
  execute(command: MeterCommand): Promise<CommandOutcome>;
  readPurse(): Promise<PurseOutcome>;
}

/** One capability, and what it was seen by. */
export interface Finding {
  readonly name: keyof PurseCapabilities;
  readonly holds: boolean;
  readonly seen: string;
}

export type BenchResult =
  | { readonly ok: true; readonly findings: readonly Finding[]; readonly left: string }
  | { readonly ok: false; readonly message: string };

/** What is bought and given back: the smallest amount that there is. */
const AMOUNT_MINOR = 1n;
/** Reads before the procedure gives up; each is patient in itself. */
const READS_MAX = 5;
/** Far enough that nothing switches while somebody looks. */
const FAR_MS = 365 * 86_400_000;

class Stuck extends Error {}

/** What one command did to the purse. */
interface Effect {
  readonly before: PurseRead;
  readonly after: PurseRead;
  readonly outcome: CommandOutcome;
  /** Something in the purse is other than it was. */
  readonly moved: boolean;
}

/**
 * Finds out what a meter does with money by telling it and looking: what it answers is never believed. Nothing may be
 * used meanwhile (relay open), or balances would move by themselves. Costs a few cents where the meter gives nothing back.
 * What cannot be seen does not hold.
 */
export async function findCapabilities(meter: BenchMeter, nowMs: () => number): Promise<BenchResult> {
  try {
    return await new Bench(meter, nowMs).run();
  } catch (error) {
    if (error instanceof Stuck) return { ok: false, message: error.message };
    throw error;
  }
}

class Bench {
  readonly #meter: BenchMeter;
  readonly #nowMs: () => number;
  readonly #findings: Finding[] = [];

  constructor(meter: BenchMeter, nowMs: () => number) {
    this.#meter = meter;
    this.#nowMs = nowMs;
  }

  async run(): Promise<BenchResult> {
    const first = await this.#read();
    const bought = await this.#purchase();
    await this.#count(bought);
    await this.#zero();
    await this.#refund();
    await this.#setPurse(first);
    await this.#second();
    const { count, balanceMinor } = await this.#read();
    const left = `count ${first.count} → ${count}, balance ${first.balanceMinor} → ${balanceMinor} (0.01)`;
    return { ok: true, findings: this.#findings, left };
  }

  /** An ordinary purchase: it must work, and shows what can be read of it. */
  async #purchase(): Promise<Effect> {
    const bought = await this.#try(({ count }) => ({ kind: 'purchase', amountMinor: AMOUNT_MINOR, count: count + 1 }));
    const { before, after, outcome } = bought;
    if (after.count !== before.count + 1)
      throw new Stuck(`an ordinary purchase did nothing to the count (${said(outcome)}): this meter cannot be sold to`);
    const record = after.records?.[0];
    this.#found('readRecord', record?.count === after.count && record.amountMinor === AMOUNT_MINOR, 'its last record');
    const cumulative = gained(before.cumulativeMinor, after.cumulativeMinor);
    this.#found('readCumulative', cumulative === AMOUNT_MINOR, 'the sum of all purchases');
    this.#found('readBalance', after.balanceMinor - before.balanceMinor === AMOUNT_MINOR, 'the balance');
    return bought;
  }

  /** The count of before again, and one too high. Neither may do anything, and that must be visible. */
  async #count(bought: Effect): Promise<void> {
    const visible = this.#findings.some(({ holds }) => holds);
    const same = await this.#try(({ count }) => ({ kind: 'purchase', amountMinor: AMOUNT_MINOR, count }));
    const gap = await this.#try(({ count }) => ({ kind: 'purchase', amountMinor: AMOUNT_MINOR, count: count + 2 }));
    const lax = [
      ...(same.moved ? ['took a count again'] : []),
      ...(gap.moved ? ['took a count too high'] : []),
      ...(visible ? [] : ['nothing can be seen of a purchase']),
    ];
    const seqChecked = lax.length === 0;
    this.#found('seqChecked', seqChecked, seqChecked ? 'took neither' : lax.join(', '));
    const own = exceptionOf(same.outcome);
    const others = [exceptionOf(gap.outcome), exceptionOf(bought.outcome)];
    const told = own !== undefined && !others.includes(own);
    this.#found('dupReported', seqChecked && told, `again: ${said(same.outcome)}; too high: ${said(gap.outcome)}`);
  }

  async #zero(): Promise<void> {
    const zero = await this.#try(({ count }) => ({ kind: 'purchase', amountMinor: 0n, count: count + 1 }));
    this.#found('zeroPurchase', zero.after.count === zero.before.count + 1, said(zero.outcome));
  }

  async #refund(): Promise<void> {
    const refund = await this.#try(({ count }) => ({ kind: 'refund', amountMinor: AMOUNT_MINOR, count: count + 1 }));
    const { before, after, outcome } = refund;
    const less =
      before.balanceMinor - after.balanceMinor === AMOUNT_MINOR ||
      gained(before.cumulativeMinor, after.cumulativeMinor) === -AMOUNT_MINOR;
    this.#found('refundCommand', less && after.count === before.count + 1, said(outcome));
  }

  /** Sets what the meter had when it was found, so that it is left as it was. */
  async #setPurse({ balanceMinor, count }: PurseRead): Promise<void> {
    const set = await this.#try(() => ({ kind: 'setPurse', balanceMinor, count }));
    const { after, outcome } = set;
    const holds = set.moved && after.count === count && after.balanceMinor === balanceMinor;
    this.#found('setAbsolute', holds, said(outcome));
  }

  /** The present prices as the other set, to take effect in a year; then at once, which changes nothing and clears it. */
  async #second(): Promise<void> {
    const { prices } = await this.#read();
    if (prices === undefined) {
      this.#found('secondTariffSet', false, 'its prices cannot be read');
      return;
    }
    const switchAtMs = this.#nowMs() + FAR_MS;
    const { after, outcome } = await this.#try(() => ({ kind: 'prices', prices, switchAtMs }));
    const kept = after.backup?.prices.sharp === prices.sharp && after.backup.switchAtMs >= switchAtMs;
    this.#found('secondTariffSet', kept, said(outcome));
    if (kept) await this.#try(() => ({ kind: 'prices', prices, switchAtMs: 0 }));
  }

  async #try(command: (purse: PurseRead) => MeterCommand): Promise<Effect> {
    const before = await this.#read();
    const outcome = await this.#meter.execute(command(before));
    const after = await this.#read();
    return { before, after, outcome, moved: marks(before) !== marks(after) };
  }

  async #read(): Promise<PurseRead> {
    let message = '';
    for (let tries = 0; tries < READS_MAX; tries += 1) {
      const outcome = await this.#meter.readPurse();
      if (outcome.ok) return outcome.purse;
      ({ message } = outcome.error);
    }
    throw new Stuck(`the meter cannot be read: ${message}`);
  }

  #found(name: Finding['name'], holds: boolean, seen: string): void {
    this.#findings.push({ name, holds, seen });
  }
}

/** All that a purchase could change, as one text. */
function marks({ count, balanceMinor, cumulativeMinor, records }: PurseRead): string {
  const kept = records?.map((record) => `${record.count}:${record.amountMinor}`).join(' ');
  return `${count} ${balanceMinor} ${cumulativeMinor} ${kept}`;
}

function gained(before: bigint | undefined, after: bigint | undefined): bigint | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}

function exceptionOf(outcome: CommandOutcome): number | undefined {
  return outcome.sent && outcome.reply === 'refused' ? outcome.exceptionCode : undefined;
}

/** What was answered, for a person. */
function said(outcome: CommandOutcome): string {
  if (!outcome.sent) return `not sent: ${outcome.error.message}`;
  if (outcome.reply === 'accepted') return 'answered yes';
  if (outcome.reply === 'refused') return `refused with exception ${outcome.exceptionCode} (${outcome.why})`;
  return `no answer: ${outcome.error.message}`;
}
