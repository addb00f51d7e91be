import sql, { raw } from 'sql-template-tag';
import type { Db } from '../../db/index.ts';
import { DAY_MS, DAYS_AHEAD } from '../quarters.ts';

/** Partitions exist so many days (months) ahead, so that midnight costs nothing. */
const AHEAD = DAYS_AHEAD;
/** Roll-ups of quarter hours are kept so long; those of days for ever. */
const ROLL_UP_RETENTION_DAYS = 800;

interface Kind {
  readonly table: 'telemetry_raw' | 'telemetry_15m';
  readonly span: 'day' | 'month';
  readonly retentionDays: number;
}

/** Makes partitions before they are needed and drops them when they are too old: days of raw, months of quarter hours. */
export class Partitions {
  readonly #db: Db;
  readonly #kinds: readonly Kind[];
  readonly #known = new Set<string>();

  constructor(db: Db, retentionDays: number) {
    this.#db = db;
    this.#kinds = [
      { table: 'telemetry_raw', span: 'day', retentionDays },
      {
        table: 'telemetry_15m',
        span: 'month',
        retentionDays: Math.max(ROLL_UP_RETENTION_DAYS, retentionDays),
      },
    ];
  }

  /** Oldest instant that is kept raw. */
  oldestMs(nowMs: number): number {
    const [{ retentionDays } = { retentionDays: 0 }] = this.#kinds;
    return startOfSpan(nowMs, 'day') - retentionDays * DAY_MS;
  }

  /** Newest instant that there are partitions for after `ensure(nowMs)`. */
  newestMs(nowMs: number): number {
    return nextSpan(nowMs, 'day', AHEAD);
  }

  /** Makes sure that rows of these instants have a place. */
  async ensure(instantsMs: Iterable<number>): Promise<void> {
    const days = new Set([...instantsMs].map((instant) => startOfSpan(instant, 'day')));
    for (const kind of this.#kinds) {
      for (const startMs of new Set([...days].map((day) => startOfSpan(day, kind.span)))) {
        await this.#make(kind, startMs);
      }
    }
  }

  /** Today and the days ahead. */
  async ensureAhead(nowMs: number): Promise<void> {
    for (const kind of this.#kinds) {
      for (let ahead = 0; ahead <= AHEAD; ahead++) await this.#make(kind, nextSpan(nowMs, kind.span, ahead));
    }
  }

  /** Drops what is older than its retention; returns the names of the tables dropped. */
  async retain(nowMs: number): Promise<readonly string[]> {
    const dropped: string[] = [];
    for (const kind of this.#kinds) {
      const oldest = nameOf(kind, startOfSpan(startOfSpan(nowMs, 'day') - kind.retentionDays * DAY_MS, kind.span));
      const rows = await this.#db.query<{ name: string }>(sql`
        select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = ${kind.table}::regclass order by relname`);
      // Names end in their date, so that their order is that of time.
      for (const { name } of rows.filter((row) => row.name < oldest)) {
        await this.#db.query(sql`drop table ${raw(name)}`);
        this.#known.delete(name);
        dropped.push(name);
      }
    }
    return dropped;
  }

  async #make(kind: Kind, startMs: number): Promise<void> {
    const name = nameOf(kind, startMs);
    if (this.#known.has(name)) return;
    const bound = (instant: number): string => new Date(instant).toISOString();
    const statement = raw(
      `create table if not exists ${name} partition of ${kind.table}
       for values from ('${bound(startMs)}') to ('${bound(nextSpan(startMs, kind.span, 1))}')`,
    );
    await this.#db.query(statement).catch((error: unknown) => {
      if (!isMadeMeanwhile(error)) throw error;
    });
    this.#known.add(name);
  }
}

/** `if not exists` looks before it locks: of two that make a table at once, one fails (42P07, or 23505 in the catalogue). */
function isMadeMeanwhile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '42P07' || error.code === '23505');
}

function startOfSpan(atMs: number, span: Kind['span']): number {
  return nextSpan(atMs, span, 0);
}

/** Start of the UTC day or month `count` after the one that holds `atMs`. */
function nextSpan(atMs: number, span: Kind['span'], count: number): number {
  const date = new Date(atMs);
  return span === 'day'
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + count)
    : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1);
}

function nameOf(kind: Kind, startMs: number): string {
  const length = kind.span === 'day' ? 'yyyy-mm-dd'.length : 'yyyy-mm'.length;
  return `${kind.table}_${new Date(startMs).toISOString().slice(0, length).replaceAll('-', '')}`;
}
