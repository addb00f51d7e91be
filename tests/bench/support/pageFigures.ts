import type { CDPSession, Page } from 'playwright-core';

/** What a page cost while it ran. */
export interface PageFigures {
  readonly framesPerSecond: number;
  /** 99th percentile of the time between two frames, and the longest one, ms. */
  readonly frameP99Ms: number;
  readonly frameMostMs: number;
  /** Tasks of the main thread by its own processor time, ms per second. */
  readonly mainThreadMs: number;
  /** The same by the wall clock: what others on the machine take is in it. */
  readonly mainThreadWallMs: number;
  /** Used heap after a collection, now against the beginning, bytes. */
  readonly heapGrowth: number;
  readonly heapBytes: number;
}

/** Runs in the page. */
const COUNT_FRAMES = `
  globalThis.seenFrames = [];
  requestAnimationFrame(function note(atMs) {
    seenFrames.push(atMs);
    requestAnimationFrame(note);
  });
`;

/** Watches a page; `end` says what was seen. The page counts its own frames, which costs it a little. */
export async function watchPage(page: Page): Promise<{ end(): Promise<PageFigures> }> {
  const { cpu, wall } = await sessionsOf(page);
  const heapBefore = await usedHeap(cpu);
  await page.evaluate(COUNT_FRAMES);
  const began = { atMs: performance.now(), cpuS: await taskSeconds(cpu), wallS: await taskSeconds(wall) };
  return {
    async end() {
      const cpuS = (await taskSeconds(cpu)) - began.cpuS;
      const wallS = (await taskSeconds(wall)) - began.wallS;
      const seconds = (performance.now() - began.atMs) / 1_000;
      const frames: number[] = await page.evaluate('seenFrames');
      const gaps = frames.slice(1).map((atMs, index) => atMs - (frames[index] ?? 0));
      const sorted = gaps.toSorted((a, b) => a - b);
      const heapBytes = await usedHeap(cpu);
      return {
        framesPerSecond: frames.length / seconds,
        frameP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
        frameMostMs: sorted.at(-1) ?? Number.NaN,
        mainThreadMs: (cpuS * 1_000) / seconds,
        mainThreadWallMs: (wallS * 1_000) / seconds,
        heapGrowth: heapBytes - heapBefore,
        heapBytes,
      };
    },
  };
}

/** One session for each clock: the thread's own processor time, and the time of day. */
async function sessionsOf(page: Page): Promise<{ cpu: CDPSession; wall: CDPSession }> {
  const cpu = await page.context().newCDPSession(page);
  await cpu.send('Performance.enable', { timeDomain: 'threadTicks' });
  const wall = await page.context().newCDPSession(page);
  await wall.send('Performance.enable', { timeDomain: 'timeTicks' });
  return { cpu, wall };
}

async function taskSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
}

async function usedHeap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}
