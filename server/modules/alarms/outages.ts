import type {
  BodyOf,
  listOutOfService,
  OutOfService,
  putInService,
  QueryOf,
  takeOutOfService,
} from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, scopeCovers, toPage } from '#server/platform/http/index.ts';
import { happen, letGo } from './life.ts';
import { lockBehind, lockOfOutage, takeTurn } from './lifeStore.ts';
import { endOutage, insertOutage, listOutages, type OutageRow, selectOutage, selectOutages } from './outageStore.ts';
import { placeOfSource } from './places.ts';
import type { AlarmRow } from './rowStore.ts';
import type { AlarmSource, SourcePlace } from './types.ts';

/** The longest that something is out of service with an end; without one it waits for a person. */
const OUTAGE_MS_MAX = 366 * 24 * 3_600_000;

export interface OutagesDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly nowMs: () => number;
  /** After commit, for each alarm that changed. */
  readonly changed: (row: AlarmRow) => void;
}

interface Outage {
  readonly id: number;
  readonly untilMs: number | undefined;
}

/** What people took out of alarm service, and its way back. */
export class Outages {
  readonly #deps: OutagesDeps;
  /** Those under way, by "line 7". */
  readonly #bySource = new Map<string, Outage>();

  constructor(deps: OutagesDeps) {
    this.#deps = deps;
  }

