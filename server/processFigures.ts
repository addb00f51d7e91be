import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '#drivers/core/index.ts';

/** How often the event loop's delay is sampled; the histogram counts this pause too, so it is taken off again. */
const LOOP_SAMPLE_MS = 20;

/** What this process costs, between two looks. */
export class ProcessFigures {
  readonly #clock: Clock;
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  #cpu = process.cpuUsage();
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  start(): void {
    this.#loop.enable();
  }

  stop(): void {
    this.#loop.disable();
  }

  /** Memory now; delay of the event loop (99th percentile) and share of one core since the last call. */
  take(): Record<'rss_bytes' | 'heap_bytes' | 'event_loop_p99_ms' | 'cpu_share', number> {
    const { rss, heapUsed } = process.memoryUsage();
    const nowMs = this.#clock.monotonicMs();
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpuShare = (user + system) / 1_000 / Math.max(1, nowMs - this.#sinceMs);
    const delayMs = this.#loop.percentile(99) / 1e6 - LOOP_SAMPLE_MS;
    this.#cpu = process.cpuUsage();
    this.#sinceMs = nowMs;
    this.#loop.reset();
    return { rss_bytes: rss, heap_bytes: heapUsed, event_loop_p99_ms: Math.max(0, delayMs), cpu_share: cpuShare };
  }
}
