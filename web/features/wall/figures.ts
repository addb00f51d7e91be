import { DISPLAY_STATES } from '#domain/meterState.ts';
import type { WallFeed } from './useWallFeeds.ts';

const LOST = DISPLAY_STATES.findIndex(({ key }) => key === 'lost');

export interface BuildingFigures {
  readonly meters: number;
  /** Load of its tenants' meters, W; undefined when none of them says. */
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
      const ofTenants = loadOf(feed, slots, true);
      tenantsW.push(ofTenants);
      // A building without tenants (a substation) shows what its own meters measure.
      return { meters: slots.length, loadW: ofTenants ?? loadOf(feed, slots, false) };
    }),
  );
  const total = metersOf(feeds);
  return { counts, awaited: total - metersOf(known), total, loadW: sumKnown(tenantsW), buildings };
}

function metersOf(feeds: readonly WallFeed[]): number {
  return feeds.reduce((sum, feed) => sum + feed.store.size, 0);
}

function loadOf(feed: WallFeed, slots: readonly number[], tenantsOnly: boolean): number | undefined {
  let sum = 0;
  let known = false;
  for (const slot of slots) {
    const loadW = feed.store.stateIndex[slot] === LOST ? Number.NaN : (feed.store.loadW[slot] ?? Number.NaN);
    if (Number.isNaN(loadW) || (tenantsOnly && feed.isTenant[slot] !== 1)) continue;
    sum += loadW;
    known = true;
  }
  return known ? sum : undefined;
}

function sumKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
