import type { RelayMode } from '#drivers/core/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { MeterUpdate } from '#server/modules/metering/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { decideBatchRow, selectUnapproved } from './batchStore.ts';
import { relayMatches } from './conversation.ts';
import { causeOf } from './facts.ts';
import { type Giving, newCommandId } from './give.ts';
import { fromStored } from './orders.ts';
import type { RoadRow } from './rows.ts';
import { stopCommands } from './store.ts';
import type { CommandOrder } from './types.ts';
import { endProtections, overAt, type WishRow } from './wishStore.ts';

/** A relay that is put right so often and is wrong again is somebody's work: people are told instead. */
export const REPAIRS_MAX = 3;
/** Readings in a row that must say so before a relay is put right. */
const LOOKS_BEFORE_REPAIR = 2;
/** Repairs ordered in one transaction; more wait for the next beat. */
const REPAIRS_AT_ONCE_MAX = 500;
/** Protections that are ended in one transaction: those of a window all end at one instant. */
const ENDED_AT_ONCE_MAX = 500;

export interface UpkeepDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly giving: Giving;
  readonly nowMs: () => number;
  readonly changed: (tx: Tx, rows: readonly RoadRow[]) => void;
  readonly protectionChanged: (tx: Tx, meterIds: readonly number[]) => void;
  /** Is a command for the meter on its way? */
  readonly inFlight: (meterId: number) => boolean;
  /** Meters whose protection has an end that is over. */
  readonly overdueProtections: (nowMs: number) => readonly number[];
}

/** What is wanted of each relay, as far as it was verified, and what readings say against it. */
export class Wishes {
  readonly #wishes = new Map<number, WishRow>();
  /** Readings in a row that disagree. */
  readonly #disagreeing = new Map<number, number>();
  readonly #isForced: (meterId: number) => boolean;

  /** `isForced`: on the protective list, or held day by day because its balance is kept here. */
  constructor(isForced: (meterId: number) => boolean) {
    this.#isForced = isForced;
  }

  replace(rows: readonly WishRow[]): void {
    this.#wishes.clear();
    for (const row of rows) this.#wishes.set(row.meter_id, row);
  }

  take(rows: readonly RoadRow[]): void {
    for (const { meter_id, relay_mode: mode, number: version, rule, command_order } of rows) {
      const known = this.#wishes.get(meter_id);
      if (mode === null || (known !== undefined && known.version >= version)) continue;
      const repairs = rule === 'repair' ? (known?.repairs ?? 0) + 1 : 0;
      this.#wishes.set(meter_id, { meter_id, mode, version, repairs, command_order, rule });
      this.#disagreeing.delete(meter_id);
    }
  }

  forget(meterIds: readonly number[]): void {
    for (const meterId of meterIds) {
      this.#wishes.delete(meterId);
      this.#disagreeing.delete(meterId);
    }
  }

  mode(meterId: number): RelayMode | undefined {
    return this.#wishes.get(meterId)?.mode;
  }

  /** A meter answered. */
  look({ meter, reading }: MeterUpdate): void {
    if (reading === undefined) return;
    const meterId = meter.profile.meter.id;
    const wanted = this.#wishes.get(meterId);
    if (wanted === undefined) return;
    const agrees = relayMatches(reading.status, wanted.mode) && !this.#isOver(wanted);
    if (agrees) this.#disagreeing.delete(meterId);
    else this.#disagreeing.set(meterId, (this.#disagreeing.get(meterId) ?? 0) + 1);
  }

  /** Was its protection ended without the meter hearing of it, say because its line was dead for too long? */
  #isOver({ meter_id, mode, command_order, rule }: WishRow): boolean {
    const wasProtected = mode === 'forcedClosed' && (command_order.kind === 'protect' || rule === 'repair');
    return wasProtected && !this.#isForced(meter_id);
  }

  /** Meters whose relay is to be put right, at most so many; they must say it again before they are told a second time. */
  takeRepairs(inFlight: (meterId: number) => boolean): readonly WishRow[] {
    const due: WishRow[] = [];
    for (const [meterId, looks] of this.#disagreeing) {
      const wanted = this.#wishes.get(meterId);
      if (wanted === undefined || looks < LOOKS_BEFORE_REPAIR || wanted.repairs >= REPAIRS_MAX) continue;
      if (inFlight(meterId)) continue;
      this.#disagreeing.delete(meterId);
      due.push(wanted);
      if (due.length >= REPAIRS_AT_ONCE_MAX) break;
    }
    return due;
  }
}

/** What happens by time alone: approvals and protection end, relays are put right. Each run is safe to repeat. */
export function createUpkeep(deps: UpkeepDeps, wishes: Wishes): () => Promise<void> {
  return async () => {
    await expireApprovals(deps);
    await endOverdueProtections(deps);
    await repairRelays(deps, wishes);
  };
}

async function expireApprovals({ db, nowMs, changed }: UpkeepDeps): Promise<void> {
  await db.tx(async (tx) => {
    const at = new Date(nowMs());
    const { batchIds, commandIds } = await selectUnapproved(tx, at);
    const expired = { approval: 'expired', by: undefined, name: undefined, reason: undefined, at } as const;
    for (const batchId of batchIds) await decideBatchRow(tx, batchId, expired);
    if (commandIds.length === 0) return;
    changed(tx, await stopCommands(tx, { ids: commandIds }, ['awaitingApproval'], 'approvalExpired', at));
  });
}

async function endOverdueProtections(deps: UpkeepDeps): Promise<void> {
  const overdue = deps.overdueProtections(deps.nowMs()).slice(0, ENDED_AT_ONCE_MAX);
  if (overdue.length === 0) return;
  await deps.db.tx(async (tx) => {
    const end = { at: new Date(deps.nowMs()), by: undefined, name: 'protectionEnded' };
    // What was begun anew meanwhile stays.
    const ended = await endProtections(tx, overdue, end, overAt(end.at));
    deps.protectionChanged(tx, overdue);
    await giveEach(deps, tx, ended, { kind: 'restorePrepaid' }, 'protectionEnded', 'Its protection has ended.');
  });
}

async function repairRelays(deps: UpkeepDeps, wishes: Wishes): Promise<void> {
  const due = wishes.takeRepairs(deps.inFlight);
  if (due.length === 0) return;
  await deps.db.tx(async (tx) => {
    for (const row of due) {
      await giveEach(deps, tx, [row.meter_id], repairOf(row), 'repair', 'The relay is not as it was verified last.');
    }
  });
}

/**
 * The order that says again what was wanted. It is weighed anew: a trip for arrears that were paid meanwhile is held, and
 * what protects a meter is asked, not begun a second time, and ends where nothing does any more.
 */
function repairOf({ command_order, rule }: WishRow): CommandOrder {
  const order = fromStored(command_order);
  if (order.kind === 'trip') return { kind: 'trip', cause: causeOf(order, rule !== null) };
  return order.kind === 'close' ? order : { kind: 'restorePrepaid' };
}

async function giveEach(
  deps: UpkeepDeps,
  tx: Tx,
  meterIds: readonly number[],
  order: CommandOrder,
  rule: 'protectionEnded' | 'repair',
  reason: string,
): Promise<void> {
  for (const meterId of meterIds) {
    // Removed meanwhile: there is nothing left to tell.
    if (deps.estate.meter(meterId) === undefined) continue;
    await deps.giving.order(tx, { commandId: newCommandId(), meterId, order, giver: { rule }, reason });
  }
}
