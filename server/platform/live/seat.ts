import type { RoomName } from '#contract/index.ts';
import { type Actor, scopeCovers } from '../http/index.ts';
import type { NamedNews } from './commandNews.ts';
import type { FeedPart, Whereabouts } from './types.ts';

/** A command with where its meter stands. */
export interface PlacedCommand {
  readonly news: NamedNews;
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

/** Commands are told to whoever may see every meter of the part that the wall shows. */
export function seesCommands({ actor }: Seat, { propertyId, buildingIds }: FeedPart): boolean {
  const scope = actor.scope('meter.view');
  return (buildingIds ?? [undefined]).every((buildingId) => scopeCovers(scope, propertyId, buildingId));
}
