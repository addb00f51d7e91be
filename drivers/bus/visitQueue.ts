import type { Visit } from './visit.ts';

/** Most visits that may wait for one line; a person's request beyond it is refused. */
export const MAX_WAITING_VISITS = 64;

/** Visits that wait, highest class first, in order within a class. */
export class VisitQueue {
  /** Visits refused because the queue was full, since creation. */
  refused = 0;
  readonly #visits: Visit[] = [];

  get size(): number {
    return this.#visits.length;
  }

  /** Queues behind its equals; false when the queue is full. */
  add(visit: Visit): boolean {
    if (this.#visits.length >= MAX_WAITING_VISITS) {
      this.refused += 1;
      return false;
    }
    const index = this.#visits.findIndex(({ priority }) => priority > visit.priority);
    this.#visits.splice(index < 0 ? this.#visits.length : index, 0, visit);
    return true;
  }

  /** Puts an interrupted visit back before its equals. At most one exists, so it is outside the bound. */
  resume(visit: Visit): void {
    const index = this.#visits.findIndex(({ priority }) => priority >= visit.priority);
    this.#visits.splice(index < 0 ? this.#visits.length : index, 0, visit);
  }

  take(): Visit | undefined {
    return this.#visits.shift();
  }

  find(wanted: (visit: Visit) => boolean): Visit | undefined {
    return this.#visits.find(wanted);
  }

  /** Removes and returns those that `wanted` picks. */
  drain(wanted: (visit: Visit) => boolean): readonly Visit[] {
    const taken = this.#visits.filter(wanted);
    const kept = this.#visits.filter((visit) => !wanted(visit));
    this.#visits.splice(0, this.#visits.length, ...kept);
    return taken;
  }
}
