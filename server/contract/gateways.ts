import { type Static, Type } from 'typebox';
import { closed, Empty, Id, Instant, Names, orNothing, page, pageQuery, Version } from './common.ts';
import { MeterInput } from './meters.ts';
import { Polling } from './places.ts';
import { route } from './route.ts';

const tag = 'estate';

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
  query: Type.Object({
    propertyId: Type.Optional(Id),
    q: Type.Optional(Type.String({ maxLength: 80, description: 'part of a code, a name or an address' })),
    ...pageQuery,
  }),
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
      version: Version,
      code: Type.Optional(GatewayFields.code),
      names: orNothing(Names),
      placeId: orNothing(Id),
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
