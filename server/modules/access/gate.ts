import { AppError } from '#server/platform/http/index.ts';

export interface Gate {
  /** Runs `work` when its turn comes; throws `server.busy` when too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Lets `atOnce` works run at the same time and `waitingMax` wait, in order. */
export function createGate(atOnce: number, waitingMax: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running >= atOnce) {
        if (waiting.length >= waitingMax)
          throw new AppError('server.busy', 'Too many at the same time: try again in a moment.');
        // The one that ends hands its place over, so `running` stays as it is.
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else running += 1;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
