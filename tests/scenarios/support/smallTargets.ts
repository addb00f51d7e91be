import type { Page } from 'playwright-core';

/** What a thumb hits: 44 × 44 px, half a pixel left to rounding. */
const LEAST_PX = 43.5;
const TARGETS = 'a[href], button, select, textarea, input:not([type=hidden]), summary, [role=button], [role=tab]';

/** What can be tapped on a page and is too small for a thumb, with its size; empty = nothing is. */
export async function smallTargets(page: Page): Promise<readonly string[]> {
  const found: unknown = await page.evaluate(`(() => {
    // What lies under an open dialog cannot be tapped.
    const root = document.querySelector('dialog[open]') ?? document;
    return [...root.querySelectorAll(${JSON.stringify(TARGETS)})].flatMap((element) => {
      const shown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      const target = element.matches('input') ? (element.closest('label') ?? element) : element;
      const { width, height } = target.getBoundingClientRect();
      // Words for those who hear the page are one pixel large.
      if (!shown || (width <= 1 && height <= 1)) return [];
      if (width >= ${LEAST_PX} && height >= ${LEAST_PX}) return [];
      const name = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40);
      return [element.tagName.toLowerCase() + '.' + element.className + ' "' + name + '" ' + Math.round(width) + '×' + Math.round(height)];
    });
  })()`);
  return Array.isArray(found) ? found.map(String) : ['the page did not answer'];
}
