import { type Static, Type } from 'typebox';
import { closed, Empty, Id, Instant, Names, orNothing, page, pageQuery, Version } from './common.ts';
import { Polling } from './places.ts';
import { route } from './route.ts';

const tag = 'estate';

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
      version: Version,
      lineId: Type.Optional(Id),
      placeId: Type.Optional(Id),
      modelId: Type.Optional(MeterFields.modelId),
      unitAddress: Type.Optional(UnitAddress),
      meterNumber: Type.Optional(MeterFields.meterNumber),
      role: Type.Optional(MeterRole),
      names: orNothing(Names),
      ctRatio: MeterFields.ctRatio,
      ptRatio: MeterFields.ptRatio,
      circuit: MeterFields.circuit,
      overloadLimitW: orNothing(Type.Integer({ minimum: 1, maximum: 50_000_000 })),
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
