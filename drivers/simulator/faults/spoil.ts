import type { Chance } from '#drivers/core/index.ts';
import type { Fault } from './fault.ts';

/** How a reply reaches the asker after the faults that struck it. */
export interface Delivery {
  /** The bytes that come, or undefined when none do. */
  readonly bytes: Uint8Array | undefined;
  readonly delayMs: number;
  /** Kept back until the next reply and sent in front of it. */
  readonly held: boolean;
  /** Sent in pieces of this size, this far apart. */
  readonly split: { readonly pieceBytes: number; readonly gapMs: number } | undefined;
}

/** Applies the faults to a reply. Pure but for `chance`; `framing` decides where damage shows. */
export function spoil(
  reply: Uint8Array,
  faults: readonly Fault[],
  framing: 'modbus-tcp' | 'rtu-over-tcp',
  chance: Chance,
): Delivery {
  let delivery: Delivery = { bytes: reply, delayMs: 0, held: false, split: undefined };
  for (const fault of faults) delivery = spoilOnce(delivery, fault, framing, chance);
  return delivery;
}

function spoilOnce(delivery: Delivery, fault: Fault, framing: 'modbus-tcp' | 'rtu-over-tcp', chance: Chance): Delivery {
  switch (fault.kind) {
    case 'dropped':
    case 'silent':
    case 'mute':
    case 'down':
      return { ...delivery, bytes: undefined };
    case 'delayed':
      return { ...delivery, delayMs: delivery.delayMs + fault.delayMs };
    case 'corrupted':
      return delivery.bytes === undefined
        ? delivery
        : { ...delivery, bytes: corrupted(delivery.bytes, framing, chance) };
    case 'merged':
      return { ...delivery, held: true };
    case 'split':
      return { ...delivery, split: fault };
    case 'garbage':
      return { ...delivery, bytes: Uint8Array.from({ length: fault.bytes }, () => Math.floor(chance() * 256)) };
    // What happens to a request, or in the meter itself, has happened by now.
    case 'request-lost':
    case 'request-doubled':
    case 'request-late':
    case 'lying-refusal':
    case 'hoarding':
    case 'stale-read':
    case 'frozen-relay':
      return delivery;
  }
}

/** One bit turned. MBAP has no checksum: only a damaged protocol number is sure to be noticed, so that breaks. */
function corrupted(bytes: Uint8Array, framing: 'modbus-tcp' | 'rtu-over-tcp', chance: Chance): Uint8Array {
  const copy = bytes.slice();
  const at = framing === 'modbus-tcp' ? 2 : Math.floor(chance() * copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(chance() * 8));
  return copy;
}
