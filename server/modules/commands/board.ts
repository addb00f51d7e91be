import type { RelayMode } from '#drivers/core/index.ts';
import type { HeldProtection } from '#server/modules/metering/index.ts';
import { DOWNLOAD_KINDS, RELAY_KINDS } from './orders.ts';
import { isForWindow, MOVING_STATES, type ProtectionRow, type RoadRow } from './rows.ts';
import type { MovingRow } from './store.ts';
import type { CommandKind, CommandState, CommandTrouble } from './types.ts';

interface Moving {
  readonly meterId: number;
  readonly propertyId: number;
  readonly buildingId: number | undefined;
  readonly kind: CommandKind;
  readonly state: CommandState;
  readonly mode: RelayMode | undefined;
}

const UNREAD_STATES: readonly CommandState[] = ['confirming', 'inDoubt'];

/** So many commands that have ended are remembered: what is told late of one of them is late by moments. */
export const ENDED_MAX = 20_000;

/** Everything about commands that screens and alarms ask for all the time; current after each commit. */
export class CommandBoard {
  readonly #moving = new Map<string, Moving>();
  readonly #idsOfMeter = new Map<number, Set<string>>();
  readonly #ended = new Set<string>();
  readonly #failedDownloads = new Map<number, Set<CommandKind>>();
  readonly #protections = new Map<number, HeldProtection>();

  restore(
    moving: readonly MovingRow[],
    failed: readonly { readonly meter_id: number; readonly kind: CommandKind }[],
  ): void {
    for (const row of moving) this.#put(row.id, row);
    for (const { meter_id, kind } of failed) this.#markDownload(meter_id, kind, true);
  }

  /**
   * A command is other than before. False: it has ended, and this was before. What is done after a commit need not happen in
   * the order of the commits, and a quick line has verified a command before its giver says that it was queued.
   */
  take(row: RoadRow): boolean {
    const { id, state } = row;
    if (this.#ended.has(id)) return false;
    if (MOVING_STATES.includes(state)) this.#put(id, row);
    else this.#drop(id);
    if (!MOVING_STATES.includes(state) && state !== 'awaitingApproval') this.#end(id);
    this.#noteDownload(row);
    return true;
  }

  #noteDownload({ meter_id: meterId, state, kind, why }: RoadRow): void {
    if (!DOWNLOAD_KINDS.includes(kind)) return;
    if (state === 'verified') this.#markDownload(meterId, kind, false);
    // A meter that is gone needs no download.
    if (!why.includes('meterGone') && (state === 'failed' || state === 'rejected'))
      this.#markDownload(meterId, kind, true);
  }

  setProtections(meterIds: readonly number[], rows: readonly ProtectionRow[]): void {
    for (const meterId of meterIds) this.#protections.delete(meterId);
    for (const row of rows) {
      const by = isForWindow(row) ? 'window' : 'person';
      this.#protections.set(row.meter_id, { by, untilMs: row.until_at?.getTime() });
    }
  }

  isProtected(meterId: number): boolean {
    return this.#protections.has(meterId);
  }

  protection(meterId: number): HeldProtection | undefined {
    return this.#protections.get(meterId);
  }

  overdueProtections(nowMs: number): readonly number[] {
    return [...this.#protections].flatMap(([meterId, { untilMs }]) =>
      untilMs !== undefined && untilMs <= nowMs ? [meterId] : [],
    );
  }

  inFlight(meterId: number): boolean {
    return this.#idsOfMeter.has(meterId);
  }

  /** Does a command of this meter wait to be read back? */
  isUnread(meterId: number): boolean {
    const ids = this.#idsOfMeter.get(meterId);
    if (ids === undefined) return false;
    return [...ids].some((id) => UNREAD_STATES.includes(this.#moving.get(id)?.state ?? 'queued'));
  }

  /** Is a relay command on its way that nobody has verified yet? */
  relayUnderWay(meterId: number): RelayMode | undefined {
    const ids = this.#idsOfMeter.get(meterId) ?? [];
    for (const id of [...ids].toReversed()) {
      const moving = this.#moving.get(id);
      if (moving?.mode !== undefined && moving.state !== 'queued' && RELAY_KINDS.includes(moving.kind))
        return moving.mode;
    }
    return undefined;
  }

  /** Commands under way in a part of a property. */
  count(propertyId: number, buildingIds: readonly number[] | undefined): number {
    let count = 0;
    for (const moving of this.#moving.values()) {
      const there =
        buildingIds === undefined || (moving.buildingId !== undefined && buildingIds.includes(moving.buildingId));
      if (moving.propertyId === propertyId && there) count += 1;
    }
    return count;
  }

  countByState(): ReadonlyMap<CommandState, number> {
    const counts = new Map<CommandState, number>(MOVING_STATES.map((state) => [state, 0]));
    for (const { state } of this.#moving.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  troubles(): readonly CommandTrouble[] {
    const doubts = [...this.#moving.values()].filter(({ state }) => state === 'inDoubt');
    return [
      ...[...new Set(doubts.map(({ meterId }) => meterId))].map((meterId) => ({ meterId, kind: 'inDoubt' as const })),
      ...[...this.#failedDownloads.keys()].map((meterId) => ({ meterId, kind: 'downloadFailed' as const })),
    ];
  }

  #put(id: string, row: MovingRow | RoadRow): void {
    const { meter_id: meterId, property_id: propertyId, building_id, kind, state } = row;
    const mode = row.relay_mode ?? undefined;
    this.#moving.set(id, { meterId, propertyId, buildingId: building_id ?? undefined, kind, state, mode });
    const ids = this.#idsOfMeter.get(meterId) ?? new Set();
    this.#idsOfMeter.set(meterId, ids.add(id));
  }

  #drop(id: string): void {
    const moving = this.#moving.get(id);
    if (moving === undefined) return;
    this.#moving.delete(id);
    const ids = this.#idsOfMeter.get(moving.meterId);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOfMeter.delete(moving.meterId);
  }

  #end(id: string): void {
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > ENDED_MAX && oldest !== undefined) this.#ended.delete(oldest);
  }

  #markDownload(meterId: number, kind: CommandKind, failed: boolean): void {
    const kinds = this.#failedDownloads.get(meterId) ?? new Set();
    if (failed) this.#failedDownloads.set(meterId, kinds.add(kind));
    else if (kinds.delete(kind) && kinds.size === 0) this.#failedDownloads.delete(meterId);
  }
}
