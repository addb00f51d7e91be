const NOTHING = new Uint8Array(0);

/**
 * The unread part of a byte stream: `bytes[start, end)`. Looks at a chunk without copying it when nothing is pending,
 * which is the common case; what is left over is copied at the end of the look. What outgrows `capBytes` loses its
 * oldest bytes and is counted.
 */
export class ByteWindow {
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** Bytes thrown away because the window was full, since creation. */
  droppedBytes = 0;
  readonly #capBytes: number;

  constructor(capBytes: number) {
    this.#capBytes = capBytes;
  }

  append(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.bytes = chunk;
    } else {
      const joined = new Uint8Array(this.end - this.start + chunk.length);
      joined.set(this.bytes.subarray(this.start, this.end));
      joined.set(chunk, this.end - this.start);
      this.bytes = joined;
    }
    this.end = this.bytes.length;
    this.start = Math.max(0, this.end - this.#capBytes);
    this.droppedBytes += this.start;
  }

  /** Ends the look at a chunk, which belongs to somebody else again: keeps what is unread from `start`. */
  release(start: number): void {
    if (start >= this.end) {
      this.clear();
      return;
    }
    this.bytes = new Uint8Array(this.bytes.subarray(start, this.end));
    this.start = 0;
    this.end = this.bytes.length;
  }

  clear(): void {
    this.bytes = NOTHING;
    this.start = 0;
    this.end = 0;
  }
}
