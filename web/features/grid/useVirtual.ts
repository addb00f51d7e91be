import { computed, onBeforeUnmount, onMounted, type Ref, shallowRef } from 'vue';

/** Rows drawn beyond both edges, so that a quick scroll finds them there. */
const MARGIN_ROWS = 6;

/**
 * Which rows of a long list are on screen; only these are drawn. `rowHeight` and `headHeight` (of what sticks to the top) in px.
 */
export function useVirtual(
  host: Ref<HTMLElement | null>,
  count: () => number,
  rowHeight: () => number,
  headHeight: () => number = () => 0,
) {
  const top = shallowRef(0);
  const height = shallowRef(0);
  let observer: ResizeObserver | undefined;
  const first = computed(() => Math.max(0, Math.floor(top.value / rowHeight()) - MARGIN_ROWS));
  const end = computed(() => Math.min(count(), Math.ceil((top.value + height.value) / rowHeight()) + MARGIN_ROWS));
  const follow = () => {
    top.value = host.value?.scrollTop ?? 0;
  };
  onMounted(() => {
    const element = host.value;
    if (element === null) return;
    observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
      follow();
    });
    observer.observe(element);
    height.value = element.clientHeight;
    element.addEventListener('scroll', follow, { passive: true });
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
    host.value?.removeEventListener('scroll', follow);
  });
  return {
    first,
    end,
    /** Rows wholly on screen. */
    pageRows: () => Math.max(1, Math.floor((height.value - headHeight()) / rowHeight()) - 1),
    /** Rows on screen, first and last, counted from 1. */
    seen: computed(() => ({
      first: Math.min(count(), Math.floor(top.value / rowHeight()) + 1),
      last: Math.min(count(), Math.floor((top.value + height.value - headHeight()) / rowHeight())),
    })),
    /** Scrolls as little as it takes to show a row. */
    show(index: number): void {
      const element = host.value;
      if (element === null) return;
      const at = index * rowHeight();
      if (at < element.scrollTop) element.scrollTop = at;
      else if (at + rowHeight() + headHeight() > element.scrollTop + element.clientHeight)
        element.scrollTop = at + rowHeight() + headHeight() - element.clientHeight;
    },
  };
}
