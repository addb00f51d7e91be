import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { ApiError } from '../api/client.ts';

const RETRY_MS = 3_000;

/** Whether the server answers while the app starts or changes pages. */
export const useServerReach = defineStore('serverReach', () => {
  /** Why the page waits; undefined while all is well. */
  const fault = shallowRef<unknown>();
  return {
    fault,
    /** Repeats `attempt` until it has an answer. Refusals of the server itself are answers and are thrown. */
    async untilReached<T>(attempt: () => Promise<T>): Promise<T> {
      for (;;) {
        try {
          const answer = await attempt();
          fault.value = undefined;
          return answer;
        } catch (error) {
          fault.value = error;
          if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429)
            throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    },
  };
});
