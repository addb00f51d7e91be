import type { Page } from 'playwright-core';
import { listMeters } from '#contract/index.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Bench } from './support/bench.ts';
import { untilPastStored } from './support/demoPast.ts';
import { median } from './support/median.ts';
import { signInByForm, timeOfPage } from './support/pageTimes.ts';
import { startSystem } from './support/system.ts';

const VISITS = 5;
const VIEWPORT = { width: 1_920, height: 1_080 } as const;
const WALL_PAINTED = "performance.getEntriesByName('wall.painted').length > 0";
const GRID_ROWS = "document.querySelector('[role=row][data-meter]') !== null";
const CHART = "document.querySelector('main canvas') !== null";

export const bench: Bench = {
  name: 'pages',
  what: 'each page of the demo estate, opened by its address in a headless Chromium of 1920 × 1080: from the navigation to the first frame without a placeholder, median of five visits, of the slowest page',
  unit: 'ms',
  aim: { of: 'value', most: 1_000 },
  async run(say) {
    const system = await startSystem('pages', { PLANT: 'demo' });
    const browser = await launchBrowser();
    try {
      await untilPastStored(system);
      const context = await browser.newContext({ locale: 'en-GB', viewport: VIEWPORT });
      const from = await context.newPage();
      await signInByForm(from, system);
      const { items } = await system.api.call(listMeters, { query: { limit: 1 } });
      const [meter] = items;
      if (meter === undefined) throw new Error('the demo estate has no meter');
      const times: [string, number][] = [];
      for (const [address, purpose] of pagesOf(meter)) {
        const ms = await medianOfVisits(from, `${system.url}${address}`, purpose);
        say(`${address}: ${ms.toFixed(0)} ms`);
        times.push([address, ms]);
      }
      const [slowest, value] = times.toSorted(([, a], [, b]) => b - a)[0] ?? ['', Number.NaN];
      const middle = median(times.map(([, ms]) => ms));
      return { value, notes: { 'the slowest page': slowest, 'middle of all pages, ms': middle.toFixed(0) } };
    } finally {
      await browser.close();
      await system.stop();
    }
  },
};

/** What a person opens, and what has to be there. */
function pagesOf({ id, propertyId }: { id: number; propertyId: number }): readonly (readonly [string, string?])[] {
  return [
    ['/', WALL_PAINTED],
    [`/p/${propertyId}/wall`, WALL_PAINTED],
    [`/p/${propertyId}/grid`, GRID_ROWS],
    [`/meters/${id}`, CHART],
    ['/alarms'],
    ['/alarms/shift'],
    ['/jobs'],
    ['/desk'],
    ['/tariffs'],
    ['/books'],
    ['/gateways'],
    ['/doctor'],
    ['/notifications'],
    ['/kiosk-links'],
  ];
}

async function medianOfVisits(from: Page, address: string, purpose?: string): Promise<number> {
  const times: number[] = [];
  for (let visit = 0; visit < VISITS; visit++) times.push(await timeOfPage(from, address, purpose));
  return median(times);
}
