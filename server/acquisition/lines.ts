import type { Line, LineConfig, LineSink } from '#drivers/core/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Log } from '#server/platform/log.ts';
import type { LineFactory, LineNews } from './types.ts';

export interface LinesDeps {
  readonly estate: EstateReader;
  readonly createLine: LineFactory;
  readonly sink: LineSink;
  /** Told when a line is started or stopped; its own link it tells by the sink. */
  readonly told: (news: LineNews) => void;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Runs one `Line` for each line of the estate that is ready to run, and follows the estate without a restart. */
export class Lines {
  readonly #deps: LinesDeps;
  readonly #running = new Map<number, Line>();
  /** Work under way per line: a line is stopped before its successor starts. */
  readonly #work = new Map<number, Promise<void>>();
  #unsubscribe: (() => void) | undefined;

  constructor(deps: LinesDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#unsubscribe = this.#deps.estate.onChange((event) => {
      if (event.kind === 'line') void this.#follow(event.lineId);
    });
    for (const lineId of this.#deps.estate.lineIds()) void this.#follow(lineId);
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await Promise.all(this.#work.values());
    await Promise.all([...this.#running.values()].map((line) => line.stop()));
    this.#running.clear();
  }

  get(lineId: number): Line | undefined {
    return this.#running.get(lineId);
  }

  all(): Iterable<Line> {
    return this.#running.values();
  }

  #follow(lineId: number): Promise<void> {
    const work = (this.#work.get(lineId) ?? Promise.resolve())
      .then(() => this.#bringUpToDate(lineId))
      .catch((error: Error) => this.#deps.log.error('a line could not follow the estate', { lineId, error }))
      .finally(() => {
        if (this.#work.get(lineId) === work) this.#work.delete(lineId);
      });
    this.#work.set(lineId, work);
    return work;
  }

  async #bringUpToDate(lineId: number): Promise<void> {
    const wanted = this.#deps.estate.lineConfig(lineId);
    const running = this.#running.get(lineId);
    if (wanted !== undefined && running !== undefined && sameConnection(wanted, running.config)) {
      running.setMeters(wanted.meters);
      return;
    }
    if (running !== undefined) {
      this.#running.delete(lineId);
      await running.stop();
    }
    const atMs = this.#deps.nowMs();
    if (wanted === undefined) {
      this.#deps.told({ lineId, path: 'stopped', reason: 'disabled or removed', atMs });
      return;
    }
    const line = this.#deps.createLine(wanted, this.#deps.sink);
    this.#running.set(lineId, line);
    this.#deps.told({ lineId, path: 'connecting', reason: 'started', atMs });
    line.start();
  }
}

/** True when two configurations differ in their meters at most: the connection may stay. */
function sameConnection(a: LineConfig, b: LineConfig): boolean {
  const connection = (config: LineConfig): string => JSON.stringify({ ...config, meters: [] });
  return connection(a) === connection(b);
}
