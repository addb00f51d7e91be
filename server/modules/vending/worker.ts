import { backOffMs } from '#domain/vend/delivery.ts';
import { findingOf } from '#domain/vend/evidence.ts';
import type { ReplyHint } from '#domain/vend/types.ts';
import type { Clock, CommandOutcome, PurseOutcome, PurseRead } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import { type Db, violatedConstraint } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import type { VendRow } from './rows.ts';
import { type DeliveryTimes, readOf, StaleVend, type StepInput, type Stepped, type Stepper } from './stepper.ts';
import { claimDue, dropLeases, noteRead, selectInterrupted, seqIsUsed } from './store.ts';

/** Vends delivered at the same time; more wait in the table. Their lines let one frame at a time through anyway. */
export const DELIVERIES_MAX = 64;
/**
 * And of one line: one has the wire while the other one's step is stored. More would share it so thinly that none of them
 * ends before the next interruption.
 */
export const LINE_DELIVERIES_MAX = 2;
/** Frames for one vend before its worker lets others go first. */
const STEPS_A_TURN_MAX = 12;

export interface WorkerDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly lines: Pick<LineDesk, 'execute' | 'readPurse'>;
  readonly stepper: Stepper;
  readonly times: DeliveryTimes;
  /** True where the clock was set, and the rows that are held are not as they stand any more. */
  readonly followClock?: () => Promise<boolean>;
  /** How often the table is looked at without being told. */
  readonly sweepMs: number;
}

export interface WorkerFigures {
  readonly delivering: number;
  readonly framesSent: number;
  readonly reads: number;
  readonly readsFailed: number;
}

export interface Worker {
  /** Takes up what was under way: nothing is sent before a read. */
  start(): Promise<void>;
  /** There is something to do now. */
  wake(): void;
  figures(): WorkerFigures;
  /** Lets the frames under way come to their end; what they brought is in the table or will be read again. */
  stop(): Promise<void>;
}

/**
 * Brings vends into their meters. The table is the queue: a row is claimed for a time, each step is stored before the next
 * begins, and whatever is lost on the way is found by looking at the table again.
 */
export function createWorker(deps: WorkerDeps): Worker {
  const { db, clock, log } = deps;
  const running = new Map<string, { readonly lineId: number; readonly work: Promise<void> }>();
  const figures = { framesSent: 0, reads: 0, readsFailed: 0 };
  let repetition: ReturnType<typeof repeat> | undefined;
  let stopped = false;
  let awaited = false;
  const failed = (error: Error) => log.warn('vends could not be looked at', { reason: error.message });
  const meter = countedMeter(deps.lines, figures);

  async function sweep(): Promise<void> {
    awaited = false;
    await deps.followClock?.();
    const room = DELIVERIES_MAX - running.size;
    if (room <= 0 || stopped) return;
    const nowMs = clock.nowMs();
    const claimed = await claimDue(db, {
      ...{ nowMs, leaseUntilMs: nowMs + deps.times.leaseMs, rows: room },
      ...{ lineRows: LINE_DELIVERIES_MAX, driven: drivenByLine() },
    });
    for (const row of claimed) {
      const work = drive(deps, meter, row, () => stopped)
        .catch((error: unknown) => log.error('a vend could not be driven', { vend: row.id, error }))
        .finally(() => {
          running.delete(row.id);
          wake();
        });
      running.set(row.id, { lineId: row.line_id, work });
    }
  }
  function drivenByLine(): ReadonlyMap<number, number> {
    const driven = new Map<number, number>();
    for (const { lineId } of running.values()) driven.set(lineId, (driven.get(lineId) ?? 0) + 1);
    return driven;
  }
  /** One look answers everybody who asked before it began. */
  function wake(): void {
    if (stopped || awaited || repetition === undefined) return;
    awaited = true;
    void repetition.runNow().catch(failed);
  }

  return {
    async start() {
      for (const row of await selectInterrupted(db)) {
        await take(deps, row, { event: { kind: 'restart' }, cause: 'restart' });
      }
      // After those steps, which lease what they go on with: nobody drives it yet, and the first sweep shall find it.
      await dropLeases(db);
      repetition = repeat(clock, { everyMs: deps.sweepMs, startNow: true, work: sweep, failed });
    },
    wake,
    figures: () => ({ ...figures, delivering: running.size }),
    async stop() {
      stopped = true;
      await repetition?.stop();
      await Promise.all([...running.values()].map(({ work }) => work));
    },
  };
}

interface Meter {
  read(meterId: number): Promise<PurseOutcome | undefined>;
  send(meterId: number, command: NonNullable<Stepped['command']>): Promise<CommandOutcome | undefined>;
}

function countedMeter(
  lines: WorkerDeps['lines'],
  figures: { framesSent: number; reads: number; readsFailed: number },
): Meter {
  return {
    async read(meterId) {
      const outcome = await lines.readPurse(meterId);
      figures.reads += 1;
      if (outcome?.ok !== true) figures.readsFailed += 1;
      return outcome;
    },
    send(meterId, command) {
      figures.framesSent += 1;
      return lines.execute(meterId, command);
    },
  };
}

