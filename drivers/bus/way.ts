import type { Failure, PolledMeter } from './polledMeter.ts';
import type { Rotation } from './rotation.ts';

/** A line on which nobody has said a word for this long is connected anew, in case only the gateway's side is alive. */
export const SILENT_REFRESH_MS = 60_000;

/** With a single meter, its silence and its bus's cannot be told apart: the meter is blamed. */
const SILENT_METERS_MIN = 2;

/**
 * Most bytes in a row without a single usable answer. What babbles on is no gateway: the connection is dropped, so that
 * noise costs neither processor nor memory. Some two hundred spoilt answers of a long read stay below it.
 */
export const NOISE_LIMIT_BYTES = 65_536;

export const NOBODY_ANSWERS = 'connected, but nobody answers';
export const NO_MODBUS = 'answers, but not in Modbus';

/**
 * The way to the meters of a line, told when it opens and closes: connected and somebody answers, or not and why. Two
 * causes are the line's and no meter's: everybody is silent on a connection that stands, or everybody's answers are
 * spoilt. A connection that follows a fruitless one is not believed until something came of it, so that a gateway
 * that accepts and babbles, or hangs up, is one cause and does not come and go.
 */
export class Way {
  /** Why the way is closed although the connection stands. */
  closed: string | undefined;
  #heardMs = 0;
  #uselessBytes = 0;
  /** The connection has not been reported yet. */
  #doubted = false;
  /** Something came of the present connection: somebody answered, or was silent as a meter may be. */
  #fruitful = true;
  readonly #tell: (up: boolean, reason: string) => void;

  constructor(tell: (up: boolean, reason: string) => void) {
    this.#tell = tell;
  }

  connected(meterCount: number, nowMs: number): void {
    this.refreshed(nowMs);
    this.#doubted = !this.#fruitful && meterCount > 0;
    this.#fruitful = false;
    if (!this.#doubted) this.#tell(true, 'connected');
  }

  /** A fresh connection in place of one that stood: no news. */
  refreshed(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#uselessBytes = 0;
  }

  lost(reason: string): void {
    this.closed = undefined;
    this.#tell(false, reason);
  }

  /** Counts bytes that came; false when they were too many without an answer among them. */
  bears(bytes: number): boolean {
    this.#uselessBytes += bytes;
    return this.#uselessBytes <= NOISE_LIMIT_BYTES;
  }

  /** A whole frame that answers: from the meter, or from the gateway in its place. */
  understood(): void {
    this.#uselessBytes = 0;
  }

  /** A meter itself has answered. True when that opened the way again. */
  heard(nowMs: number): boolean {
    this.#heardMs = nowMs;
    this.#fruitful = true;
    const { closed } = this;
    if (closed === undefined && !this.#doubted) return false;
    this.closed = undefined;
    this.#doubted = false;
    this.#tell(true, closed === undefined ? 'connected' : 'somebody answers again');
    return closed !== undefined;
  }

  /**
   * A meter was silent, or its answer spoilt. Closes the way when all of them fail like this. True when the connection
   * should be replaced by a fresh one.
   */
  unheard(failure: Failure, { meters, failing }: Rotation, nowMs: number): boolean {
    const everybody = failing === meters.length;
    if (everybody && meters.length >= SILENT_METERS_MIN) this.#close(meters);
    else if (failure === 'silent' || meters.length < SILENT_METERS_MIN) this.#believe();
    return everybody && nowMs - this.#heardMs >= SILENT_REFRESH_MS;
  }

  /** Meters may be silent on a connection that serves. */
  #believe(): void {
    this.#fruitful = true;
    if (!this.#doubted) return;
    this.#doubted = false;
    this.#tell(true, 'connected');
  }

  #close(meters: readonly PolledMeter[]): void {
    // A meter that refuses has spoken: its failure is its own.
    if (this.closed !== undefined || meters.some(({ lastFailure }) => lastFailure === 'refused')) return;
    const spoilt = meters.some(({ lastFailure }) => lastFailure === 'spoilt');
    this.closed = spoilt ? `${NO_MODBUS}: no meter's answer could be understood` : NOBODY_ANSWERS;
    this.#doubted = false;
    this.#fruitful = false;
    this.#tell(false, this.closed);
  }
}
