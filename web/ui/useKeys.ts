import { onBeforeUnmount, onMounted } from 'vue';

/** What a key does; `true` or nothing = done, `false` = not now, the browser may have it. */
export type KeyAction = (event: KeyboardEvent) => unknown;

/** Enter and Space press what has the focus. */
const PRESSABLE = 'button, a[href], summary, [role="button"], [role="checkbox"]';
const WRITABLE = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"]';
const MODAL = '[aria-modal="true"], dialog[open]';

/** Presses that began while a dialog was open. It may be gone before the page hears them: closing it was all they meant. */
const begunInDialog = new WeakSet<Event>();

function markBeginning(event: Event): void {
  const dialogs = [...document.querySelectorAll<HTMLElement>(MODAL)];
  if (dialogs.some((dialog) => dialog.checkVisibility())) begunInDialog.add(event);
}

/** True while a key press belongs to a field or a dialog and not to the page. */
function isOfFieldOrDialog(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || begunInDialog.has(event)) return true;
  return event.target instanceof Element && event.target.closest(WRITABLE) !== null;
}

/** True while it belongs to these, to what has the focus or to the browser. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || isOfFieldOrDialog(event)) return true;
  const presses = event.key === 'Enter' || event.key === ' ';
  return presses && event.target instanceof Element && event.target.closest(PRESSABLE) !== null;
}

function whilePageLives(onKey: (event: KeyboardEvent) => void): void {
  onMounted(() => {
    document.addEventListener('keydown', markBeginning, { capture: true });
    document.addEventListener('keydown', onKey);
  });
  // The mark is one for all who listen, and stays.
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