/** Goes on with one vend until it waits for time, for a person, or is at rest. */
async function drive(deps: WorkerDeps, meter: Meter, claimed: VendRow, stopped: () => boolean): Promise<void> {
  let row: VendRow | undefined = claimed;
  // Claimed in the middle of a step: whoever was at it is gone.
  if (row.state === 'RESERVED' || row.state === 'SENT')
    row = (await take(deps, row, { event: { kind: 'restart' } }))?.row;
  for (let steps = 0; row !== undefined && steps < STEPS_A_TURN_MAX && !stopped(); steps += 1) {
    row = row.state === 'RESERVED' ? await send(deps, meter, row) : await look(deps, meter, row);
  }
}

/** Reads the meter and does what follows; the row as far as there is more to do now. */
async function look(deps: WorkerDeps, meter: Meter, row: VendRow): Promise<VendRow | undefined> {
  const outcome = await meter.read(row.meter_id);
  if (outcome?.ok !== true) {
    const cause = outcome === undefined ? 'lineStopped' : outcome.error.kind;
    await take(deps, row, { event: { kind: 'readFailed' }, cause });
    return undefined;
  }
  // Its row has moved with the clock: whoever claims it next looks again.
  if ((await deps.followClock?.()) === true) return undefined;
  const input = row.seq === null ? await bindInput(deps, row, outcome.purse) : readInput(deps, row, outcome.purse);
  const later = resendLaterMs(deps, row, input);
  if (later !== undefined) {
    await noteRead(deps.db, row, { read: readOf(input), cause: row.cause, nextMs: later });
    return undefined;
  }
  return follow(deps, meter, await take(deps, row, input));
}

async function bindInput({ db }: WorkerDeps, row: VendRow, purse: PurseRead): Promise<StepInput> {
  const seqUsed = await seqIsUsed(db, row.meter_id, purse.count + 1);
  const event = { kind: 'bind', seqUsed, balanceMinor: purse.balanceMinor } as const;
  return { event, purse, ...(seqUsed ? { cause: 'countUsed' } : {}) };
}

function readInput({ stepper }: WorkerDeps, row: VendRow, purse: PurseRead): StepInput {
  const finding = findingOf(stepper.factsNow(row), purse);
  return { event: { kind: 'read', evidence: finding.evidence, atMs: purse.atMs }, purse, finding };
}

/** A frame that did not arrive is not sent again at once, and each time later; until then the read counts as not made. */
function resendLaterMs({ clock, times }: WorkerDeps, row: VendRow, { finding }: StepInput): number | undefined {
  if (finding?.evidence !== 'notYet' || row.last_sent_at === null || row.last_hint === 'refused') return undefined;
  if (row.state === 'UNKNOWN' && row.cancel_asked) return undefined;
  const atMs = row.last_sent_at.getTime() + backOffMs(times.backOffMs, Math.max(0, row.attempts - 1));
  return atMs > clock.nowMs() ? atMs : undefined;
}

/** Hands a frame over, only now that the step is stored. */
async function send(deps: WorkerDeps, meter: Meter, row: VendRow): Promise<VendRow | undefined> {
  return follow(deps, meter, await take(deps, row, { event: { kind: 'send' } }));
}

async function follow(deps: WorkerDeps, meter: Meter, stepped: Stepped | undefined): Promise<VendRow | undefined> {
  if (stepped === undefined) return undefined;
  const { row, rule, command } = stepped;
  if (command === undefined) return rule.act.some((act) => act === 'reserve' || act === 'readNow') ? row : undefined;
  const outcome = await meter.send(row.meter_id, command);
  const cause = causeOf(outcome);
  const input: StepInput = {
    event: { kind: 'reply', hint: hintOf(outcome) },
    ...(cause === undefined ? {} : { cause }),
  };
  return (await take(deps, row, input))?.row;
}

/** One step in one transaction. Undefined where there is nothing more to do: it means nothing, or another was faster. */
async function take({ db, stepper, clock, times, log }: WorkerDeps, row: VendRow, input: StepInput) {
  try {
    return await db.tx((tx) => stepper.step(tx, row, input));
  } catch (error) {
    if (error instanceof StaleVend) return undefined;
    const constraint = violatedConstraint(error);
    if (constraint !== 'vend_seq_once_key' && constraint !== 'vend_one_open_key') throw error;
    // Another vend of this meter was faster: it goes first.
    log.info('a vend waits for another one of its meter', { vend: row.id, constraint });
    await noteRead(db, row, { read: null, cause: 'meterBusy', nextMs: clock.nowMs() + backOffMs(times.backOffMs, 0) });
    return undefined;
  }
}

/** Modbus exception 03: the meter does not take this value, now or later; busy meters and gateways answer otherwise. */
const ILLEGAL_VALUE = 3;

/** Refusals that the meter would repeat; all others say only that a read is due. */
function hintOf(outcome: CommandOutcome | undefined): ReplyHint {
  if (outcome === undefined || !outcome.sent) return 'unsent';
  if (outcome.reply !== 'refused') return outcome.reply;
  if (outcome.why === 'duplicate' || outcome.why === 'count') return 'duplicate';
  const definite = outcome.why !== 'other' || outcome.exceptionCode === ILLEGAL_VALUE;
  return definite ? 'refused' : 'none';
}

function causeOf(outcome: CommandOutcome | undefined): string | undefined {
  if (outcome === undefined) return 'lineStopped';
  if (!outcome.sent) return outcome.error.kind;
  if (outcome.reply === 'none') return outcome.error.kind;
  return outcome.reply === 'refused' ? `refused.${outcome.why}` : undefined;
}
