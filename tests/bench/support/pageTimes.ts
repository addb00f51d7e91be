import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { System } from './system.ts';

/** So long a page must stay as it is before it counts as shown, ms; the time that counts is when that began. */
const STILL_MS = 1_500;
const READY_MS_MAX = 30_000;
const POLL_MS = 50;

/**
 * Runs in the page before its own program: notes the first frame from which on the page stands with its heading, with
 * what it is there for, and no placeholder is left. A placeholder that comes later takes the note back.
 */
const noteShown = (purpose: string) => `
  globalThis.shownAtMs = undefined;
  const placeholders = '[aria-busy=true], .skeleton, .rows[aria-hidden=true]';
  requestAnimationFrame(function look() {
    const stands = document.querySelector('main h1') !== null && document.querySelector(placeholders) === null;
    if (!stands || !(${purpose})) globalThis.shownAtMs = undefined;
    else globalThis.shownAtMs ??= performance.now();
    requestAnimationFrame(look);
  });
`;

/** Signs in by the form, as a person does. */
export async function signInByForm(page: Page, { url, user, password }: System): Promise<void> {
  await page.goto(url);
  await page.fill('input[name=username]', user);
  await page.fill('input[type=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForURL((at) => at.pathname !== '/sign-in');
  await page.locator('main h1').first().waitFor({ state: 'attached' });
}

/**
 * Opens an address in a tab of its own; returns the time from the navigation to the first frame with everything in its
 * place, ms. `purpose` is an expression of the page's own: what has to be true of it besides. Rejects when that never
 * comes.
 */
export async function timeOfPage(from: Page, address: string, purpose = 'true'): Promise<number> {
  const page = await from.context().newPage();
  try {
    await page.addInitScript(noteShown(purpose));
    await page.goto(address);
    return await stillSince(page);
  } finally {
    await page.close();
  }
}

async function stillSince(page: Page): Promise<number> {
  await untilTrue(page, `globalThis.shownAtMs !== undefined && performance.now() - shownAtMs > ${STILL_MS}`);
  return page.evaluate<number>('shownAtMs');
}

/** Waits until an expression is true in the page. Asks from outside: the page's own rules forbid it to evaluate texts. */
export async function untilTrue(page: Page, expression: string): Promise<void> {
  const giveUpMs = performance.now() + READY_MS_MAX;
  while (!(await page.evaluate<boolean>(expression))) {
    if (performance.now() > giveUpMs) throw new Error(`${page.url()}: never true: ${expression}`);
    await sleep(POLL_MS);
  }
}
