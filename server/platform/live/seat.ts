import type { CommandNews, RoomName } from '#contract/index.ts';
import { type Actor, scopeCovers } from '../http/index.ts';
import type { Whereabouts } from './types.ts';

/** A command with where its meter stands. */
export interface PlacedCommand {
  readonly news: CommandNews;
  readonly at: Whereabouts;
}

/** Who sits before a screen, and what it follows. */
export interface Seat {
  actor: Actor;
  readonly cookie: string | undefined;
  readonly ip: string;
  /** Room → the socket.io rooms that it stands for. */
  readonly rooms: Map<RoomName, readonly string[]>;
  backlog: number;
  lagging: boolean;
  joins: number;
  joinsSinceMs: number;
}

/** What belongs to no property is for those whose right covers everything. */
export function seesAlarm({ actor, rooms }: Seat, at: Whereabouts | undefined): boolean {
  const scope = actor.scope('alarm.view');
  if (at === undefined) return scope.all;
  return rooms.has(`property:${at.propertyId}`) && scopeCovers(scope, at.propertyId, at.buildingId);
}

/** Those of the changes that this screen may see and follows. A screen that lags asks anew when it caught up. */
export function seenCommands(
  { actor, rooms, lagging }: Seat,
  changes: readonly PlacedCommand[],
): readonly CommandNews[] {
  if (lagging) return [];
  const scope = actor.scope('meter.view');
  return changes.flatMap(({ news, at }) =>
    rooms.has(`property:${at.propertyId}`) && scopeCovers(scope, at.propertyId, at.buildingId) ? [news] : [],
  );
}
