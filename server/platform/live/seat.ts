import type { Server, Socket } from 'socket.io';
import type { ClientToServer, RoomName, ServerToClient } from '#contract/index.ts';
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
  /** Broadcasts in a row that found the wire still busy with an earlier one. */
  backlog: number;
  lagging: boolean;
  joins: number;
  joinsSinceMs: number;
}

export type LiveServer = Server<ClientToServer, ServerToClient, Record<string, never>, { seat: Seat }>;
export type Screen = Socket<ClientToServer, ServerToClient, Record<string, never>, { seat: Seat }>;

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
