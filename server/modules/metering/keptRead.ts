import {
  type MeterStatus,
  QUANTITY_NAMES,
  type Quantity,
  type Reading,
  type Rejection,
  type Values,
} from '#drivers/core/index.ts';
import type { CurrentRead, LastRead } from './types.ts';

const INDEX_OF = new Map<string, number>(QUANTITY_NAMES.map((quantity, index) => [quantity, index]));
const LOAD = INDEX_OF.get('activePowerW') ?? 0;
const NOTHING_REJECTED: readonly Rejection[] = [];

/**
 * The last read of one meter, kept in place: a reading overwrites plain numbers. A new object for each reading would
 * live just long enough to grow old, and ten thousand meters would leave the collector megabytes of that each second.
 */
export class KeptRead implements CurrentRead {
  readAtMs: number;
  balanceMinor: bigint | undefined;
  status: MeterStatus;
  meterClockMs: number | undefined;
  rejected: readonly Rejection[];
  /** In the order of QUANTITY_NAMES; no number where the meter has not said one. */
  readonly #numbers: number[] = QUANTITY_NAMES.map(() => Number.NaN);

  constructor(first: LastRead) {
    this.readAtMs = first.readAtMs;
    this.balanceMinor = first.balanceMinor;
    this.status = first.status;
    this.meterClockMs = first.meterClockMs;
    this.rejected = keptRejections(first.rejected);
    this.#overwrite(first.values);
  }

  /** The first read of a meter. */
  static of(reading: Reading): KeptRead {
    return new KeptRead({ ...reading, readAtMs: reading.atMs });
  }

  get values(): Values {
    const values: Partial<Record<Quantity, number>> = {};
    QUANTITY_NAMES.forEach((quantity, index) => {
      const value = this.#numbers[index];
      if (value !== undefined && !Number.isNaN(value)) values[quantity] = value;
    });
    return values;
  }

  get loadW(): number | undefined {
    const loadW = this.#numbers[LOAD];
    return loadW === undefined || Number.isNaN(loadW) ? undefined : loadW;
  }

  /**
   * A live poll may leave registers out, so what it does not say keeps its last value; what was read and not believed
   * is absent, since the last good value would carry a time at which it was not read.
   */
  take(reading: Reading): void {
    this.readAtMs = reading.atMs;
    this.#overwrite(reading.values);
    if (reading.balanceMinor !== undefined && reading.balanceMinor !== this.balanceMinor)
      this.balanceMinor = reading.balanceMinor;
    for (const { quantity } of reading.rejected) {
      const index = INDEX_OF.get(quantity);
      if (index !== undefined) this.#numbers[index] = Number.NaN;
      if (quantity === 'balanceMinor') this.balanceMinor = undefined;
    }
    if (!saysNothingNew(reading.status, this.status)) this.status = { ...this.status, ...reading.status };
    this.meterClockMs = reading.meterClockMs ?? this.meterClockMs;
    this.rejected = keptRejections(reading.rejected);
  }

  #overwrite(values: Values): void {
    const numbers = this.#numbers;
    for (let index = 0; index < numbers.length; index++) {
      const quantity = QUANTITY_NAMES[index];
      const value = quantity === undefined ? undefined : values[quantity];
      if (value !== undefined) numbers[index] = value;
    }
  }
}

function saysNothingNew(status: MeterStatus, known: MeterStatus): boolean {
  return (
    (status.relay === undefined || status.relay === known.relay) &&
    (status.forced === undefined || status.forced === known.forced) &&
    (status.money === undefined || status.money === known.money) &&
    (status.overLimit === undefined || status.overLimit === known.overLimit) &&
    (status.fault === undefined || status.fault === known.fault)
  );
}

function keptRejections(rejected: readonly Rejection[]): readonly Rejection[] {
  return rejected.length === 0 ? NOTHING_REJECTED : rejected;
}
