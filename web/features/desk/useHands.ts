import { nextTick, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue';
import { useKeys } from '../../ui/useKeys.ts';
import type { Desk } from './useDesk.ts';

/** Where the focus can go. */
export interface Places {
  readonly find: () => void;
  readonly amount: () => void;
  readonly confirm: () => void;
}

/** The way of the hand over the keyboard: search, amount, confirm, next customer. Only inside setup functions. */
export function useHands(
  desk: Desk,
  places: Places,
  actions: { readonly next: () => unknown; readonly print: () => unknown },
) {
  const { sale, amount } = desk;
  /** Enter in the amount goes to the button as soon as it can be pressed; what speaks against it stands there else. */
  const goesOn = shallowRef(false);
  watch([goesOn, desk.ready], async ([goes, ready]) => {
    if (!goes || !ready) return;
    goesOn.value = false;
    await nextTick();
    places.confirm();
  });
  watch(amount.minor, () => {
    goesOn.value = false;
  });
  // F2 leads to the search from inside any field too.
  function onKey(event: KeyboardEvent): void {
    if (event.key !== 'F2') return;
    event.preventDefault();
    places.find();
  }
  const whenSold = (action: () => unknown) => () => (sale.sold.value === undefined ? false : void action());
  useKeys({ Enter: whenSold(actions.next), p: whenSold(actions.print) });
  onMounted(() => {
    document.addEventListener('keydown', onKey);
    if (sale.sold.value === undefined) places.find();
  });
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey));
  return {
    enterAmount(): void {
      amount.attempted.value = true;
      goesOn.value = amount.minor.value !== undefined;
    },
  };
}
