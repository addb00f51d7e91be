import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { launchBrowser } from '../../support/browser.ts';

/** A page of a desk's screen in a browser of its own, closed with the test; `errors`: what its scripts threw. */
export async function openPage(): Promise<{ readonly page: Page; readonly errors: readonly string[] }> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1_920, height: 1_080 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  return { page, errors };
}

/** Display state → count, as the legend of a wall says. */
export async function legend(page: Page): Promise<Readonly<Record<string, number>>> {
  const rows = await page
    .locator('[data-state]')
    .evaluateAll((buttons) =>
      buttons.map((button) => [button.getAttribute('data-state') ?? '', button.querySelector('b')?.textContent ?? '']),
    );
  return Object.fromEntries(rows.map(([state, count]) => [state, Number((count ?? '').replaceAll(/\D/g, ''))]));
}

/** Of all states: every meter is in exactly one of them. */
export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
