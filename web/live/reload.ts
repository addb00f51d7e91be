/** Screens of one wall do not all ask for the new release in the same second. */
const SPREAD_MS = 4_000;
const BUSY_CHECK_MS = 2_000;

/** Loads the page again once nobody is typing: a form never loses what was typed. */
export function reloadSoftly(reload: () => void, chance: () => number = Math.random): void {
  setTimeout(function attempt() {
    if (isTyping(document.activeElement)) setTimeout(attempt, BUSY_CHECK_MS);
    else reload();
  }, chance() * SPREAD_MS);
}

function isTyping(element: Element | null): boolean {
  return (
    element !== null &&
    (element.matches('input, textarea, select') || element.closest('[role="dialog"], form') !== null)
  );
}
