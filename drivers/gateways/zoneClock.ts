/** A meter's clock may be off by this much: more would book energy under the wrong price at the edges of a tariff. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Zones change their offset on quarter hours only; between them the last answer holds. */
const OFFSET_HOLDS_MS = 15 * 60_000;

/** Wall clocks in one IANA time zone. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  #quarter = Number.NaN;
  #offsetMs = 0;

  /** Throws RangeError on a zone that does not exist. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  }

  /** Local time at `atMs` as if it were UTC, ms: what a meter's clock should show. */
  localMs(atMs: number): number {
    const quarter = Math.floor(atMs / OFFSET_HOLDS_MS);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#offsetMs = this.#offsetAt(atMs);
    }
    return atMs + this.#offsetMs;
  }

  #offsetAt(atMs: number): number {
    const name = this.#format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    if (sign === undefined) return 0;
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  }
}
