import { computed, shallowRef } from 'vue';
import { ApiError } from '../../api/client.ts';
import { useErrorText } from '../../api/errorText.ts';
import { fieldMessages } from './formParts.ts';

/**
 * Saving a form: a double click sends once, faults stand at their fields, and nothing typed is touched.
 * Only inside setup functions.
 */
export function useSaving() {
  const errorText = useErrorText();
  const busy = shallowRef(false);
  const fault = shallowRef<unknown>();
  const fields = computed(() =>
    fault.value instanceof ApiError ? fieldMessages(fault.value.details) : new Map<string, string>(),
  );

  /** Runs the action unless one is under way; undefined when it did not run or failed. */
  async function run<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined;
    busy.value = true;
    fault.value = undefined;
    try {
      return await action();
    } catch (error) {
      fault.value = error;
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  return {
    busy,
    run,
    /** Messages by field, as `lines.0.transport.host`. */
    fields,
    message: computed(() => (fault.value === undefined ? '' : errorText(fault.value))),
    changedMeanwhile: computed(
      () => fault.value instanceof ApiError && fault.value.code === 'conflict.changed-meanwhile',
    ),
    /** Nothing answered: whether it arrived is not known. */
    lost: computed(() => fault.value instanceof ApiError && fault.value.code === 'network.unreachable'),
    forget: () => {
      fault.value = undefined;
    },
  };
}
