import { onBeforeUnmount, onMounted, shallowRef } from 'vue';
import { useSettings } from '../../app/settings.ts';
import { useNarrow } from '../../ui/useNarrow.ts';

/** Height of the rows in px as the tokens say: it follows density, screen and phone. Only inside setup functions. */
export function useRowHeight() {
  const settings = useSettings();
  const narrow = useNarrow();
  const token = shallowRef(28);
  const measure = () => {
    const read = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row-height'));
    if (read > 0) token.value = read;
  };
  const stop = settings.$subscribe(() => requestAnimationFrame(measure));
  onMounted(() => {
    measure();
    addEventListener('resize', measure);
  });
  onBeforeUnmount(() => {
    stop();
    removeEventListener('resize', measure);
  });
  return {
    /** On a phone a row has two lines. */
    rowHeight: () => (narrow.value ? token.value * 1.5 : token.value),
    headHeight: () => (narrow.value ? 0 : token.value + 4),
  };
}
