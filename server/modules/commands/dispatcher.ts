import { judgeCommand } from '#domain/commandRules.ts';
import type { Clock, RelayMode, TimerHandle } from '#drivers/core/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { Clearance } from './clearance.ts';
import { type ConversationDeps, converse, type Told } from './conversation.ts';
import { fromStored, RELAY_KINDS, withBothAlarms } from './orders.ts';
import type { RoadRow } from './rows.ts';
import {
  type CommandChange,
  changeCommands,
  claimQueued,
  claimUnread,
  hastenUnread,
  type LineRoom,
  selectHungryLines,
  selectNewerRelay,
} from './store.ts';
import { wish } from './wishStore.ts';

/** Commands of one line between their claim and their outcome: enough that the wire never waits for the database. */
export const LINE_COMMANDS_MAX = 3;
/** Read-backs of silent meters at the same time, all lines together. */
export const UNREAD_AT_ONCE_MAX = 64;
/** Outcomes are stored, and next commands claimed, together and at most this often. */
const PUMP_EVERY_MS = 20;
/** A database that is away is asked, and the log told, only so often. */
const AFTER_FAILURE_MS = 1_000;
/** The database is asked for due work this often; being told of it is only faster. */
const LOOK_EVERY_MS = 1_000;
/** A read-back that was claimed is left alone for so long: longer than any read takes. */
const LEASE_MS = 120_000;

export interface DispatcherDeps extends ConversationDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: EstateReader;
  readonly clearance: Clearance;
  readonly accounts: Pick<AccountsReader, 'accountOfMeter'>;
  /** Local time minus UTC at a property, ms. */
  readonly offsetMs: (propertyId: number, atMs: number) => number;
  /** After commit: these are other than before. */
  readonly changed: (tx: Tx, rows: readonly RoadRow[]) => void;
  /** After commit: this is wanted of their relays now. */
  readonly wished: (tx: Tx, rows: readonly RoadRow[]) => void;
}

export interface DispatcherFigures {
  readonly underWay: number;
  readonly outcomesWaiting: number;
  readonly sent: number;
  readonly failures: number;
}

interface Ended {
  readonly row: RoadRow;
  readonly told: Told;
}

