import type { BodyOf, createPlace, Place, PlaceKind, updatePlace } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Actor, AppError, keepAnswer, scopeCovers } from '#server/platform/http/index.ts';
import type { EstateCache } from './cache.ts';
import type { MeterGuard } from './meterGuard.ts';
import type { Mutate } from './mutation.ts';
import { toPlace } from './rows.ts';
import { deletePlaceRow, insertPlace, type PlaceFields, updatePlaceRow } from './store.ts';
import { demandPlace, invalidField, missing } from './visibility.ts';

export interface EstateDeps {
  readonly cache: EstateCache;
  readonly mutate: Mutate;
  readonly knowsModel: (modelId: string) => boolean;
  readonly guard: MeterGuard;
}

const PARENT_KIND = {
  property: undefined,
  building: 'property',
  floor: 'building',
  room: 'floor',
} as const satisfies Record<PlaceKind, PlaceKind | undefined>;
const DEFAULT_TIME_ZONE = 'Asia/Shanghai';
const DEFAULT_CURRENCY = 'CNY';

/** Places that the actor may see, parents before children; the way down to what they may see is shown with it. */
export function listPlaces({ cache }: EstateDeps, actor: Actor, propertyId: number | undefined): { items: Place[] } {
  const scope = actor.scope('meter.view');
  const all = cache.properties();
  if (propertyId === undefined && scope.all) return everyPlace(cache, all);
  const items = all.flatMap((property) => {
    if (propertyId !== undefined && property.id !== propertyId) return [];
    const covered = cache
      .placesOfProperty(property.id)
      .filter((place) => scopeCovers(scope, place.propertyId, cache.buildingOf(place.id)));
    return covered.length === 0 || covered[0]?.id === property.id ? covered : [property, ...covered];
  });
  return { items };
}

/** What every page of whoever sees all asks first; the estate gives a new list of properties after every change. */
const everyPlaceOf = new WeakMap<readonly Place[], { items: Place[] }>();
function everyPlace(cache: EstateCache, properties: readonly Place[]): { items: Place[] } {
  const known = everyPlaceOf.get(properties);
  if (known !== undefined) return known;
  const list = keepAnswer({ items: properties.flatMap(({ id }) => cache.placesOfProperty(id)) });
  everyPlaceOf.set(properties, list);
  return list;
}

/** Adds a place. Throws `place.wrong-parent` when it cannot stand there. */
export async function addPlace(deps: EstateDeps, actor: Actor, body: BodyOf<typeof createPlace>): Promise<Place> {
  const parent = body.parentId === undefined ? undefined : demandPlace(deps.cache, actor, 'estate.edit', body.parentId);
  if (parent?.kind !== PARENT_KIND[body.kind]) {
    throw new AppError('place.wrong-parent', `A ${body.kind} stands ${parentText(body.kind)}.`, [
      { field: 'parentId', message: `must be ${PARENT_KIND[body.kind] ?? 'absent'}` },
    ]);
  }
  if (parent === undefined && !actor.scope('estate.edit').all) throw missing('estate.edit');
  const siblings = parent === undefined ? deps.cache.properties() : deps.cache.childrenOf(parent.id);
  const lastPosition = Math.max(0, ...siblings.map((sibling) => sibling.position));
  const isProperty = body.kind === 'property';
  const fields: PlaceFields = {
    names: body.names,
    position: body.position ?? lastPosition + 1,
    shape: body.shape ?? (body.kind === 'building' ? 'tower' : undefined),
    timeZone: body.timeZone ?? (isProperty ? DEFAULT_TIME_ZONE : undefined),
    currency: body.currency ?? (isProperty ? DEFAULT_CURRENCY : undefined),
    polling: body.polling,
  };
  checkPlace(body.kind, fields);
  return deps.mutate(async (tx, changes) => {
    const row = await insertPlace(tx, {
      ...fields,
      kind: body.kind,
      parentId: parent?.id,
      propertyId: parent?.propertyId,
    });
    const place = toPlace(row);
    changes.push({ kind: 'place', place });
    await audit(tx, {
      actor,
      action: 'place.create',
      subjectKind: 'place',
      subjectId: place.id,
      propertyId: place.propertyId,
      after: place,
    });
    return place;
  });
}

export async function changePlace(
  deps: EstateDeps,
  actor: Actor,
  placeId: number,
  body: BodyOf<typeof updatePlace>,
): Promise<Place> {
  return deps.mutate(async (tx, changes) => {
    const before = demandPlace(deps.cache, actor, 'estate.edit', placeId);
    const fields: PlaceFields = {
      names: body.names ?? before.names,
      position: body.position ?? before.position,
      shape: body.shape ?? before.shape,
      timeZone: body.timeZone ?? before.timeZone,
      currency: body.currency ?? before.currency,
      polling: body.polling ?? before.polling,
    };
    checkPlace(before.kind, fields);
    const place = toPlace(await updatePlaceRow(tx, placeId, fields));
    changes.push({ kind: 'place', place });
    await audit(tx, {
      actor,
      action: 'place.update',
      subjectKind: 'place',
      subjectId: placeId,
      propertyId: place.propertyId,
      before,
      after: place,
    });
    return place;
  });
}

/** Removes a place that nothing stands in. Throws `conflict.in-use` otherwise. */
export async function removePlace(deps: EstateDeps, actor: Actor, placeId: number): Promise<void> {
  return deps.mutate(async (tx, changes) => {
    const { cache } = deps;
    const place = demandPlace(cache, actor, 'estate.edit', placeId);
    if (place.kind === 'property' && !actor.scope('estate.edit').all) throw missing('estate.edit');
    const occupied =
      cache.childrenOf(placeId).length > 0 ||
      cache.metersOfProperty(place.propertyId).some(({ meter }) => meter.placeId === placeId) ||
      cache
        .gatewaysOfProperty(place.propertyId)
        .some((gateway) => place.kind === 'property' || gateway.placeId === placeId);
    if (occupied)
      throw new AppError('conflict.in-use', 'Places, meters or gateways still stand in it: move or remove them first.');
    await deletePlaceRow(tx, placeId);
    changes.push({ kind: 'placeGone', place });
    await audit(tx, {
      actor,
      action: 'place.delete',
      subjectKind: 'place',
      subjectId: placeId,
      propertyId: place.propertyId,
      before: place,
    });
  });
}

function parentText(kind: PlaceKind): string {
  const parent = PARENT_KIND[kind];
  return parent === undefined ? 'at the top, without a parent' : `in a ${parent}`;
}

function checkPlace(kind: PlaceKind, fields: PlaceFields): void {
  if (fields.timeZone !== undefined && !isTimeZone(fields.timeZone))
    throw invalidField('timeZone', 'must be an IANA zone like Asia/Shanghai');
  for (const field of ['timeZone', 'currency', 'polling'] as const) {
    if (kind !== 'property' && fields[field] !== undefined)
      throw invalidField(field, 'is a setting of properties only');
  }
  if (kind !== 'building' && fields.shape !== undefined) throw invalidField('shape', 'is for buildings only');
}

/** By the runtime's own zone table. Offsets like +08:00, which it also takes, know no rules and are refused. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
