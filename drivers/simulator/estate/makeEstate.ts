import { countEstate } from './countEstate.ts';
import { demoEstate } from './demoEstate.ts';
import type { Estate } from './estateTypes.ts';

/** Which estate: the one to show, or a number of meters to work on. */
export type EstateKind = { readonly kind: 'demo' } | { readonly kind: 'count'; readonly meters: number };

/** Meters that one process serves; beyond, its sockets and memory are no longer modest. */
export const METERS_LIMIT = 50_000;

/** The estate of a kind and seed: the same today and tomorrow, on every machine. Throws RangeError on a wrong count. */
export function makeEstate(kind: EstateKind, seed: number): Estate {
  switch (kind.kind) {
    case 'demo':
      return demoEstate(seed);
    case 'count': {
      const fits = Number.isInteger(kind.meters) && kind.meters >= 1 && kind.meters <= METERS_LIMIT;
      if (!fits) throw new RangeError(`a plant has 1 to ${METERS_LIMIT} meters, not ${kind.meters}`);
      return countEstate(kind.meters, seed);
    }
  }
}
