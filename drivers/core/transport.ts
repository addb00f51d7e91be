/** What a connection tells its owner. Calls come later than `connect` returns, never from inside it. */
export interface ConnectionEvents {
  opened(): void;
  /** Received bytes, in order. They hold during the call only: the next bytes may be written over them. */
  received(bytes: Uint8Array): void;
  /** The attempt failed or the connection ended. Comes once and last; never after `destroy`. */
  closed(reason: string): void;
}

/** One connection or attempt. */
export interface Connection {
  /** Sends bytes. Before `opened` and after `closed` they are dropped. */
  write(bytes: Uint8Array): void;
  /** Ends it at once and silently; resources are released. May be called again. */
  destroy(): void;
}

/** A way to reach a line: makes a new connection each time it is asked. */
export interface Transport {
  connect(events: ConnectionEvents): Connection;
}
