import type { Language } from '../../i18n/index.ts';
import { formatAge, formatMoney, loadText, nameIn, type Translate } from '../../ui/format.ts';
import { placeName } from '../../ui/saidOnce.ts';
import type { TileWords } from './draw/tileView.ts';
import type { Scene } from './layout/scene.ts';
import type { WallFeed } from './useWallFeeds.ts';

/** One tile with everything behind it. */
export interface TileSubject {
  readonly feed: WallFeed;
  readonly slot: number;
  readonly meterId: number;
}

/** The meter behind a tile; undefined when the wall changed under the pointer. */
export function subjectOf(feeds: readonly WallFeed[], scene: Scene | undefined, tile: number): TileSubject | undefined {
  if (scene === undefined || tile < 0 || tile >= scene.size) return undefined;
  const feed = feeds[scene.propertyIndex[tile] ?? 0];
  const slot = scene.slot[tile] ?? 0;
  const meterId = feed?.layout.meters.id[slot];
  return feed === undefined || meterId === undefined ? undefined : { feed, slot, meterId };
}

/** The tile of a meter; -1 where the wall does not show it. */
export function tileOfMeter(feeds: readonly WallFeed[], scene: Scene | undefined, meterId: number): number {
  const property = feeds.findIndex(({ store }) => store.slotOf(meterId) !== undefined);
  const slot = feeds[property]?.store.slotOf(meterId) ?? -1;
  return scene?.tileOf[property]?.[slot] ?? -1;
}

/** Room and name, as people call the place: "3F-27" and "Lanxin Tea"; the place with its building: "Mall 3F-27". */
export function titleOf(
  subject: TileSubject,
  scene: Scene,
  tile: number,
  language: Language,
): { readonly room: string; readonly place: string; readonly name: string } {
  const building = nameIn(scene.buildings[scene.buildingIndex[tile] ?? 0]?.placed.grid.building.names, language);
  const room = nameIn(scene.rooms[tile]?.names, language);
  const name = nameIn(subject.feed.layout.meters.names[subject.slot], language);
  const number = subject.feed.layout.meters.meterNumber[subject.slot] ?? '';
  if (room !== '') return { room, place: placeName(building, room), name: name === room ? '' : name };
  const own = name === '' ? number : name;
  return { room: own, place: placeName(building, own), name: '' };
}

/** What is written on a tile that is large enough. */
export function wordsOf(
  subject: TileSubject | undefined,
  scene: Scene,
  tile: number,
  deps: { language: Language; t: Translate; nowMs: number },
): TileWords {
  if (subject === undefined) return { room: '', balance: '', load: '', age: '' };
  const { store, layout } = subject.feed;
  const { slot } = subject;
  const loadW = store.loadW[slot] ?? Number.NaN;
  const heardAtMs = store.heardAtMs[slot] ?? Number.NaN;
  return {
    room: titleOf(subject, scene, tile, deps.language).room,
    balance: store.hasBalance[slot] === 1 ? formatMoney(store.balanceMinor[slot], layout.currency) : '',
    load: Number.isNaN(loadW) ? '' : loadText(loadW),
    age: Number.isNaN(heardAtMs) ? '' : formatAge(deps.nowMs - heardAtMs, deps.t),
  };
}
