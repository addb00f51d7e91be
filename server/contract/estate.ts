import { type Static, type TSchema, Type } from 'typebox';
import { Empty, Id, Instant, Names, page, pageQuery } from './common.ts';
import { route } from './route.ts';

const tag = 'estate';
const closed = { additionalProperties: false } as const;

/** A field of a change: left out = as it was, null = taken away. */
const OrNothing = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

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

const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const Host = Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9_.:-]+$' });
export const Transport = Type.Union([
  Type.Object({ kind: Type.Literal('modbus-tcp'), host: Host, port: Port }, closed),
  Type.Object({ kind: Type.Literal('rtu-over-tcp'), host: Host, port: Port }, closed),
  Type.Object({ kind: Type.Literal('serial'), path: Type.String({ minLength: 1, maxLength: 200 }) }, closed),
]);
export type Transport = Static<typeof Transport>;

export const Serial = Type.Object(
  {
    baud: Type.Enum([1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] as const),
    parity: Type.Union([Type.Literal('none'), Type.Literal('even'), Type.Literal('odd')]),
    stopBits: Type.Union([Type.Literal(1), Type.Literal(2)]),
  },
  closed,
);
export type Serial = Static<typeof Serial>;

const UnitAddress = Type.Integer({ minimum: 1, maximum: 247 });
export const MeterRole = Type.Union([Type.Literal('tenant'), Type.Literal('public'), Type.Literal('substation')]);
export type MeterRole = Static<typeof MeterRole>;

const MeterFields = {
  /** Where it hangs: usually a room; a building or property for public and substation meters. */
  placeId: Id,
  modelId: Type.String({ minLength: 1, maxLength: 60 }),
  unitAddress: UnitAddress,
  /** Number on the meter's face. */
  meterNumber: Type.String({ minLength: 1, maxLength: 40, pattern: '^[A-Za-z0-9_./-]+$' }),
  role: MeterRole,
  /** What people call it: the shop, the feeder. */
  names: Type.Optional(Names),
  ctRatio: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  ptRatio: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  /** Circuit and box an electrician looks for. */
  circuit: Type.Optional(Type.String({ maxLength: 80 })),
  /** Load above which the overload alarm is raised, W. */
  overloadLimitW: Type.Optional(Type.Integer({ minimum: 1, maximum: 50_000_000 })),
  /** Energy category (分类分项), e.g. lighting, power, hvac, special. */
  energyCategory: Type.Optional(Type.String({ maxLength: 40 })),
  polling: Type.Optional(Polling),
};
export const MeterInput = Type.Object(MeterFields, closed);
export type MeterInput = Static<typeof MeterInput>;

const LineFields = {
  name: Type.String({ minLength: 1, maxLength: 60 }),
  transport: Transport,
  serial: Type.Optional(Serial),
  responseTimeoutMs: Type.Optional(Type.Integer({ minimum: 50, maximum: 30_000 })),
  turnaroundMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 5_000 })),
};

export const LineLink = Type.Union([
  Type.Literal('connecting'),
  Type.Literal('up'),
  Type.Literal('down'),
  Type.Literal('stopped'),
]);

export const Line = Type.Object({
  id: Id,
  gatewayId: Id,
  name: Type.String(),
  transport: Transport,
  serial: Serial,
  responseTimeoutMs: Type.Integer(),
  turnaroundMs: Type.Integer(),
  meterCount: Type.Integer(),
  link: LineLink,
});
export type Line = Static<typeof Line>;

export const Gateway = Type.Object({
  id: Id,
  propertyId: Id,
  /** Unique within its property: GW-M1. */
  code: Type.String(),
  names: Type.Optional(Names),
  placeId: Type.Optional(Id),
  polling: Type.Optional(Polling),
  /** True when the simulated plant owns it: its addresses follow the plant's. */
  simulated: Type.Boolean(),
  enabled: Type.Boolean(),
  lines: Type.Array(Line),
  version: Type.Integer(),
  createdAt: Instant,
});
export type Gateway = Static<typeof Gateway>;

const GatewayFields = {
  code: Type.String({ minLength: 1, maxLength: 40, pattern: '^[^\\s].*$' }),
  names: Type.Optional(Names),
  placeId: Type.Optional(Id),
  polling: Type.Optional(Polling),
  enabled: Type.Optional(Type.Boolean()),
};

