import type { Sql } from 'sql-template-tag';

/** Anything that runs a statement. int8 arrives as bigint, timestamptz as Date, numeric as string. */
export interface Queryable {
  query<Row>(statement: Sql): Promise<Row[]>;
}

/** A running transaction. `afterCommit` work runs once, in order, only when the commit succeeded. */
export interface Tx extends Queryable {
  afterCommit(work: () => void): void;
}

export interface Db extends Queryable {
  /** Runs `work` in one transaction; rolls back when it throws. Serialization failures are retried a bounded number of times. */
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
