import { type Grant, PERMISSIONS, type Permission, type Place } from '#contract/index.ts';
import { type Actor, type Scope, scopeCovers } from '#server/platform/http/index.ts';

/** A grant with what its role allows. */
export interface HeldGrant {
  readonly grant: Grant;
  readonly permissions: readonly string[];
}

/** Looks up a place of the estate; undefined when it is gone. */
export type PlaceLookup = (placeId: number) => Place | undefined;

/** Where these grants give `permission`. */
export function scopeOf(held: readonly HeldGrant[], permission: Permission): Scope {
  const giving = held.filter(({ permissions }) => permissions.includes(permission)).map(({ grant }) => grant);
  const placesOf = (scope: Grant['scope']) =>
    giving.flatMap((grant) => (grant.scope === scope && grant.placeId !== undefined ? [grant.placeId] : []));
  return {
    all: giving.some(({ scope }) => scope === 'group'),
    propertyIds: placesOf('property'),
    buildingIds: placesOf('building'),
  };
}

/** Permissions held anywhere, in the contract's order. */
export function permissionsOf(held: readonly HeldGrant[]): Permission[] {
  return PERMISSIONS.filter((permission) => held.some(({ permissions }) => permissions.includes(permission)));
}

/**
 * May `actor` give or take this grant, or manage someone who holds it? Only where they manage users and hold every
 * permission of the role themselves.
 */
export function mayGrant(actor: Actor, { grant, permissions }: HeldGrant, placeOf: PlaceLookup): boolean {
  const needed = [...PERMISSIONS.filter((permission) => permissions.includes(permission)), 'user.manage' as const];
  return needed.every((permission) => grantWithin(actor.scope(permission), grant, placeOf));
}

function grantWithin(scope: Scope, grant: Grant, placeOf: PlaceLookup): boolean {
  if (scope.all) return true;
  const place = grant.placeId === undefined ? undefined : placeOf(grant.placeId);
  if (place === undefined) return false;
  return scopeCovers(scope, place.propertyId, place.kind === 'building' ? place.id : undefined);
}
