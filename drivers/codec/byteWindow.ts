/**
 * The unread part of a byte stream: `bytes[start, end)`. Adopts a chunk without copying it when nothing is pending,
 * which is the common case; what outgrows `capBytes` loses its oldest bytes and is counted.
 */
export class ByteWindow {
  bytes: Uint8Array = new Uint8Array(0);
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

  clear(): void {
    this.start = 0;
    this.end = 0;
  }
}
