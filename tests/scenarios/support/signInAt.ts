import type { Page } from 'playwright-core';
import type { RunningSystem } from './systemUnderTest.ts';

/** Signs in by the form, on the way to `path` (with its query). */
export async function signInAt(page: Page, { url, printedSignIn }: RunningSystem, path: string): Promise<void> {
  await page.goto(`${url}/sign-in?return=${encodeURIComponent(path)}`);
  await page.fill('input[name=username]', printedSignIn.user);
  await page.fill('input[type=password]', printedSignIn.password);
  await page.keyboard.press('Enter');
  await page.waitForURL((to) => `${to.pathname}${to.search}` === path);
}
