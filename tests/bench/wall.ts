import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { LIVE_FLUSH_MS } from '#contract/index.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Bench } from './support/bench.ts';
import { type PageFigures, watchPage } from './support/pageFigures.ts';
import { type System, startSystem } from './support/system.ts';
import { startSystemFarm } from './support/systemFarm.ts';
import { enterTowers } from './support/wallEstate.ts';

const PROPERTIES = 8;
const TOWERS = { towers: 5, floors: 25, rooms: 10, metersEachRoom: 2 } as const;
const TILES = PROPERTIES * TOWERS.towers * TOWERS.floors * TOWERS.rooms * TOWERS.metersEachRoom;
const METERS_A_LINE = 125;
/** Every meter is asked once in this time and then has another load: a thousand changes a second. */
const LIVE_POLL_MS = 20_000;
const CHANGES_A_SECOND = TILES / (LIVE_POLL_MS / 1_000);
/** Less than that and the page had less to do than the figure says. */
const CHANGES_SHARE_LEAST = 0.95;
/** 60 a second, as far as a minute counted by another clock can tell. */
const FRAMES_AIM = 59.5;
const DROPPED_SECOND_MS = 1_000;
/** Flat: a minute's noise between two collections, no leak of a change each. */
const HEAP_GROWTH_AIM_KIB = 1_024;
const FIRST_PAINT_AIM_MS = 1_500;
const WARM_UP_MS = 25_000;
const MEASURED_MS = 60_000;
const BARE_MS = 20_000;
const SETTLE_MS = 3_000;
const VIEWPORT = { width: 3_840, height: 2_160 } as const;
const READY_MS_MAX = 60_000;

export const bench: Bench = {
  name: 'wall',
  what: '20,000 tiles on one wall of 3840 × 2160, 1,000 changes/s for 60 s, headless Chromium without a graphics card: main thread per second, against a bare canvas that fills as many rectangles as often',
  unit: 'ms/s',
  aim: { of: 'value', most: 120 },
  async run(say) {
    const farm = await startSystemFarm({ meters: TILES, metersEach: METERS_A_LINE, change: 'loads' });
    const system = await startSystem('wall');
    const browser = await launchBrowser();
    try {
      const linesEach = farm.gateways.length / PROPERTIES;
      for (let index = 0; index < PROPERTIES; index++) {
        const gateways = farm.gateways.slice(index * linesEach, (index + 1) * linesEach);
        const spec = { name: `Estate ${index + 1}`, ...TOWERS, livePollMs: LIVE_POLL_MS };
        await enterTowers(system.api, gateways, spec);
      }
      say(`${TILES} meters entered`);
      const context = await browser.newContext({ locale: 'en-GB', viewport: VIEWPORT });
      const bare = await bareCanvas(await context.newPage());
      say(`a bare canvas: ${bare.mainThreadMs.toFixed(1)} ms/s at ${bare.framesPerSecond.toFixed(1)} frames/s`);
      await sleep(WARM_UP_MS);

      const page = await context.newPage();
      const firstPaintMs = await signIn(page, system);
      say(`first paint ${firstPaintMs.toFixed(0)} ms after sign-in`);
      const fits = await page.evaluate(
        "(({ scrollHeight: h, clientHeight: ch, scrollWidth: w, clientWidth: cw }) => h <= ch && w <= cw)(document.querySelector('[data-testid=wall]'))",
      );
      if (!fits) throw new Error('the wall scrolls');
      await sleep(WARM_UP_MS);
      const watching = await watchPage(page);
      const readingsBefore = await readingsOf(system.url);
      await sleep(MEASURED_MS);
      const readings = (await readingsOf(system.url)) - readingsBefore;
      const figures = await watching.end();
      if ((await page.getByTestId('stale-banner').count()) > 0) throw new Error('the wall is stale');
      return {
        value: figures.mainThreadMs,
        limit: bare.mainThreadMs,
        ratio: figures.mainThreadMs / bare.mainThreadMs,
        also: [
          { what: 'frames a second', value: figures.framesPerSecond, least: FRAMES_AIM },
          { what: 'longest frame interval, ms', value: figures.frameMostMs, most: DROPPED_SECOND_MS },
          { what: 'heap growth over the run, KiB', value: figures.heapGrowth / 1_024, most: HEAP_GROWTH_AIM_KIB },
          { what: 'first paint after sign-in, ms', value: firstPaintMs, most: FIRST_PAINT_AIM_MS },
          {
            what: 'readings with another load, a second',
            value: (readings * 1_000) / MEASURED_MS,
            least: CHANGES_A_SECOND * CHANGES_SHARE_LEAST,
          },
        ],
        notes: {
          'frame interval p99, ms': figures.frameP99Ms.toFixed(1),
          'bare canvas, frames a second': bare.framesPerSecond.toFixed(1),
          'bare canvas, frame interval p99, ms': bare.frameP99Ms.toFixed(1),
          'main thread by the wall clock, ms/s': figures.mainThreadWallMs.toFixed(1),
          'heap, MiB': (figures.heapBytes / 2 ** 20).toFixed(1),
        },
      };
    } finally {
      await browser.close();
      await system.stop();
      await farm.stop();
    }
  },
};

/** Signs in by the form; returns the time from the Enter key to the frame that shows every tile, ms. */
async function signIn(page: Page, { url, user, password }: System): Promise<number> {
  await page.goto(url);
  await page.fill('input[name=username]', user);
  await page.fill('input[type=password]', password);
  await page.evaluate("addEventListener('submit', () => performance.mark('bench.sign-in'), { capture: true })");
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => performance.getEntriesByName('wall.painted').length > 0, undefined, {
    timeout: READY_MS_MAX,
  });
  return page.evaluate(() => {
    const at = (name: string) => performance.getEntriesByName(name)[0]?.startTime ?? Number.NaN;
    return at('wall.painted') - at('bench.sign-in');
  });
}

/** Runs in the page. */
const BARE_PROGRAM = `
  const canvas = document.querySelector('canvas');
  const pen = canvas.getContext('2d', { alpha: false });
  canvas.width = ${VIEWPORT.width};
  canvas.height = ${VIEWPORT.height};
  const pitch = Math.floor(Math.sqrt((canvas.width * canvas.height) / 22000));
  const columns = Math.floor(canvas.width / pitch);
  const fill = (tile) => {
    pen.fillStyle = 'hsl(200 15% ' + (15 + Math.floor(Math.random() * 25)) + '%)';
    pen.fillRect((tile % columns) * pitch, Math.floor(tile / columns) * pitch, pitch - 2, pitch - 2);
  };
  for (let tile = 0; tile < ${TILES}; tile++) fill(tile);
  setInterval(() => requestAnimationFrame(() => {
    for (let change = 0; change < ${LIVE_FLUSH_MS}; change++) fill(Math.floor(Math.random() * ${TILES}));
  }), ${LIVE_FLUSH_MS});
`;

/** What the same area costs when as many rectangles of the same size take another colour as often, and nothing else is done. */
async function bareCanvas(page: Page): Promise<PageFigures> {
  await page.setContent('<body style="margin:0;background:#0e1215"><canvas></canvas></body>');
  await page.evaluate(BARE_PROGRAM);
  await sleep(SETTLE_MS);
  const watching = await watchPage(page);
  await sleep(BARE_MS);
  const figures = await watching.end();
  await page.close();
  return figures;
}

async function readingsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('acquisition_readings_total'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
