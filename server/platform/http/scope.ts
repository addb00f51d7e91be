import type { Scope } from './types.ts';

/** True when nothing lies within `scope`. */
export function scopeIsEmpty(scope: Scope): boolean {
  return !scope.all && scope.propertyIds.length === 0 && scope.buildingIds.length === 0;
}

/**
 * True when a thing of this property (and building, where it stands in one) lies within `scope`. What belongs to a
 * property as a whole is not within a right on one of its buildings.
 */
export function scopeCovers(scope: Scope, propertyId: number, buildingId?: number): boolean {
  if (scope.all || scope.propertyIds.includes(propertyId)) return true;
  return buildingId !== undefined && scope.buildingIds.includes(buildingId);
}