/**
 * Takes commands from the database to the lines and back: `sent` is stored before the first byte leaves, and what was read
 * back before anything else is believed. The database is the truth; what is kept here only says who is busy.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  /** Commands under way, by line. */
  readonly #onLine = new Map<number, number>();
  readonly #busyMeterIds = new Set<number>();
  /** Lines that may have something to send. */
  readonly #hungry = new Set<number>();
  /** Meters that answer again, with something to be read back. */
  readonly #answering = new Set<number>();
  #ended: Ended[] = [];
  #lookedMs = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle | undefined;
  #pumping: Promise<void> | undefined;
  #running = false;
  readonly #counts = { sent: 0, failures: 0 };

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running = true;
    this.#schedule();
  }

  /** Claims nothing more; what is under way is left to the next start, which reads before it believes. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    await this.#pumping;
  }

  /** Something may be due on these lines. */
  wake(lineIds: Iterable<number>): void {
    for (const lineId of lineIds) this.#hungry.add(lineId);
  }

  /** This meter answered, and something of it is to be read back. */
  answered(meterId: number): void {
    if (!this.#busyMeterIds.has(meterId)) this.#answering.add(meterId);
  }

  figures(): DispatcherFigures {
    return { ...this.#counts, underWay: this.#busyMeterIds.size, outcomesWaiting: this.#ended.length };
  }

  #schedule(afterMs = PUMP_EVERY_MS): void {
    if (!this.#running) return;
    this.#timer = this.#deps.clock.after(afterMs, () => {
      this.#pumping = this.#pump()
        .then(
          () => PUMP_EVERY_MS,
          (error: unknown) => {
            this.#counts.failures += 1;
            this.#deps.log.warn('commands wait for the database', { error });
            return AFTER_FAILURE_MS;
          },
        )
        .then((nextMs) => this.#schedule(nextMs));
    });
  }

  async #pump(): Promise<void> {
    const monotonicMs = this.#deps.clock.monotonicMs();
    const looks = monotonicMs - this.#lookedMs >= LOOK_EVERY_MS;
    const ended = [...this.#ended];
    const rooms = this.#rooms(ended);
    if (!looks && ended.length === 0 && rooms.length === 0) return;
    // Whoever is woken while the database works stays woken.
    for (const { lineId } of rooms) this.#hungry.delete(lineId);
    const { go, fed, unread, due } = await this.#store(ended, rooms, looks).catch((error: unknown) => {
      this.wake(rooms.map(({ lineId }) => lineId));
      throw error;
    });
    // Only now: an outcome that could not be stored is stored by the next pump.
    this.#ended = this.#ended.slice(ended.length);
    for (const { row } of ended) this.#release(row);
    if (looks) this.#lookedMs = monotonicMs;
    // A line that gave something may have more; one that gave nothing has nothing for now.
    this.wake([...fed, ...due]);
    for (const row of go) this.#run(row, true);
    for (const row of unread) this.#run(row, false);
  }

  /** One transaction: outcomes are stored, and what goes next is claimed. */
  #store(ended: readonly Ended[], rooms: readonly LineRoom[], looks: boolean) {
    const nowMs = this.#deps.clock.nowMs();
    const endedIds = new Set(ended.map(({ row }) => row.meter_id));
    const busyIds = [...this.#busyMeterIds].filter((meterId) => !endedIds.has(meterId));
    return this.#deps.db.tx(async (tx) => {
      await this.#storeEnded(tx, ended, nowMs);
      const due = looks ? await selectHungryLines(tx, new Date(nowMs)) : [];
      const claimed = rooms.length === 0 ? [] : await this.#claim(tx, rooms, busyIds, nowMs);
      const go = claimed.filter(({ state }) => state === 'sent');
      const goIds = new Set(go.map(({ meter_id }) => meter_id));
      const unread = looks ? (await this.#claimUnread(tx, nowMs)).filter(({ meter_id }) => !goIds.has(meter_id)) : [];
      return { go, fed: claimed.map(({ line_id }) => line_id), unread, due };
    });
  }

  /**
   * Places free on the lines that may have something, as they are once `ended` is stored. An idle line gets one command
   * first, which leaves the sooner the fewer are claimed with it; the rest follow while that one is on the wire.
   */
  #rooms(ended: readonly Ended[]): readonly LineRoom[] {
    const endedOnLine = new Map<number, number>();
    for (const { row } of ended) endedOnLine.set(row.line_id, (endedOnLine.get(row.line_id) ?? 0) + 1);
    return [...new Set([...this.#hungry, ...endedOnLine.keys()])].flatMap((lineId) => {
      const underWay = (this.#onLine.get(lineId) ?? 0) - (endedOnLine.get(lineId) ?? 0);
      const places = underWay === 0 ? 1 : LINE_COMMANDS_MAX - underWay;
      return places > 0 ? [{ lineId, places }] : [];
    });
  }

  /** What was found for these places, as the guard left it; only what is `sent` now goes. */
  async #claim(tx: Tx, rooms: readonly LineRoom[], busyIds: readonly number[], nowMs: number): Promise<RoadRow[]> {
    const found = await claimQueued(tx, rooms, busyIds, new Date(nowMs));
    const taken = new Set<number>();
    const first = found.filter(({ meter_id }) => !taken.has(meter_id) && taken.add(meter_id));
    if (first.length === 0) return [];
    const changes = await this.#deps.clearance(tx, first, nowMs);
    const changed = await changeCommands(tx, first, changes);
    this.#deps.changed(tx, changed);
    return changed;
  }

  async #claimUnread(tx: Tx, nowMs: number): Promise<RoadRow[]> {
    const most = UNREAD_AT_ONCE_MAX - this.#busyMeterIds.size;
    if (most <= 0) return [];
    const answering = [...this.#answering];
    this.#answering.clear();
    if (answering.length > 0) await hastenUnread(tx, answering, new Date(nowMs));
    const rows = await claimUnread(tx, most, new Date(nowMs), new Date(nowMs + LEASE_MS));
    await this.#endGone(tx, rows, nowMs);
    return rows.filter(({ meter_id }) => !this.#busyMeterIds.has(meter_id) && this.#isThere(meter_id));
  }

  /** A meter that was removed can never be read: what it was told last stays unknown, and is nobody's work any more. */
  async #endGone(tx: Tx, rows: readonly RoadRow[], nowMs: number): Promise<void> {
    const gone = rows.filter(({ meter_id }) => !this.#isThere(meter_id));
    if (gone.length === 0) return;
    const finishedAt = new Date(nowMs);
    const changes = gone.map(({ id }): CommandChange => ({ id, state: 'rejected', why: ['meterGone'], finishedAt }));
    this.#deps.changed(tx, await changeCommands(tx, gone, changes));
  }

  #isThere(meterId: number): boolean {
    return this.#deps.estate.meter(meterId) !== undefined;
  }

  async #storeEnded(tx: Tx, ended: readonly Ended[], nowMs: number): Promise<void> {
    if (ended.length === 0) return;
    const before = ended.map(({ row }) => row);
    const newer = await selectNewerRelay(tx, before);
    const changes = ended.map(({ row, told }) => changeOf(row, told, newer.has(row.id), nowMs));
    const rows = await changeCommands(tx, before, changes);
    const verified = rows.filter(({ state, kind }) => state === 'verified' && RELAY_KINDS.includes(kind));
    const superseded = await wish(tx, verified, new Date(nowMs));
    this.#deps.wished(tx, verified);
    this.#deps.changed(tx, [...rows, ...superseded]);
  }

  #run(row: RoadRow, send: boolean): void {
    const { clock, estate, accounts, log } = this.#deps;
    this.#busyMeterIds.add(row.meter_id);
    this.#onLine.set(row.line_id, (this.#onLine.get(row.line_id) ?? 0) + 1);
    if (send) this.#counts.sent += 1;
    const propertyId = estate.meter(row.meter_id)?.meter.propertyId ?? row.property_id;
    const mode: RelayMode | undefined = row.relay_mode ?? undefined;
    void converse(this.#deps, {
      order: withBothAlarms(fromStored(row.command_order), accounts.accountOfMeter(row.meter_id)),
      ...{ meterId: row.meter_id, mode, send, unreached: row.unreached },
      offsetMs: this.#deps.offsetMs(propertyId, clock.nowMs()),
    }).then(
      (told) => this.#ended.push({ row, told }),
      (error: unknown) => {
        // Nobody foresaw it: whether bytes left is not known, so that it is read before anything else.
        log.error('a command ended in an error', { commandId: row.id, error });
        const told = { happening: { kind: 'unread' as const }, sent: send, reads: 0 };
        this.#ended.push({
          row,
          told: { ...told, detail: 'An internal error; see the log.', exceptionCode: undefined },
        });
      },
    );
  }

  #release(row: RoadRow): void {
    this.#busyMeterIds.delete(row.meter_id);
    const left = (this.#onLine.get(row.line_id) ?? 1) - 1;
    if (left > 0) this.#onLine.set(row.line_id, left);
    else this.#onLine.delete(row.line_id);
  }
}

/** What the outcome of a conversation makes of a command. */
function changeOf(row: RoadRow, told: Told, superseded: boolean, nowMs: number): CommandChange {
  const course = {
    attempts: row.attempts + (told.sent ? 1 : 0),
    failedReads: row.failed_reads,
    expiresAtMs: row.expires_at.getTime(),
    superseded,
  };
  const verdict = judgeCommand(course, told.happening, nowMs);
  const { kind } = told.happening;
  return {
    ...{ id: row.id, state: verdict.state, why: verdict.why, detail: told.detail, exceptionCode: told.exceptionCode },
    ...{ attempts: told.sent ? 1 : 0, reads: told.reads, unreached: kind === 'unreached' ? 1 : 0 },
    ...(kind === 'read' ? { failedReads: 'none' } : kind === 'unread' ? { failedReads: 'one' } : {}),
    ...('dueMs' in verdict ? { dueAt: new Date(verdict.dueMs) } : { finishedAt: new Date(nowMs) }),
  };
}
