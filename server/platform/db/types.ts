import type { Sql } from 'sql-template-tag';

/** Anything that runs a statement. int8 arrives as bigint, timestamptz as Date, numeric as string. */
export interface Queryable {
  /**
   * `prepareAs`: each connection parses and plans the statement once and knows it by this name from then on; for the few that run
   * thousands of times a second. The same name must always have the same text.
   */
  query<Row>(statement: Sql, prepareAs?: string): Promise<Row[]>;
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
