import { onBeforeUnmount, onMounted } from 'vue';

/** What a key does; `true` or nothing = done, `false` = not now, the browser may have it. */
export type KeyAction = (event: KeyboardEvent) => unknown;

/** Enter and Space press what has the focus. */
const PRESSABLE = 'button, a[href], summary, [role="button"], [role="checkbox"]';
const WRITABLE = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"]';
const MODAL = '[aria-modal="true"], dialog[open]';

/** True while a key press belongs to a field or a dialog and not to the page. */
function isOfFieldOrDialog(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return true;
  if (event.target instanceof Element && event.target.closest(WRITABLE) !== null) return true;
  return [...document.querySelectorAll<HTMLElement>(MODAL)].some((dialog) => dialog.checkVisibility());
}

/** True while it belongs to these, to what has the focus or to the browser. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || isOfFieldOrDialog(event)) return true;
  const presses = event.key === 'Enter' || event.key === ' ';
  return presses && event.target instanceof Element && event.target.closest(PRESSABLE) !== null;
}

function whilePageLives(onKey: (event: KeyboardEvent) => void): void {
  onMounted(() => document.addEventListener('keydown', onKey));
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey));
}

/** Keys of a page by `KeyboardEvent.key`, letters in lower case. Only inside setup functions. */
export function useKeys(actions: Readonly<Record<string, KeyAction>>): void {
  whilePageLives((event) => {
    if (belongsElsewhere(event)) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined || action(event) === false) return;
    event.preventDefault();
  });
}

/** Ctrl+A (⌘A) takes all that match, except where text is written or a dialog is open. Only inside setup functions. */
export function useAllKey(all: () => void): void {
  whilePageLives((event) => {
    const isAll = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (!isAll || event.key.toLowerCase() !== 'a' || isOfFieldOrDialog(event)) return;
    event.preventDefault();
    all();
  });
}
