import type { Names, Place } from '#contract/index.ts';

/** A place with those inside it, in their order. */
export interface PlaceNode {
  readonly place: Place;
  readonly children: readonly PlaceNode[];
}

const byPosition = (a: Place, b: Place) => a.position - b.position || a.id - b.id;

/** The estate as a tree; a place whose parent is not among `places` stands at the top. */
export function placeTree(places: readonly Place[]): readonly PlaceNode[] {
  const ids = new Set(places.map(({ id }) => id));
  const byParent = new Map<number | undefined, Place[]>();
  for (const place of places) {
    const parentId = place.parentId !== undefined && ids.has(place.parentId) ? place.parentId : undefined;
    byParent.set(parentId, [...(byParent.get(parentId) ?? []), place]);
  }
  const nodesUnder = (parentId: number | undefined): readonly PlaceNode[] =>
    (byParent.get(parentId) ?? []).sort(byPosition).map((place) => ({ place, children: nodesUnder(place.id) }));
  return nodesUnder(undefined);
}

/** From the property down to the place itself. */
export function placePath(placeId: number, places: ReadonlyMap<number, Place>): readonly Place[] {
  const path: Place[] = [];
  for (let place = places.get(placeId); place && !path.includes(place); place = places.get(place.parentId ?? 0)) {
    path.unshift(place);
  }
  return path;
}

const plain = (text: string) => text.trim().toLowerCase().replace(/\s+/g, ' ');
const namesOf = ({ zh, en }: Names) => [zh, en].flatMap((name) => (name === undefined ? [] : [plain(name)]));

/**
 * The place that text means: a name in either language, or a path of names from outside in, parted by "/" or ">"
 * ("Mall/2F/2F-18"). Undefined when there is none, `ambiguous` when the name stands in several places.
 */
export function findPlace(text: string, places: readonly Place[]): Place | 'ambiguous' | undefined {
  const byId = new Map(places.map((place) => [place.id, place]));
  const wanted = text
    .split(/[/>＞／]/)
    .map(plain)
    .filter(Boolean);
  const last = wanted.at(-1);
  if (last === undefined) return undefined;
  const found = places.filter(
    (place) => namesOf(place.names).includes(last) && followsPath(wanted, placePath(place.id, byId)),
  );
  if (found.length > 1) return 'ambiguous';
  return found[0];
}

/** True when the wanted names come in this order on the path; steps between may be left out. */
function followsPath(wanted: readonly string[], path: readonly Place[]): boolean {
  let at = 0;
  for (const place of path) {
    const name = wanted[at];
    if (name !== undefined && namesOf(place.names).includes(name)) at += 1;
  }
  return at === wanted.length;
}

/** What may stand inside a place of this kind. */
export const CHILD_KINDS = {
  property: ['building'],
  building: ['floor', 'room'],
  floor: ['room'],
  room: [],
} as const satisfies Record<Place['kind'], readonly Place['kind'][]>;
