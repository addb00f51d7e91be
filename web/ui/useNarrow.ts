import { onScopeDispose, readonly, shallowRef } from 'vue';

/** True on screens of a phone's width; the same limit as in the style sheets. */
export function useNarrow() {
  const query = matchMedia('(max-width: 720px)');
  const narrow = shallowRef(query.matches);
  const follow = () => {
    narrow.value = query.matches;
  };
  query.addEventListener('change', follow);
  onScopeDispose(() => query.removeEventListener('change', follow));
  return readonly(narrow);
}
