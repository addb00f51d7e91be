import { DISPLAY_STATES } from '#domain/meterState.ts';
import type { WallFeed } from './useWallFeeds.ts';

const LOST = DISPLAY_STATES.findIndex(({ key }) => key === 'lost');

export interface BuildingFigures {
  readonly meters: number;
  /** W, as `loadOf` sums it; undefined when none of its meters says. */
  readonly loadW: number | undefined;
}
/** What the rail and the labels say; one pass over the stores, a few times a second at most. */
export interface WallFigures {
  /** Meters per row of DISPLAY_STATES; adds up to `total` with those that are awaited. */
  readonly counts: readonly number[];
  /** Meters of which nothing is known yet: no snapshot of their property has come. */
  readonly awaited: number;
  readonly total: number;
  /** Load of all tenants' meters, W. */
  readonly loadW: number | undefined;
  /** Per property, per building in the order of the model. */
  readonly buildings: readonly (readonly BuildingFigures[])[];
}

/** Sums of the live stores. Absent is not zero: a building of which nothing is known, or any more, has no load. */
export function wallFigures(feeds: readonly WallFeed[]): WallFigures {
  const known = feeds.filter(({ store }) => store.known);
  const counts = DISPLAY_STATES.map((_, row) => known.reduce((sum, feed) => sum + (feed.store.counts[row] ?? 0), 0));
  // Every meter stands in exactly one building: their tenants together are the property's.
  const tenantsW: (number | undefined)[] = [];
  const buildings = feeds.map((feed) =>
    feed.model.buildings.map(({ slots }) => {
      const loads = loadsOf(feed, slots);
      tenantsW.push(loads.tenantsW);
      return { meters: slots.length, loadW: loads.tenantsW ?? loads.othersW };
    }),
  );
  const total = metersOf(feeds);
  return { counts, awaited: total - metersOf(known), total, loadW: sumKnown(tenantsW), buildings };
}

function metersOf(feeds: readonly WallFeed[]): number {
  return feeds.reduce((sum, feed) => sum + feed.store.size, 0);
}

/** Whose loads are summed. */
type Loads = Pick<WallFeed, 'store' | 'isTenant'>;

/**
 * Load of some meters, W; undefined when nothing is known of it. One way for every sum on a screen, and the server's for a
 * property: tenants' meters count, since feeders measure them again; where there are none (a substation), what the meters
 * there measure. What a lost meter said last is no load now.
 */
export function loadOf(feed: Loads, slots: Iterable<number>): number | undefined {
  const { tenantsW, othersW } = loadsOf(feed, slots);
  return tenantsW ?? othersW;
}

function loadsOf({ store, isTenant }: Loads, slots: Iterable<number>) {
  let tenantsW: number | undefined;
  let othersW: number | undefined;
  for (const slot of slots) {
    const loadW = store.stateIndex[slot] === LOST ? Number.NaN : (store.loadW[slot] ?? Number.NaN);
    if (Number.isNaN(loadW)) continue;
    if (isTenant[slot] === 1) tenantsW = (tenantsW ?? 0) + loadW;
    else othersW = (othersW ?? 0) + loadW;
  }
  return { tenantsW, othersW };
}

function sumKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
