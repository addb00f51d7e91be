/** Readings per property in the last whole second. */
export class ReadingRate {
  #second = 0;
  #counting = new Map<number, number>();
  #last: ReadonlyMap<number, number> = new Map();

  add(propertyId: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#counting.set(propertyId, (this.#counting.get(propertyId) ?? 0) + 1);
  }

  perSecond(propertyId: number, nowMs: number): number {
    this.#turn(nowMs);
    return this.#last.get(propertyId) ?? 0;
  }

  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second === this.#second) return;
    this.#last = second === this.#second + 1 ? this.#counting : new Map();
    this.#counting = new Map();
    this.#second = second;
  }
}
