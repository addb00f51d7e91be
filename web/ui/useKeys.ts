import { onBeforeUnmount, onMounted } from 'vue';

/** What a key does; `true` or nothing = done, `false` = not now, the browser may have it. */
export type KeyAction = (event: KeyboardEvent) => unknown;

/** Enter and Space press what has the focus. */
const PRESSABLE = 'button, a[href], summary, [role="button"], [role="checkbox"]';
const WRITABLE = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"]';
const MODAL = '[aria-modal="true"], dialog[open]';

/** True while a key press belongs to a field, a dialog or the browser and not to the page. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (event.target instanceof Element && event.target.closest(WRITABLE) !== null) return true;
  const presses = event.key === 'Enter' || event.key === ' ';
  if (presses && event.target instanceof Element && event.target.closest(PRESSABLE) !== null) return true;
  return [...document.querySelectorAll<HTMLElement>(MODAL)].some((dialog) => dialog.checkVisibility());
}

/** Keys of a page by `KeyboardEvent.key`, letters in lower case. Only inside setup functions. */
export function useKeys(actions: Readonly<Record<string, KeyAction>>): void {
  function onKey(event: KeyboardEvent): void {
    if (belongsElsewhere(event)) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined || action(event) === false) return;
    event.preventDefault();
  }
  onMounted(() => document.addEventListener('keydown', onKey));
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey));
}
