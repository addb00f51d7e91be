import { computed } from 'vue';
import { useRoute } from 'vue-router';
import type { Pulse } from '#contract/live.ts';
import { useLive } from '../live/liveClient.ts';
import { useEstate } from './estate.ts';

/** Gateways and lines of the property of the page, or of all that are on the group's wall; undefined until one was heard. */
export function useFeedSum() {
  const route = useRoute();
  const estate = useEstate();
  const live = useLive();
  return computed(() => {
    const property = estate.current?.id ?? 0;
    const pulses = [...live.pulses.values()].filter((pulse) => route.path === '/' || pulse.propertyId === property);
    const add = (pick: (pulse: Pulse) => number) => pulses.reduce((total, pulse) => total + pick(pulse), 0);
    if (pulses.length === 0) return undefined;
    return {
      up: add((pulse) => pulse.gatewaysUp),
      gateways: add((pulse) => pulse.gateways),
      lines: add((pulse) => pulse.lines),
    };
  });
}
