import type { ReadingSource } from '#drivers/core/index.ts';
import type { Errand } from './errand.ts';
import type { PolledMeter } from './polledMeter.ts';
import { PRIORITY } from './priority.ts';
import { Visit } from './visit.ts';

/** Most errands that may wait for one line; a person's request beyond it is refused. */
export const MAX_WAITING_ERRANDS = 64;

/** Errands that wait, highest class first, in order within a class. */
export class ErrandQueue {
  /** Errands refused because the queue was full, since creation. */
  refused = 0;
  readonly #errands: Errand[] = [];

  get size(): number {
    return this.#errands.length;
  }

  /** Queues behind its equals; false when the queue is full. */
  add(errand: Errand): boolean {
    if (this.#errands.length >= MAX_WAITING_ERRANDS) {
      this.refused += 1;
      return false;
    }
    const index = this.#errands.findIndex(({ priority }) => priority > errand.priority);
    this.#errands.splice(index < 0 ? this.#errands.length : index, 0, errand);
    return true;
  }

  /** Puts an interrupted errand back before its equals. At most one exists, so it is outside the bound. */
  resume(errand: Errand): void {
    const index = this.#errands.findIndex(({ priority }) => priority >= errand.priority);
    this.#errands.splice(index < 0 ? this.#errands.length : index, 0, errand);
  }

  take(): Errand | undefined {
    return this.#errands.shift();
  }

  /** A person's visit to this meter that waits. */
  onDemand(polled: PolledMeter, source: ReadingSource): Visit | undefined {
    return this.#errands.find(
      (errand): errand is Visit =>
        errand instanceof Visit &&
        errand.polled === polled &&
        errand.priority === PRIORITY.onDemand &&
        errand.source === source,
    );
  }

  /** Removes and returns those that `wanted` picks. */
  drain(wanted: (errand: Errand) => boolean): readonly Errand[] {
    const taken = this.#errands.filter(wanted);
    const kept = this.#errands.filter((errand) => !wanted(errand));
    this.#errands.splice(0, this.#errands.length, ...kept);
    return taken;
  }
}
