import { onScopeDispose, readonly, shallowRef } from 'vue';

/** True where a finger points and no mouse does: nobody there has keys to press. */
export function useCoarsePointer() {
  const query = matchMedia('(hover: none) and (pointer: coarse)');
  const coarse = shallowRef(query.matches);
  const follow = () => {
    coarse.value = query.matches;
  };
  query.addEventListener('change', follow);
  onScopeDispose(() => query.removeEventListener('change', follow));
  return readonly(coarse);
}
