import { ByteWindow } from './byteWindow.ts';
import { MBAP_MAX_BYTES, type MbapFrame, mbapFrameAt, mbapLengthAt } from './mbapFrame.ts';

/** Most unread bytes kept: a few of the longest frames. */
export const MBAP_STREAM_CAP_BYTES = 64 * MBAP_MAX_BYTES;

/** Modbus TCP frames out of a byte stream, for either side: split and merged frames come out one by one. */
export class MbapStream {
  readonly #window = new ByteWindow(MBAP_STREAM_CAP_BYTES);
  readonly #onFrame: (frame: MbapFrame) => void;

  constructor(onFrame: (frame: MbapFrame) => void) {
    this.#onFrame = onFrame;
  }

  /** Forgets unread bytes: a new connection starts at a frame's head. */
  clear(): void {
    this.#window.clear();
  }

  /**
   * Takes received bytes and calls back for each whole frame; frames hold views of the bytes. Throws FrameError on a
   * header that cannot be MBAP: the connection must then be closed, there is no way to find the next frame.
   */
  push(chunk: Uint8Array): void {
    const window = this.#window;
    window.append(chunk);
    for (;;) {
      const length = mbapLengthAt(window.bytes, window.start, window.end);
      if (length === undefined || window.end - window.start < length) {
        window.release(window.start);
        return;
      }
      const frame = mbapFrameAt(window.bytes, window.start, length);
      window.start += length;
      this.#onFrame(frame);
    }
  }
}
