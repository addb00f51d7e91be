import type { SerialSettings } from '#drivers/core/index.ts';

/** `serial`: replies appear when the emulated wire has carried them. `off`: at once, for benches and quick tests. */
export type WireMode = 'serial' | 'off';

/** Bits of one character on the line: start, eight data, parity if any, stop. */
export function bitsPerCharacter(serial: SerialSettings): number {
  return 9 + (serial.parity === 'none' ? 0 : 1) + serial.stopBits;
}

/** Milliseconds that `bytes` take on the line. */
export function wireTimeMs(bytes: number, serial: SerialSettings): number {
  return (bytes * bitsPerCharacter(serial) * 1_000) / serial.baud;
}

/**
 * Silence that ends a frame, ms: 3.5 characters of 11 bits, fixed at 1.75 ms above 19200 baud
 * (Modbus over serial line 1.02, 2.5.1.1).
 */
export function frameGapMs(baud: SerialSettings['baud']): number {
  return baud > 19_200 ? 1.75 : (3.5 * 11 * 1_000) / baud;
}

/** When the parts of one exchange happen, ms after the request's last byte reached the gateway. */
export interface ExchangeTiming {
  /** The reply has left the gateway and the line is free for the next request. */
  readonly replyMs: number;
  /** The line is free again when the meter says nothing. */
  readonly silentMs: number;
}

/**
 * Timing of one exchange on a line that carries one at a time: request, silence, the meter's thinking, reply, silence.
 * Bytes are those of the RTU frames on the serial side, also behind a Modbus TCP gateway.
 *
 * @param thinkMs the meter's own delay before its first byte
 * @param giveUpMs how long a Modbus TCP gateway waits for a meter before it answers exception 0B itself
 */
export function exchangeTiming(
  requestBytes: number,
  replyBytes: number,
  thinkMs: number,
  giveUpMs: number,
  serial: SerialSettings,
): ExchangeTiming {
  const asked = wireTimeMs(requestBytes, serial) + frameGapMs(serial.baud);
  return {
    replyMs: asked + thinkMs + wireTimeMs(replyBytes, serial) + frameGapMs(serial.baud),
    silentMs: asked + giveUpMs,
  };
}
