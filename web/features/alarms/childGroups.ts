import type { Names, Place } from '#contract/index.ts';

interface Placed {
  readonly placeId: number;
}
export interface ChildGroup<Meter extends Placed> {
  readonly placeId: number;
  readonly names: Names | undefined;
  readonly meters: readonly { readonly meter: Meter; readonly place: Place | undefined }[];
}

/** Meters by the floor they stand on, else by building or property; top floor first, as a building stands. */
export function groupByFloor<Meter extends Placed>(
  meters: readonly Meter[],
  pathOf: (placeId: number) => readonly Place[],
): readonly ChildGroup<Meter>[] {
  const groups = new Map<number, { floor: Place | undefined; meters: { meter: Meter; place: Place | undefined }[] }>();
  for (const meter of meters) {
    const path = pathOf(meter.placeId);
    const floor = path.find(({ kind }) => kind === 'floor') ?? path.find(({ kind }) => kind === 'building') ?? path[0];
    const key = floor?.id ?? 0;
    const group = groups.get(key) ?? { floor, meters: [] };
    group.meters.push({ meter, place: path.at(-1) });
    groups.set(key, group);
  }
  return [...groups]
    .sort(([, a], [, b]) => (b.floor?.position ?? 0) - (a.floor?.position ?? 0))
    .map(([placeId, group]) => ({
      placeId,
      names: group.floor?.names,
      meters: group.meters.sort((a, b) => (a.place?.position ?? 0) - (b.place?.position ?? 0)),
    }));
}
