import type { Bench } from './support/bench.ts';
import { memoryOf } from './support/memoryOf.ts';

export const bench: Bench = {
  name: 'memory-50k',
  // Emulating 1,563 wires would take the plant another core: they answer at once, which changes nothing for the server.
  what: 'the same with 50,000 meters on 1,563 lines',
  unit: 'MiB',
  aim: { of: 'value', most: 900 },
  run: (say) => memoryOf(50_000, 'off', 60_000, say),
};
