/** A cumulative register of a meter at an instant: Wh (or litres) on the primary side, as it is stored. */
export interface RegisterPoint {
  readonly atMs: number;
  readonly value: bigint;
  /** Interpolated between two real reads; never read. */
  readonly estimated: boolean;
}

/** What bounds a believable difference of two reads. */
export interface RegisterLimits {
  /** The register begins at 0 again here; 10^digits in its unit, times the multiplier. */
  readonly modulus: bigint;
  /** Most that can flow, W (or litres per hour). */
  readonly maxPower: bigint;
  /** Thousandths by which `maxPower` may be passed before a difference is no longer believed. */
  readonly marginPpt: bigint;
}

export type RegisterDelta =
  | { readonly kind: 'forward' | 'rolledOver'; readonly delta: bigint }
  /** `backward`: lower than before and no roll-over; `implausible`: more than can have flowed. */
  | { readonly kind: 'backward' | 'implausible'; readonly cap: bigint };

const MS_PER_HOUR = 3_600_000n;
const PPT = 1_000n;

/** Most that can flow in this time, Wh. */
export function capOf({ maxPower, marginPpt }: RegisterLimits, elapsedMs: number): bigint {
  return (maxPower * BigInt(elapsedMs) * marginPpt) / (MS_PER_HOUR * PPT);
}

/**
 * What was consumed between two reads of one register, or why that cannot be told: nobody is charged a difference that
 * could not have flowed. A register that is lower than before counts as rolled over only if the rest up to its end and
 * what it shows now could have flowed in this time.
 */
export function registerDelta(from: bigint, to: bigint, limits: RegisterLimits, elapsedMs: number): RegisterDelta {
  const cap = capOf(limits, elapsedMs);
  if (to >= from) return to - from <= cap ? { kind: 'forward', delta: to - from } : { kind: 'implausible', cap };
  const delta = to - from + limits.modulus;
  return delta >= 0n && delta <= cap ? { kind: 'rolledOver', delta } : { kind: 'backward', cap };
}

/** 10^digits in the unit of the stored register: six digits before the point of a kWh register are 10^9 Wh. */
export function modulusOf(wholeDigits: number, multiplier: bigint): bigint {
  return 10n ** BigInt(wholeDigits) * 1_000n * multiplier;
}
