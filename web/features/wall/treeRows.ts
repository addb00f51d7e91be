import { DISPLAY_STATES, type DisplayState } from '#domain/meterState.ts';
import type { Language } from '../../i18n/index.ts';
import { nameIn } from '../../ui/format.ts';
import type { WallFeed } from './useWallFeeds.ts';

/** A node of the estate as the wall draws it: property, building, floor. Meters are asked for when it is opened. */
export interface TreeNode {
  readonly key: string;
  readonly kind: 'property' | 'building' | 'floor';
  readonly name: string;
  readonly feed: WallFeed;
  readonly slots: readonly number[];
  readonly children: readonly TreeNode[];
  /** Meters that stand on the node itself, on none of its children. */
  readonly own: readonly number[];
}

/** The same tree as the elevations, from the top; `shared` names the property's own meters. */
export function treeOf(feeds: readonly WallFeed[], language: Language, shared: string): readonly TreeNode[] {
  return feeds.map((feed) => {
    const { model } = feed;
    const children = model.buildings.map((building): TreeNode => {
      const key = `${model.propertyId}/${building.placeId}`;
      const storeys = building.floors.filter((floor) => floor.names !== undefined);
      const floors = storeys.map(
        (floor): TreeNode => ({
          key: `${key}/${floor.placeId}`,
          kind: 'floor',
          name: nameIn(floor.names, language),
          feed,
          slots: slotsOf(floor),
          children: [],
          own: slotsOf(floor),
        }),
      );
      const loose = building.floors.filter((floor) => floor.names === undefined).flatMap(slotsOf);
      return {
        key,
        kind: 'building',
        name: building.names === undefined ? shared : nameIn(building.names, language),
        feed,
        slots: building.slots,
        // As the building stands: the top floor first.
        children: floors.toReversed(),
        own: [...loose, ...building.feeders],
      };
    });
    return {
      key: String(model.propertyId),
      kind: 'property',
      name: nameIn(model.names, language),
      feed,
      slots: children.flatMap((child) => child.slots),
      children,
      own: [],
    };
  });
}

/** How many of these meters are in each state but the normal one, the gravest first; states that none is in are left out. Of a known feed. */
export function abnormalOf(
  feed: WallFeed,
  slots: readonly number[],
): readonly { readonly state: DisplayState; readonly count: number }[] {
  const counts = new Map<number, number>();
  for (const slot of slots) {
    const row = feed.store.stateIndex[slot] ?? 0;
    counts.set(row, (counts.get(row) ?? 0) + 1);
  }
  return [...DISPLAY_STATES.entries()]
    .filter(([row, { key }]) => key !== 'opened' && counts.has(row))
    .toSorted(([, a], [, b]) => b.severity - a.severity)
    .map(([row, { key }]) => ({ state: key, count: counts.get(row) ?? 0 }));
}

function slotsOf(floor: WallFeed['model']['buildings'][number]['floors'][number]): readonly number[] {
  return floor.rooms.flatMap((room) => room.slots);
}
