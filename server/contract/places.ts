import { type Static, Type } from 'typebox';
import { closed, Empty, Id, Names } from './common.ts';
import { route } from './route.ts';

const tag = 'estate';

export const PlaceKind = Type.Union([
  Type.Literal('property'),
  Type.Literal('building'),
  Type.Literal('floor'),
  Type.Literal('room'),
]);
export type PlaceKind = Static<typeof PlaceKind>;

/** How a building stands on the wall: a tower of floors, a row (street, market) or a block (plant room, public meters). */
export const BuildingShape = Type.Union([Type.Literal('tower'), Type.Literal('row'), Type.Literal('block')]);
export type BuildingShape = Static<typeof BuildingShape>;

/** Polling periods, ms; absent = inherited (meter ← gateway ← property ← 10 s live, 30 min registers). */
export const Polling = Type.Object(
  {
    livePollMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 3_600_000 })),
    registerPollMs: Type.Optional(Type.Integer({ minimum: 60_000, maximum: 86_400_000 })),
  },
  closed,
);
export type Polling = Static<typeof Polling>;

export const Place = Type.Object({
  id: Id,
  kind: PlaceKind,
  parentId: Type.Optional(Id),
  /** The property that this place belongs to; a property names itself. */
  propertyId: Id,
  names: Names,
  /** Order among its siblings; floors count from the ground up. */
  position: Type.Integer(),
  shape: Type.Optional(BuildingShape),
  /** Properties only. */
  timeZone: Type.Optional(Type.String()),
  currency: Type.Optional(Type.String()),
  polling: Type.Optional(Polling),
});
export type Place = Static<typeof Place>;

const PlaceBody = {
  names: Names,
  position: Type.Integer({ minimum: -1_000, maximum: 100_000 }),
  shape: BuildingShape,
  timeZone: Type.String({ maxLength: 60 }),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  polling: Polling,
};

export const listPlaces = route({
  method: 'GET',
  path: '/api/places',
  access: 'meter.view',
  tag,
  summary: 'The estate tree that the session may see, parents before children',
  query: Type.Object({ propertyId: Type.Optional(Id) }),
  response: Type.Object({ items: Type.Array(Place) }),
});
export const createPlace = route({
  method: 'POST',
  path: '/api/places',
  access: 'estate.edit',
  tag,
  status: 201,
  summary: 'Add a property, building, floor or room',
  body: Type.Object(
    {
      kind: PlaceKind,
      parentId: Type.Optional(Id),
      names: Names,
      position: Type.Optional(PlaceBody.position),
      shape: Type.Optional(BuildingShape),
      timeZone: Type.Optional(PlaceBody.timeZone),
      currency: Type.Optional(PlaceBody.currency),
      polling: Type.Optional(Polling),
    },
    closed,
  ),
  response: Place,
});
export const updatePlace = route({
  method: 'PATCH',
  path: '/api/places/:placeId',
  access: 'estate.edit',
  tag,
  summary: 'Rename, reorder or set up a place',
  params: Type.Object({ placeId: Id }),
  body: Type.Object(
    {
      names: Type.Optional(Names),
      position: Type.Optional(PlaceBody.position),
      shape: Type.Optional(BuildingShape),
      timeZone: Type.Optional(PlaceBody.timeZone),
      currency: Type.Optional(PlaceBody.currency),
      polling: Type.Optional(Polling),
    },
    { ...closed, minProperties: 1 },
  ),
  response: Place,
});
export const deletePlace = route({
  method: 'DELETE',
  path: '/api/places/:placeId',
  access: 'estate.edit',
  tag,
  status: 204,
  summary: 'Remove an empty place',
  params: Type.Object({ placeId: Id }),
  response: Empty,
});
