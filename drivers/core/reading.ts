import type { Quantity, Values } from './quantity.ts';

/** Money position by the meter's own status word. `notOpened`: never purchased and nothing left. */
export type MeterMoney = 'normal' | 'alarm1' | 'alarm2' | 'arrears' | 'notOpened';

/**
 * What a meter says of itself, normalised over makers. A missing key: this model does not say.
 */
export interface MeterStatus {
  readonly relay?: 'closed' | 'open' | 'partial';
  /** Forced mode: `closed` keeps supply whatever the balance (protect), `open` keeps it cut. */
  readonly forced?: 'none' | 'closed' | 'open';
  readonly money?: MeterMoney;
  readonly overLimit?: boolean;
  readonly fault?: boolean;
}

/** A value that was read but not believed, with the reason; it never reaches a register or a chart. */
export interface Rejection {
  readonly quantity: Quantity | 'balanceMinor' | 'clock';
  readonly raw: number;
  readonly reason: 'range' | 'counter-fell' | 'counter-leapt' | 'not-a-number' | 'clock-off';
}

/**
 * One successful read of one meter.
 *
 * live       the fast poll for the wall: everything but perhaps the registers
 * registers  the central reading: registers are complete
 * onDemand   a person asked; complete
 * backfill   history that the gateway or plant kept while nobody listened
 */
export type ReadingSource = 'live' | 'registers' | 'onDemand' | 'backfill';

export interface Reading {
  readonly meterId: number;
  /** When the meter was read, by our clock (ms since epoch, UTC). For backfill: when it was measured. */
  readonly atMs: number;
  /** When the last byte of the answer arrived. */
  readonly receivedMs: number;
  readonly source: ReadingSource;
  readonly values: Values;
  /** Remaining amount in the meter, minor units (0.01 of the currency); undefined where the meter keeps none. */
  readonly balanceMinor: bigint | undefined;
  readonly status: MeterStatus;
  /** The meter's own clock at the read (local time as if UTC, ms), where the block carries it. */
  readonly meterClockMs: number | undefined;
  readonly rejected: readonly Rejection[];
  /**
   * Counters in `values` that stand below, or impossibly far above, what the meter said before: refused at first, believed
   * once it kept saying so (meter reset or replaced). Use must not be computed across this reading. Absent: none.
   */
  readonly restarted?: readonly Quantity[];
}
