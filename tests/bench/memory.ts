import type { Bench } from './support/bench.ts';
import { memoryOf } from './support/memoryOf.ts';

export const bench: Bench = {
  name: 'memory',
  what: 'resident memory of the server with 10,000 meters polled every 10 s on emulated lines, two walls open',
  unit: 'MiB',
  aim: { of: 'value', most: 350 },
  run: (say) => memoryOf(10_000, 'serial', 60_000, say),
};