  /** Takes over what is stored; again after a change that was not stored in the end. */
  async load(): Promise<void> {
    const rows = await selectOutages(this.#deps.db);
    this.#bySource.clear();
    for (const row of rows) this.#put(row);
  }

  /** The outage of a source, or of the line or gateway that it is behind. */
  covering({ kind, id }: AlarmSource, { lineId, gatewayId }: SourcePlace): number | undefined {
    const keys = [`${kind} ${id}`, `line ${lineId}`, `gateway ${gatewayId}`];
    return keys.map((key) => this.#bySource.get(key)?.id).find((found) => found !== undefined);
  }

  async list(actor: Actor, query: QueryOf<typeof listOutOfService>) {
    const limit = query.limit ?? PAGE_ROWS;
    const scope = actor.scope('alarm.view');
    const rows = await listOutages(this.#deps.db, scope, query, cursorId(query.cursor), limit + 1);
    return toPage(rows, limit, (row): number => row.id, toDto);
  }

  /** Throws `not-found`, `request.invalid` for an end that cannot be, `conflict.duplicate` when it is out already. */
  async take(actor: Actor, { source, reason, until }: BodyOf<typeof takeOutOfService>): Promise<OutOfService> {
    const { estate, changed } = this.#deps;
    const from = new Date(this.#deps.nowMs());
    const place = this.#within(actor, source, placeOfSource(estate, source));
    const end = until === undefined ? undefined : new Date(until);
    const lastsMs = end === undefined ? 1 : end.getTime() - from.getTime();
    if (!(lastsMs > 0 && lastsMs <= OUTAGE_MS_MAX)) {
      throw new AppError('request.invalid', 'The end of the outage is not possible.', [
        { field: 'until', message: 'must lie in the future, at most a year from now' },
      ]);
    }
    return this.#change(async (tx) => {
      const id = await insertOutage(tx, { source, place, reason, from, until: end, by: actor });
      if (id === undefined) throw new AppError('conflict.duplicate', 'This is out of alarm service already.');
      const doer = { ...actor, doneAt: undefined };
      for (const row of await lockBehind(tx, source)) {
        const event = { event: 'outOfService', at: from, doer, note: reason, until: end } as const;
        const moved = await happen(tx, { ...row, outage_id: id }, 'takeOut', event);
        if (moved !== undefined) tx.afterCommit(() => changed(moved.row));
      }
      const row = await this.#mustHave(tx, id);
      this.#put(row);
      const subject = { subjectKind: 'outOfService', subjectId: id, propertyId: row.property_id };
      await audit(tx, { actor, action: 'outOfService.begin', ...subject, after: { source, reason, until } });
      return toDto(row);
    });
  }

  /** Throws `not-found`; what has ended already is given as it is. */
  async end(actor: Actor, id: number, { note }: BodyOf<typeof putInService>): Promise<OutOfService> {
    const found = await selectOutage(this.#deps.db, id);
    const isSeen =
      found !== undefined &&
      scopeCovers(actor.scope('alarm.acknowledge'), found.property_id, found.building_id ?? undefined);
    if (!isSeen) throw new AppError('not-found', 'There is no such outage.');
    return this.#change(async (tx) => {
      const isFirst = await this.#finish(tx, found, { actor, note });
      const row = await this.#mustHave(tx, id);
      if (isFirst) {
        const subject = { subjectKind: 'outOfService', subjectId: id, propertyId: row.property_id };
        await audit(tx, {
          actor,
          action: 'outOfService.end',
          ...subject,
          before: { reason: row.reason },
          after: { note },
        });
      }
      return toDto(row);
    });
  }

  /** Ends those whose time is over. */
  async endDue(): Promise<void> {
    const due = this.#due(this.#deps.nowMs());
    if (due.length === 0) return;
    await this.#change(async (tx) => {
      for (const { id } of due) await this.#finish(tx, await this.#mustHave(tx, id), undefined);
    });
  }

  #due(nowMs: number): readonly Outage[] {
    return [...this.#bySource.values()].filter(({ untilMs }) => untilMs !== undefined && untilMs <= nowMs);
  }

  async #finish(
    tx: Tx,
    outage: OutageRow,
    by: { readonly actor: Actor; readonly note: string | undefined } | undefined,
  ): Promise<boolean> {
    const at = new Date(this.#deps.nowMs());
    if (!(await endOutage(tx, outage.id, at, by?.actor, by?.note))) return false;
    const doer = by === undefined ? undefined : { ...by.actor, doneAt: undefined };
    const held = await lockOfOutage(tx, outage.id);
    const back = await letGo(tx, held, 'putBack', { event: 'inService', at, doer, note: by?.note });
    this.#bySource.delete(keyOf(outage));
    for (const row of back) tx.afterCommit(() => this.#deps.changed(row));
    return true;
  }

  /** Memory changes within the turn, so that the next writer knows of it; what was not stored is put right again. */
  async #change<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.#deps.db.tx(async (tx) => {
        await takeTurn(tx);
        return work(tx);
      });
    } catch (error) {
      await this.load();
      throw error;
    }
  }

  #put(row: OutageRow): void {
    this.#bySource.set(keyOf(row), { id: row.id, untilMs: row.until_at?.getTime() });
  }

  #within(actor: Actor, { kind }: AlarmSource, place: SourcePlace | undefined): SourcePlace {
    const isSeen =
      place?.propertyId !== undefined &&
      scopeCovers(actor.scope('alarm.acknowledge'), place.propertyId, place.buildingId);
    if (place === undefined || !isSeen) throw new AppError('not-found', `There is no such ${kind}.`);
    return place;
  }

  async #mustHave(tx: Tx, id: number): Promise<OutageRow> {
    const row = await selectOutage(tx, id);
    if (row === undefined) throw new Error(`outage ${id} is not there`);
    return row;
  }
}

function keyOf(row: OutageRow): string {
  return `${row.source_kind} ${row.source_id}`;
}

function toDto(row: OutageRow): OutOfService {
  return {
    id: row.id,
    propertyId: row.property_id,
    source: { kind: row.source_kind, id: row.source_id },
    path: row.path,
    reason: row.reason,
    from: row.from_at.toISOString(),
    by: row.by_name,
    heldAlarms: row.held,
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.until_at === null ? {} : { until: row.until_at.toISOString() }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(row.ended_name === null ? {} : { endedBy: row.ended_name }),
  };
}
