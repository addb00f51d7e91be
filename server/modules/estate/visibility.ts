import type { Gateway, Permission, Place } from '#contract/index.ts';
import { type Actor, AppError, scopeCovers } from '#server/platform/http/index.ts';
import type { EstateCache } from './cache.ts';
import type { MeterProfile } from './types.ts';

/** A gateway is seen with its building; one that stands nowhere belongs to the property as a whole. */
export function gatewayCovered(
  cache: EstateCache,
  actor: Actor,
  permission: Permission,
  gateway: Pick<Gateway, 'propertyId' | 'placeId'>,
): boolean {
  const buildingId = gateway.placeId === undefined ? undefined : cache.buildingOf(gateway.placeId);
  return scopeCovers(actor.scope(permission), gateway.propertyId, buildingId);
}

export function meterCovered(actor: Actor, permission: Permission, { meter, buildingId }: MeterProfile): boolean {
  return scopeCovers(actor.scope(permission), meter.propertyId, buildingId);
}

export function placeCovered(cache: EstateCache, actor: Actor, permission: Permission, place: Place): boolean {
  return scopeCovers(actor.scope(permission), place.propertyId, cache.buildingOf(place.id));
}

/** The place, when the actor holds `permission` there. What one may not see is not found; what one sees but may not change is refused. */
export function demandPlace(cache: EstateCache, actor: Actor, permission: Permission, placeId: number): Place {
  const place = cache.place(placeId);
  const visible =
    place !== undefined &&
    (placeCovered(cache, actor, 'meter.view', place) || placeCovered(cache, actor, permission, place));
  if (!visible) throw new AppError('not-found', `There is no place ${placeId}.`);
  if (!placeCovered(cache, actor, permission, place)) throw missing(permission);
  return place;
}

export function demandGateway(cache: EstateCache, actor: Actor, permission: Permission, gatewayId: number): Gateway {
  const gateway = cache.gateway(gatewayId);
  const visible =
    gateway !== undefined &&
    (gatewayCovered(cache, actor, 'line.view', gateway) || gatewayCovered(cache, actor, permission, gateway));
  if (!visible) throw new AppError('not-found', `There is no gateway ${gatewayId}.`);
  if (!gatewayCovered(cache, actor, permission, gateway)) throw missing(permission);
  return gateway;
}

export function demandMeter(cache: EstateCache, actor: Actor, permission: Permission, meterId: number): MeterProfile {
  const profile = cache.meter(meterId);
  const visible =
    profile !== undefined && (meterCovered(actor, 'meter.view', profile) || meterCovered(actor, permission, profile));
  if (!visible) throw new AppError('not-found', `There is no meter ${meterId}.`);
  if (!meterCovered(actor, permission, profile)) throw missing(permission);
  return profile;
}

export function missing(permission: Permission): AppError {
  return new AppError('permission.missing', `This needs the permission ${permission} in this part of the estate.`);
}

/** `request.invalid` about one field. */
export function invalidField(field: string, message: string): AppError {
  return new AppError('request.invalid', `The request is not valid: ${field} ${message}.`, [{ field, message }]);
}
