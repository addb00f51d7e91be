import type { PurseTable } from './purse.ts';
import type { Quantity } from './quantity.ts';

/** Register types. Multi-register values are high word first unless `wordOrder` says otherwise. */
export type RegisterType = 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32';

/** One value in the register map, the same line for decoding (drivers) and encoding (simulator). */
export interface Field {
  readonly quantity: Quantity | 'balanceMinor' | 'ctRatio' | 'ptRatio';
  readonly address: number;
  readonly type: RegisterType;
  /** canonical = raw × scale. A power of ten or its inverse, exact in decimal. */
  readonly scale: number;
  readonly wordOrder?: 'high-first' | 'low-first';
  /** Secondary-side values are multiplied by the meter's own ratios on the way to the primary side. */
  readonly multiply?: 'ct' | 'pt' | 'ct×pt';
  /** Raw value that means "not present". */
  readonly absentRaw?: number;
  /** Counter range: the raw value at which the register starts again at zero (default: none, a fall is rejected). */
  readonly rollsOverAtRaw?: number;
}

/** A flag of the status word: true when `(word & mask) === equals` (`equals` defaults to `mask`). */
export interface Flag {
  readonly mask: number;
  readonly equals?: number;
}

/** Normalised status decoded from one 16-bit register. `money` flags are tried in the given order. */
export interface StatusWord {
  readonly address: number;
  readonly relayClosed?: Flag;
  readonly relayOpen?: Flag;
  readonly forcedOn?: Flag;
  /** With `forcedOn`: closed when this holds, else open. */
  readonly forcedClosed?: Flag;
  readonly arrears?: Flag;
  readonly alarm2?: Flag;
  readonly alarm1?: Flag;
  readonly overLimit?: Flag;
  readonly fault?: Flag;
}

/** Registers that can be asked for in one request and that belong together. */
export interface Span {
  readonly start: number;
  readonly count: number;
  /** `live`: the fast poll of the wall. `registers`: the central reading. A span may serve both. */
  readonly serves: readonly ('live' | 'registers')[];
}

/** How the relay is switched and what to read back. Writing is never believed: the status word is. */
export interface RelayWrite {
  readonly address: number;
  readonly forceClose: readonly number[];
  readonly forceOpen: readonly number[];
  readonly automatic: readonly number[];
}

/**
 * A meter model: ONE declarative value in ONE file under `drivers/models`, read by the driver to decode
 * and by the simulator to encode. `register` addresses are zero-based protocol addresses.
 */
export interface MeterModel {
  /** Stable id, kebab case with the maker first: `acrel-dtsy1352`. Stored with each meter. */
  readonly id: string;
  readonly maker: string;
  readonly name: string;
  readonly medium: 'electric' | 'water';
  readonly phases: 1 | 3;
  readonly protocol: 'modbus';
  readonly readFunction: 3 | 4;
  /** Most registers that this model answers in one request (≤ 125, Modbus application protocol 6.3). */
  readonly maxRegisters: number;
  /** Highest rate that its serial port can be set to, as the maker states it; absent where nobody does. */
  readonly highestBaud?: 9600 | 19200 | 38400;
  readonly capabilities: {
    readonly prepaid: boolean;
    readonly relay: boolean;
    readonly timeOfUse: boolean;
  };
  readonly spans: readonly Span[];
  readonly fields: readonly Field[];
  readonly status?: StatusWord;
  /** Byte offset, from the span's first data byte, of a 7-byte binary clock YY MM DD weekday hh mm ss. */
  readonly clock?: { readonly spanStart: number; readonly byteOffset: number };
  readonly relayWrite?: RelayWrite;
  /** The prepaid side: what is kept beside the fields, and how it is written. */
  readonly purse?: PurseTable;
  /** Where each fact comes from: manual and page, capture, repository and file. */
  readonly sources: readonly string[];
}
