import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import type { Bench } from './support/bench.ts';
import { median } from './support/median.ts';
import { signInByForm, timeOfPage, untilTrue } from './support/pageTimes.ts';
import { enterFarm, startSystem } from './support/system.ts';
import { startSystemFarm } from './support/systemFarm.ts';

const METERS = 10_000;
const METERS_EACH = 32;
/** Every meter answers once in this time with another load: a thousand changes a second. */
const LIVE_POLL_MS = 10_000;
const WARM_UP_MS = 15_000;
const TIMES = 5;
const VIEWPORT = { width: 1_920, height: 1_080 } as const;
/** What a person takes for "at once". */
const STEP_AIM_MS = 300;
const GRID_ROWS = "document.querySelector('[role=row][data-meter]') !== null";

export const bench: Bench = {
  name: 'grid',
  what: 'the grid of a property with 10,000 meters, 1,000 changes/s: from the navigation to the first frame with rows, headless Chromium, median of five',
  unit: 'ms',
  aim: { of: 'value', most: 1_000 },
  async run(say) {
    const farm = await startSystemFarm({ meters: METERS, metersEach: METERS_EACH, change: 'loads' });
    const system = await startSystem('grid');
    const browser = await launchBrowser();
    try {
      const propertyId = await enterFarm(system.api, farm, LIVE_POLL_MS);
      say(`${METERS} meters entered`);
      await sleep(WARM_UP_MS);
      const context = await browser.newContext({ locale: 'en-GB', viewport: VIEWPORT });
      const page = await context.newPage();
      await signInByForm(page, system);
      const address = `${system.url}/p/${propertyId}/grid`;
      const firstRows: number[] = [];
      for (let time = 0; time < TIMES; time++) firstRows.push(await timeOfPage(page, address, GRID_ROWS));
      await page.goto(address);
      await page.locator('[role=row][data-meter]').first().waitFor();
      await sleep(WARM_UP_MS);
      return {
        value: median(firstRows),
        also: [
          { what: 'End key to the last rows, ms', value: await stepMs(page, TO_THE_END), most: STEP_AIM_MS },
          { what: 'all 10,000 selected, ms', value: await stepMs(page, SELECT_ALL), most: STEP_AIM_MS },
          { what: 'free text to the one that matches, ms', value: await stepMs(page, FILTER), most: STEP_AIM_MS },
        ],
      };
    } finally {
      await browser.close();
      await system.stop();
      await farm.stop();
    }
  },
};

/** One thing that a person does at the keyboard, and the expression in the page that says that it is done. */
interface Step {
  readonly focus: string;
  readonly done: string;
  act(page: Page): Promise<void>;
}

const ROWS = '[role=row][data-meter]';
const TO_THE_END: Step = {
  focus: '[role=grid]',
  act: (page) => page.keyboard.press('End'),
  done: `document.querySelector('[role=grid]').scrollTop > 0 && document.querySelectorAll('${ROWS}').length > 5`,
};
const SELECT_ALL: Step = {
  focus: '[role=grid]',
  act: (page) => page.keyboard.press('Control+a'),
  done: `document.querySelectorAll('${ROWS}[aria-selected=true]').length > 5`,
};
const FILTER: Step = {
  focus: 'input[type=search]',
  act: (page) => page.keyboard.insertText('GW-200-7'),
  done: `document.querySelectorAll('${ROWS}').length === 1`,
};

/** Time from the last key or text to the first frame in which the step is done, ms. */
async function stepMs(page: Page, { focus, act, done }: Step): Promise<number> {
  await page.locator(focus).first().focus();
  await page.evaluate(`
    globalThis.beganMs = globalThis.doneMs = undefined;
    for (const kind of ['keydown', 'input'])
      addEventListener(kind, () => { beganMs = performance.now(); }, { capture: true, once: true });
    requestAnimationFrame(function look() {
      if (beganMs !== undefined && (${done})) doneMs = performance.now();
      else requestAnimationFrame(look);
    });
  `);
  await act(page);
  await untilTrue(page, 'globalThis.doneMs !== undefined');
  return page.evaluate<number>('doneMs - beganMs');
}