export const listGateways = route({
  method: 'GET',
  path: '/api/gateways',
  access: 'line.view',
  tag,
  summary: 'Gateways with their lines',
  query: Type.Object({ propertyId: Type.Optional(Id), ...pageQuery }),
  response: page(Gateway),
});
export const getGateway = route({
  method: 'GET',
  path: '/api/gateways/:gatewayId',
  access: 'line.view',
  tag,
  summary: 'One gateway',
  params: Type.Object({ gatewayId: Id }),
  response: Gateway,
});
export const createGateway = route({
  method: 'POST',
  path: '/api/gateways',
  access: 'estate.edit',
  tag,
  status: 201,
  summary: 'Add a gateway, its lines and, if wanted, their meters in one go; polling starts at once',
  body: Type.Object(
    {
      propertyId: Id,
      ...GatewayFields,
      lines: Type.Array(
        Type.Object({ ...LineFields, meters: Type.Optional(Type.Array(MeterInput, { maxItems: 247 })) }, closed),
        { minItems: 1, maxItems: 32 },
      ),
    },
    closed,
  ),
  response: Gateway,
});
export const updateGateway = route({
  method: 'PATCH',
  path: '/api/gateways/:gatewayId',
  access: 'estate.edit',
  tag,
  summary:
    'Change a gateway; lines without id are added, lines left out are removed when they have no meters; `version` must be the one that was read',
  params: Type.Object({ gatewayId: Id }),
  body: Type.Object(
    {
      version: Type.Integer(),
      code: Type.Optional(GatewayFields.code),
      names: OrNothing(Names),
      placeId: OrNothing(Id),
      polling: GatewayFields.polling,
      enabled: GatewayFields.enabled,
      lines: Type.Optional(
        Type.Array(Type.Object({ id: Type.Optional(Id), ...LineFields }, closed), { minItems: 1, maxItems: 32 }),
      ),
    },
    closed,
  ),
  response: Gateway,
});
export const deleteGateway = route({
  method: 'DELETE',
  path: '/api/gateways/:gatewayId',
  access: 'estate.edit',
  tag,
  status: 204,
  summary: 'Remove a gateway; with meters on it only when withMeters=true',
  params: Type.Object({ gatewayId: Id }),
  query: Type.Object({ withMeters: Type.Optional(Type.Boolean()) }),
  response: Empty,
});

/** A meter as the lists and the forms know it. Its values and state are metering's. */
export const Meter = Type.Object({
  id: Id,
  propertyId: Id,
  placeId: Id,
  lineId: Id,
  gatewayId: Id,
  modelId: Type.String(),
  unitAddress: UnitAddress,
  meterNumber: Type.String(),
  role: MeterRole,
  names: Type.Optional(Names),
  ctRatio: Type.Integer(),
  ptRatio: Type.Integer(),
  circuit: Type.Optional(Type.String()),
  overloadLimitW: Type.Optional(Type.Integer()),
  energyCategory: Type.Optional(Type.String()),
  polling: Type.Optional(Polling),
  version: Type.Integer(),
  createdAt: Instant,
});
export type Meter = Static<typeof Meter>;

export const listMeters = route({
  method: 'GET',
  path: '/api/meters',
  access: 'meter.view',
  tag,
  summary: 'Meters by place, line and free text (number, name, room)',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    gatewayId: Type.Optional(Id),
    lineId: Type.Optional(Id),
    placeId: Type.Optional(Id),
    q: Type.Optional(Type.String({ maxLength: 80 })),
    ...pageQuery,
  }),
  response: page(Meter),
});
export const getMeter = route({
  method: 'GET',
  path: '/api/meters/:meterId',
  access: 'meter.view',
  tag,
  summary: 'One meter',
  params: Type.Object({ meterId: Id }),
  response: Meter,
});
export const createMeter = route({
  method: 'POST',
  path: '/api/meters',
  access: 'estate.edit',
  tag,
  status: 201,
  summary: 'Add a meter to a line; polling starts at once',
  body: Type.Object({ lineId: Id, ...MeterFields }, closed),
  response: Meter,
});
export const updateMeter = route({
  method: 'PATCH',
  path: '/api/meters/:meterId',
  access: 'estate.edit',
  tag,
  summary: 'Change a meter; `version` must be the one that was read',
  params: Type.Object({ meterId: Id }),
  body: Type.Object(
    {
      version: Type.Integer(),
      lineId: Type.Optional(Id),
      placeId: Type.Optional(Id),
      modelId: Type.Optional(MeterFields.modelId),
      unitAddress: Type.Optional(UnitAddress),
      meterNumber: Type.Optional(MeterFields.meterNumber),
      role: Type.Optional(MeterRole),
      names: OrNothing(Names),
      ctRatio: MeterFields.ctRatio,
      ptRatio: MeterFields.ptRatio,
      circuit: MeterFields.circuit,
      overloadLimitW: OrNothing(Type.Integer({ minimum: 1, maximum: 50_000_000 })),
      energyCategory: MeterFields.energyCategory,
      polling: MeterFields.polling,
    },
    closed,
  ),
  response: Meter,
});
export const deleteMeter = route({
  method: 'DELETE',
  path: '/api/meters/:meterId',
  access: 'estate.edit',
  tag,
  status: 204,
  summary: 'Remove a meter; its history stays',
  params: Type.Object({ meterId: Id }),
  response: Empty,
});

export const MeterModelSummary = Type.Object({
  id: Type.String(),
  maker: Type.String(),
  name: Type.String(),
  medium: Type.String(),
  phases: Type.Integer(),
  prepaid: Type.Boolean(),
  relay: Type.Boolean(),
  timeOfUse: Type.Boolean(),
  quantities: Type.Array(Type.String()),
});
export type MeterModelSummary = Static<typeof MeterModelSummary>;
export const listModels = route({
  method: 'GET',
  path: '/api/meter-models',
  access: 'meter.view',
  tag,
  summary: 'Meter models the drivers know',
  response: Type.Object({ items: Type.Array(MeterModelSummary) }),
});
