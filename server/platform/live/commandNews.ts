import { BATCH_METERS_MAX, COMMAND_NEWS_MAX, type CommandNews, type CommandNewsGroup } from '#contract/index.ts';

/** Commands that wait to be told, in the largest batch and beside it; beyond it screens ask anew. */
export const WAITING_NEWS_MAX = 2 * BATCH_METERS_MAX;

/** A command of its own that changed: the server knows its id even where it is not told. */
export type NamedNews = CommandNews & { readonly commandId: string };

/**
 * News of commands on their way to the screens of one part of the estate. A batch changes thousands of commands a second:
 * each waits once, in its latest state, and leaves with its equals.
 */
export class CommandNewsQueue {
  readonly #waiting = new Map<string, NamedNews>();

  get size(): number {
    return this.#waiting.size;
  }

  /** False where there is no room: everything that waited is given up, and screens must ask anew. */
  add(news: NamedNews): boolean {
    this.#waiting.set(news.commandId, news);
    if (this.#waiting.size <= WAITING_NEWS_MAX) return true;
    this.#waiting.clear();
    return false;
  }

  /** The longest waiting ones, as screens are told; they wait no more. */
  take(): readonly CommandNewsGroup[] {
    const groups = new Map<string, CommandNewsGroup & { meterIds: number[] }>();
    const told = [...this.#waiting.values()].slice(0, COMMAND_NEWS_MAX);
    for (const { commandId, meterId, ...common } of told) {
      this.#waiting.delete(commandId);
      const { batchId, state, why } = common;
      const key = batchId === undefined ? commandId : `${batchId} ${state} ${why.join()}`;
      const group = groups.get(key);
      const named = batchId === undefined ? { commandId, ...common } : common;
      if (group === undefined) groups.set(key, { ...named, meterIds: [meterId] });
      else group.meterIds.push(meterId);
    }
    return [...groups.values()];
  }
}
