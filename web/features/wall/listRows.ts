import { DISPLAY_STATES } from '#domain/meterState.ts';
import type { Language } from '../../i18n/index.ts';
import { nameIn } from '../../ui/format.ts';
import { placeName } from '../../ui/saidOnce.ts';
import type { WallFeed } from './useWallFeeds.ts';

export interface ListRow {
  readonly meterId: number;
  readonly place: string;
  readonly stateIndex: number;
  readonly balanceMinor: bigint | undefined;
  readonly currency: string;
  /** W; undefined = absent. */
  readonly loadW: number | undefined;
  readonly heardAtMs: number | undefined;
}

const OPENED = DISPLAY_STATES.findIndex((row) => row.key === 'opened');

/** Meters of the shown states, or of every state but the normal one, as far as known; the gravest first, then by place. */
export function listRows(
  feeds: readonly WallFeed[],
  shown: ReadonlySet<number> | undefined,
  language: Language,
): readonly ListRow[] {
  const rows: ListRow[] = [];
  for (const feed of feeds) {
    if (!feed.store.known) continue;
    for (const building of feed.model.buildings) {
      const buildingName = nameIn(building.names, language);
      const roomOf = new Map(
        building.floors.flatMap((floor) =>
          floor.rooms.flatMap((room) => room.slots.map((slot) => [slot, nameIn(room.names, language)] as const)),
        ),
      );
      for (const slot of building.slots) {
        const stateIndex = feed.store.stateIndex[slot] ?? 0;
        if (shown === undefined ? stateIndex === OPENED : !shown.has(stateIndex)) continue;
        rows.push(
          rowOf(
            feed,
            slot,
            [buildingName, roomOf.get(slot) ?? '', nameIn(feed.layout.meters.names[slot], language)],
            stateIndex,
          ),
        );
      }
    }
  }
  return rows.sort(
    (a, b) =>
      (DISPLAY_STATES[b.stateIndex]?.severity ?? 0) - (DISPLAY_STATES[a.stateIndex]?.severity ?? 0) ||
      a.place.localeCompare(b.place, undefined, { numeric: true }),
  );
}

function rowOf(feed: WallFeed, slot: number, words: readonly string[], stateIndex: number): ListRow {
  const { store, layout } = feed;
  const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? undefined : value);
  const place = placeName(...words);
  return {
    meterId: layout.meters.id[slot] ?? 0,
    // A meter that stands in no room and has no name is told by its number.
    place: place === '' ? (layout.meters.meterNumber[slot] ?? '') : place,
    stateIndex,
    balanceMinor: store.hasBalance[slot] === 1 ? store.balanceMinor[slot] : undefined,
    currency: layout.currency,
    loadW: known(store.loadW[slot]),
    heardAtMs: known(store.heardAtMs[slot]),
  };
}
