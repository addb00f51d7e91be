import { FrameError } from '#drivers/core/index.ts';
import { ByteWindow } from './byteWindow.ts';
import { crcFits } from './crc16.ts';
import {
  decodeRtuRequest,
  RTU_EXCEPTION_BYTES,
  RTU_MAX_BYTES,
  type RtuRequestFrame,
  rtuReplyLengthAt,
  rtuRequestLengthAt,
  vendorReplyLengthAt,
} from './rtuFrame.ts';

/** Most unread bytes a stream keeps: a few of the longest frames. A line that babbles loses the oldest. */
export const RTU_STREAM_CAP_BYTES = 4 * RTU_MAX_BYTES;

/** The one reply that a master waits for. */
export interface ExpectedRtuReply {
  readonly unit: number;
  readonly function: number;
  /** Lengths in bytes that the frame may have; exceptions are always understood. */
  readonly lengths: readonly number[];
  /** Is this whole frame really the answer? Absent: its head and length are enough. Never asked of exceptions. */
  readonly isAnswer?: (frame: Uint8Array) => boolean;
}

/** What came: the whole frame (a view of the bytes just pushed), or its wreck with a checksum that does not fit. */
export type RtuArrival = { readonly kind: 'frame'; readonly frame: Uint8Array } | { readonly kind: 'damaged' };

/** A frame with a fitting checksum that is not the one waited for: a late reply, or somebody else's. */
export type OnStranger = (unit: number, code: number, lengthBytes: number) => void;

const DAMAGED: RtuArrival = { kind: 'damaged' };
const EXCEPTION_LENGTHS: readonly number[] = [RTU_EXCEPTION_BYTES];

/**
 * The master's side of an RTU byte stream without frame boundaries (a transparent serial server): finds the one reply
 * that is waited for between noise, split and merged frames, byte by byte. Silence between characters is no boundary
 * on TCP and is not looked at.
 */
export class RtuReplyStream {
  /** Bytes that came since `expect`, strangers' frames not counted; tells silence from nonsense. */
  bytesSeen = 0;
  /** A frame with the right head and a wrong checksum came since `expect`. */
  damageSeen = false;
  readonly #window = new ByteWindow(RTU_STREAM_CAP_BYTES);
  readonly #onStranger: OnStranger;
  #expected: ExpectedRtuReply | undefined;

  constructor(onStranger: OnStranger) {
    this.#onStranger = onStranger;
  }

  /** Bytes thrown away because more came than the window holds. */
  get droppedBytes(): number {
    return this.#window.droppedBytes;
  }

  /** From now on wait for `expected`. What came before cannot be its answer and is forgotten. */
  expect(expected: ExpectedRtuReply | undefined): void {
    this.#expected = expected;
    this.#window.clear();
    this.bytesSeen = 0;
    this.damageSeen = false;
  }

  /** Takes received bytes; says when the reply is complete or is known to be damaged. Never throws. */
  push(chunk: Uint8Array): RtuArrival | undefined {
    this.bytesSeen += chunk.length;
    this.#window.append(chunk);
    const window = this.#window;
    let keepFrom = window.end;
    let partial = false;
    for (let at = window.start; at < window.end; ) {
      const found = this.#expectedAt(at);
      if (found > 0) {
        const frame = window.bytes.subarray(at, at + found);
        this.expect(undefined);
        return { kind: 'frame', frame };
      }
      if (found === PARTIAL) partial = true;
      if (found === BROKEN) this.damageSeen = true;
      const stranger = found === FOREIGN ? this.#strangerAt(at) : 0;
      if (stranger > 0) {
        // A fitting checksum settles everything before it: nothing there can still become a frame.
        at += stranger;
        keepFrom = window.end;
        partial = false;
        continue;
      }
      if ((found === PARTIAL || stranger === PARTIAL) && keepFrom === window.end) keepFrom = at;
      at += 1;
    }
    window.release(keepFrom);
    return this.damageSeen && !partial ? DAMAGED : undefined;
  }

  /** Length of the expected frame when it is complete at `at`, else PARTIAL, BROKEN or FOREIGN. */
  #expectedAt(at: number): number {
    const { bytes, end } = this.#window;
    const expected = this.#expected;
    if (expected === undefined || bytes[at] !== expected.unit) return FOREIGN;
    if (end - at < 2) return PARTIAL;
    const code = bytes[at + 1];
    const exception = code === (expected.function | 0x80);
    if (!exception && code !== expected.function) return FOREIGN;
    const lengths = exception ? EXCEPTION_LENGTHS : expected.lengths;
    if (!exception && expected.function <= 4) {
      if (end - at < 3) return PARTIAL;
      if (bytes[at + 2] !== (lengths[0] ?? 0) - 5) return FOREIGN;
    }
    let result = BROKEN;
    for (const length of lengths) {
      if (end - at < length) result = PARTIAL;
      else if (crcFits(bytes, at, at + length)) return this.#isAnswer(exception, at, length) ? length : FOREIGN;
    }
    return result;
  }

  #isAnswer(exception: boolean, at: number, length: number): boolean {
    const isAnswer = this.#expected?.isAnswer;
    return exception || isAnswer === undefined || isAnswer(this.#window.bytes.subarray(at, at + length));
  }

  /** Length of a stranger complete at `at`, PARTIAL when one may be growing there, else FOREIGN. */
  #strangerAt(at: number): number {
    const { bytes, end } = this.#window;
    let length = rtuReplyLengthAt(bytes, at, end);
    if (length === 0) length = vendorReplyLengthAt(bytes, at, end);
    if (length === 0) return FOREIGN;
    if (length === undefined || end - at < length) return PARTIAL;
    if (!crcFits(bytes, at, at + length)) return FOREIGN;
    this.bytesSeen -= length;
    this.#onStranger(bytes[at] ?? 0, bytes[at + 1] ?? 0, length);
    return length;
  }
}

const FOREIGN = 0;
const PARTIAL = -1;
const BROKEN = -2;

/** The meter's side of the same stream: calls back for each request whose checksum fits, skips everything else. */
export class RtuRequestStream {
  readonly #window = new ByteWindow(RTU_STREAM_CAP_BYTES);
  readonly #onRequest: (frame: RtuRequestFrame) => void;

  constructor(onRequest: (frame: RtuRequestFrame) => void) {
    this.#onRequest = onRequest;
  }

  /** Bytes thrown away because more came than the window holds. */
  get droppedBytes(): number {
    return this.#window.droppedBytes;
  }

  /** Takes received bytes. Requests hold views of them. Never throws by itself. */
  push(chunk: Uint8Array): void {
    const window = this.#window;
    window.append(chunk);
    const { bytes, end } = window;
    let keepFrom = end;
    for (let at = window.start; at < end; ) {
      const length = rtuRequestLengthAt(bytes, at, end);
      const growing = length === undefined || end - at < length;
      const frame = growing || length === 0 ? undefined : requestAt(bytes, at, at + length);
      if (frame !== undefined && length !== undefined) {
        at += length;
        keepFrom = end;
        this.#onRequest(frame);
        continue;
      }
      if (growing && keepFrom === end) keepFrom = at;
      at += 1;
    }
    window.release(keepFrom);
  }
}

function requestAt(bytes: Uint8Array, start: number, end: number): RtuRequestFrame | undefined {
  if (!crcFits(bytes, start, end)) return undefined;
  try {
    return decodeRtuRequest(bytes.subarray(start, end));
  } catch (error) {
    // A fitting checksum over nonsense: two chances in a hundred thousand, or a function we do not speak.
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}
