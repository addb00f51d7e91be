/**
 * Why an exchange with a meter gave no value. A return value, not an exception.
 *
 * timeout     nothing usable before the frame's deadline
 * crc         bytes came, their checksum was wrong
 * frame       bytes came that are no reply to what was asked
 * exception   the meter answered with a Modbus exception (code in `exceptionCode`)
 * link        the gateway could not be reached or closed the connection
 * backoff     not asked: the meter or its gateway is in back-off
 * cancelled   not asked: the queue was full or the gateway was stopped
 */
export type CommErrorKind = 'timeout' | 'crc' | 'frame' | 'exception' | 'link' | 'backoff' | 'cancelled';

export interface CommError {
  readonly kind: CommErrorKind;
  readonly message: string;
  /** May the same request be sent again soon with hope? */
  readonly retryable: boolean;
  readonly exceptionCode?: number;
}

/** Makes a `CommError`. Timeouts, damaged frames and busy meters are retryable; refusals are not. */
export function commError(kind: CommErrorKind, message: string, exceptionCode?: number): CommError {
  // Modbus application protocol 1.1b3, 7: 05 acknowledge and 06 busy mean "later", the rest mean "no".
  const busy = exceptionCode === 5 || exceptionCode === 6;
  const retryable = kind === 'timeout' || kind === 'crc' || kind === 'frame' || kind === 'link' || busy;
  return exceptionCode === undefined ? { kind, message, retryable } : { kind, message, retryable, exceptionCode };
}

/** Thrown by codecs on bytes that are no valid frame; the only error a codec may throw. */
export class FrameError extends Error {
  readonly kind: 'crc' | 'frame';
  constructor(kind: 'crc' | 'frame', message: string) {
    super(message);
    this.name = 'FrameError';
    this.kind = kind;
  }
}
