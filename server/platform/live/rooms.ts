import type { RoomName } from '#contract/index.ts';
import { type Scope, scopeCovers } from '../http/index.ts';
import type { FeedPart } from './types.ts';

/** A room as it was asked for. */
export type Room =
  | { readonly kind: 'property'; readonly name: RoomName; readonly propertyId: number }
  | { readonly kind: 'meter'; readonly name: RoomName; readonly meterId: number };

/** What a screen sent as a room's name; undefined when it is none. */
export function parseRoom(name: unknown): Room | undefined {
  if (typeof name !== 'string') return undefined;
  const [, kind, digits] = /^(property|meter):([1-9][0-9]{0,9})$/.exec(name) ?? [];
  const id = Number(digits);
  if (kind === 'property') return { kind, name: `property:${id}`, propertyId: id };
  if (kind === 'meter') return { kind, name: `meter:${id}`, meterId: id };
  return undefined;
}

/**
 * The part of a property that a right covers; undefined when none of it. A right on single buildings gets a feed of
 * just these, so that a screen never receives what it may not show.
 */
export function partWithin(
  scope: Scope,
  propertyId: number,
  buildingIdsOfProperty: readonly number[],
): FeedPart | undefined {
  if (scopeCovers(scope, propertyId)) return { propertyId, buildingIds: undefined };
  const buildingIds = buildingIdsOfProperty.filter((id) => scope.buildingIds.includes(id)).toSorted((a, b) => a - b);
  return buildingIds.length === 0 ? undefined : { propertyId, buildingIds };
}
