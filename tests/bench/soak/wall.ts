import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { rssBytes } from '../support/serverProcess.ts';
import type { System } from '../support/system.ts';

const READY_MS_MAX = 60_000;

/** What the wall was found to be since the last look. */
export interface WallFigures {
  /** Used JavaScript heap after a collection, bytes. */
  readonly heapBytes: number;
  /** Resident memory of all pages' processes, bytes; 0 where the browser does not tell its processes. */
  readonly rendererBytes: number;
  /** Whole seconds without a frame of animation: what nobody could have seen. */
  readonly missedSeconds: number;
  /** Frames of the feed that came. */
  readonly feedFrames: number;
  readonly stale: boolean;
}

/** A real wall in headless Chromium, signed in and left alone. */
export interface Wall {
  take(): Promise<WallFigures>;
  stop(): Promise<void>;
}

/** Runs in the page. */
const COUNT_MISSED = `
  globalThis.missedSeconds = 0;
  let lastMs = performance.now();
  requestAnimationFrame(function note(atMs) {
    missedSeconds += Math.max(0, Math.floor((atMs - lastMs) / 1000));
    lastMs = atMs;
    requestAnimationFrame(note);
  });
`;

/** Opens the wall as a person does, by the form, and waits until it is painted. */
export async function openWall({ url, user, password }: System): Promise<Wall> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1_920, height: 1_080 } });
    const session = await page.context().newCDPSession(page);
    const processes = await browser.newBrowserCDPSession();
    let feedFrames = 0;
    session.on('Network.webSocketFrameReceived', () => {
      feedFrames += 1;
    });
    await session.send('Network.enable');
    await signIn(page, url, user, password);
    await page.evaluate(COUNT_MISSED);
    return {
      async take() {
        const missedSeconds: number = await page.evaluate('missedSeconds');
        await page.evaluate('missedSeconds = 0');
        const frames = feedFrames;
        feedFrames = 0;
        return {
          ...{ heapBytes: await usedHeap(session), rendererBytes: await rendererBytes(processes) },
          ...{ missedSeconds, feedFrames: frames },
          stale: (await page.getByTestId('stale-banner').count()) > 0,
        };
      },
      stop: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

async function signIn(page: Page, url: string, user: string, password: string): Promise<void> {
  await page.goto(url);
  await page.fill('input[name=username]', user);
  await page.fill('input[type=password]', password);
  await page.keyboard.press('Enter');
  const painted = () => performance.getEntriesByName('wall.painted').length > 0;
  await page.waitForFunction(painted, undefined, { timeout: READY_MS_MAX });
}

async function usedHeap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

async function rendererBytes(processes: CDPSession): Promise<number> {
  const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { id }) => sum + residentBytes(id), 0);
}

/** A process that ended meanwhile holds nothing. */
function residentBytes(pid: number): number {
  try {
    return rssBytes(pid);
  } catch {
    return 0;
  }
}
