/** What waits and what was lost, for `/metrics` and the platform's own alarms. `dropped*` count since the start. */
export interface SpoolFigures {
  readonly records: number;
  /** Things in those records. */
  readonly items: number;
  /** Bytes on disk that were not delivered yet. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Went because the bound was reached, or could not be read any more. */
  readonly droppedRecords: number;
  /** Things in those records; those of a record whose header is damaged are not known. */
  readonly droppedItems: number;
}

/**
 * What waits on disk for a store that is away: a bounded queue of opaque records that survives `kill -9`.
 * A record may be given twice after a crash, so whoever stores it stores it once in effect.
 */
export interface Spool {
  /**
   * Appends one record durably: it is on the disk when this resolves. When the bound would be passed the oldest
   * segment goes first, counted. `items` = how many things the record holds, for counting. Rejects when the disk
   * fails, and for a record that is larger than the whole spool.
   */
  append(record: Uint8Array, items: number): Promise<void>;
  /** The oldest record, or undefined. The same one until `shift`, unless the bound pushes it out. */
  peek(): Promise<Uint8Array | undefined>;
  /** What `peek` gave was delivered. Without a peek, or when that record was pushed out meanwhile, nothing happens. */
  shift(): Promise<void>;
  figures(): SpoolFigures;
  close(): Promise<void>;
}
