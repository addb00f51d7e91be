import { onBeforeUnmount, onMounted } from 'vue';

/** Ctrl+A (⌘A) takes all that match, except where text is written or a dialog is open. Only inside setup functions. */
export function useAllKey(all: () => void): void {
  function onKey(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 'a') return;
    const written = 'input:not([type="checkbox"]), textarea, select, dialog[open]';
    if (event.target instanceof Element && event.target.closest(written) !== null) return;
    if (document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    all();
  }
  onMounted(() => document.addEventListener('keydown', onKey));
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey));
}
