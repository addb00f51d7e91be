import type { Clock, TimerHandle } from '#drivers/core/index.ts';

export interface RepetitionOptions {
  readonly everyMs: number;
  /** After failures the pause doubles up to here; by default it does not grow. */
  readonly retryMsMax?: number;
  /** Run at once, not only after the first period. */
  readonly startNow?: boolean;
  work(): Promise<void>;
  failed(error: Error): void;
}

/** Work that runs again and again, never twice at once. */
export interface Repetition {
  /** Runs once more, after the run under way. Rejects with the error of its own run. */
  runNow(): Promise<void>;
  /** No further runs; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Starts a repetition: the next run begins `everyMs` after the last one ended. */
export function repeat(clock: Clock, options: RepetitionOptions): Repetition {
  const { everyMs, retryMsMax = everyMs } = options;
  let timer: TimerHandle | undefined;
  let tail: Promise<void> = Promise.resolve();
  let pauseMs = everyMs;
  let stopped = false;

  function runInTurn(): Promise<void> {
    const run = tail.then(() => options.work());
    tail = run.catch(() => undefined);
    return run;
  }

  async function cycle(): Promise<void> {
    try {
      await runInTurn();
      pauseMs = everyMs;
    } catch (error) {
      pauseMs = Math.min(pauseMs * 2, Math.max(retryMsMax, everyMs));
      options.failed(error instanceof Error ? error : new Error(String(error)));
    }
    if (!stopped) timer = clock.after(pauseMs, () => void cycle());
  }

  if (options.startNow === true) void cycle();
  else timer = clock.after(everyMs, () => void cycle());

  return {
    runNow: runInTurn,
    async stop() {
      stopped = true;
      timer?.cancel();
      await tail;
    },
  };
}
