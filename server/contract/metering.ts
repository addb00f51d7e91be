import { type Static, Type } from 'typebox';
import { LINK_STATES, MONEY_STATES, PROTECTION_STATES, RELAY_STATES } from '#domain/meterState.ts';
import { QUANTITY_NAMES } from '#drivers/core/quantity.ts';
import { Id, Instant, MinorUnits, Names } from './common.ts';
import { LineLink, MeterRole, Place } from './estate.ts';
import { route } from './route.ts';

const tag = 'metering';
const literals = <T extends string>(names: readonly T[]) => Type.Enum(names);

export const Facts = Type.Object({
  money: literals(MONEY_STATES),
  link: literals(LINK_STATES),
  relay: literals(RELAY_STATES),
  protection: literals(PROTECTION_STATES),
});
export const QuantityName = literals(QUANTITY_NAMES);
/** Quantity name → value in the unit that ends the name; missing = not measured. */
export const ValuesDto = Type.Record(Type.String(), Type.Number());

/** Everything now known about one meter; also the payload of the live event `meter`. */
export const MeterNow = Type.Object({
  meterId: Id,
  facts: Facts,
  /** Since when each fact holds. */
  since: Type.Object({
    money: Type.Optional(Instant),
    link: Type.Optional(Instant),
    relay: Type.Optional(Instant),
    protection: Type.Optional(Instant),
  }),
  marks: Type.Integer(),
  /** Absent until the meter has answered once. */
  readAt: Type.Optional(Instant),
  /** True when known only from before the last restart. */
  stale: Type.Boolean(),
  values: ValuesDto,
  balanceMinor: Type.Optional(MinorUnits),
  meterClock: Type.Optional(Instant),
  rejected: Type.Array(Type.Object({ quantity: Type.String(), raw: Type.Number(), reason: Type.String() })),
  livePollMs: Type.Integer(),
  registerPollMs: Type.Integer(),
  /** Its place on the protective list: a person's, or the one that carries it over hours without cuts. */
  protection: Type.Optional(
    Type.Object({ by: Type.Enum(['person', 'window'] as const), until: Type.Optional(Instant) }),
  ),
});
export type MeterNow = Static<typeof MeterNow>;

export const getMeterNow = route({
  method: 'GET',
  path: '/api/meters/:meterId/now',
  access: 'meter.view',
  tag,
  summary: 'State and latest values of a meter',
  params: Type.Object({ meterId: Id }),
  response: MeterNow,
});
export const readMeter = route({
  method: 'POST',
  path: '/api/meters/:meterId/read',
  access: 'meter.read',
  tag,
  summary: 'Read the meter now, ahead of the polls',
  params: Type.Object({ meterId: Id }),
  response: MeterNow,
});

export const Resolution = Type.Enum(['raw', '1m', '15m', '30m', '1h', '1d'] as const);
export type Resolution = Static<typeof Resolution>;
/** One bucket: start, mean, least, greatest, last. Buckets without readings are left out, so that a gap is a gap. */
export const TrendPoint = Type.Object({
  at: Instant,
  mean: Type.Number(),
  min: Type.Number(),
  max: Type.Number(),
  last: Type.Number(),
});
export const Trend = Type.Object({
  meterId: Id,
  quantity: Type.String(),
  unit: Type.String(),
  resolution: Type.String(),
  from: Instant,
  to: Instant,
  points: Type.Array(TrendPoint),
});
export type Trend = Static<typeof Trend>;
export const getTrend = route({
  method: 'GET',
  path: '/api/meters/:meterId/trend',
  access: 'meter.view',
  tag,
  summary:
    'Values over time; `auto` resolution gives at most about 800 points; counters give their last value per bucket; quantity may also be balanceMinor',
  params: Type.Object({ meterId: Id }),
  query: Type.Object({
    quantity: Type.String({ maxLength: 40 }),
    from: Instant,
    to: Instant,
    resolution: Type.Optional(Type.Union([Resolution, Type.Literal('auto')])),
  }),
  response: Trend,
});

export const RegisterReading = Type.Object({
  meterId: Id,
  /** The billing instant that the reading stands for, and when it was really read. */
  instant: Instant,
  readAt: Instant,
  quality: Type.Union([Type.Literal('measured'), Type.Literal('late'), Type.Literal('estimated')]),
  source: Type.String(),
  /** Counter name → Wh as decimal text: registers are exact. */
  registers: Type.Record(Type.String(), Type.String()),
  balanceMinor: Type.Optional(MinorUnits),
  purchaseCount: Type.Optional(Type.Integer()),
  /** What a person said instead of the meter's total energy, and what counts; null: the reading counts for nothing. */
  edited: Type.Optional(Type.Object({ energyWh: Type.Union([Type.String(), Type.Null()]) })),
});
export type RegisterReading = Static<typeof RegisterReading>;
export const listRegisters = route({
  method: 'GET',
  path: '/api/meters/:meterId/registers',
  access: 'meter.view',
  tag,
  summary: 'Registers at billing instants, newest first',
  params: Type.Object({ meterId: Id }),
  query: Type.Object({
    from: Type.Optional(Instant),
    to: Type.Optional(Instant),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
  }),
  response: Type.Object({ items: Type.Array(RegisterReading), nextCursor: Type.Optional(Type.String()) }),
});

/** Anchor registers for "this month" and "today" on the meter's page. */
export const RegisterSummary = Type.Object({
  meterId: Id,
  timeZone: Type.String(),
  now: Type.Optional(RegisterReading),
  monthStart: Type.Optional(RegisterReading),
  dayStart: Type.Optional(RegisterReading),
});
export type RegisterSummary = Static<typeof RegisterSummary>;
export const getRegisterSummary = route({
  method: 'GET',
  path: '/api/meters/:meterId/registers/summary',
  access: 'meter.view',
  tag,
  summary: 'Registers now, at the start of the month and of the day (property time)',
  params: Type.Object({ meterId: Id }),
  response: RegisterSummary,
});

/** The unmoving half of a wall: drawn once, then moved by the live feed. */
export const WallLayout = Type.Object({
  propertyId: Id,
  propertyNames: Names,
  timeZone: Type.String(),
  currency: Type.String(),
  places: Type.Array(Place),
  /** Columns keep twenty thousand meters compact: same index in every array. */
  meters: Type.Object({
    id: Type.Array(Id),
    placeId: Type.Array(Id),
    lineId: Type.Array(Id),
    role: Type.Array(MeterRole),
    modelId: Type.Array(Type.String()),
    meterNumber: Type.Array(Type.String()),
    names: Type.Array(Type.Union([Names, Type.Null()])),
    /** Usual peak load in W for the tile's glow; 0 = unknown. */
    peakW: Type.Array(Type.Integer()),
  }),
  lines: Type.Array(Type.Object({ id: Id, gatewayId: Id, gatewayCode: Type.String(), name: Type.String() })),
});
export type WallLayout = Static<typeof WallLayout>;
export const getWall = route({
  method: 'GET',
  path: '/api/properties/:propertyId/wall',
  access: 'wall.view',
  tag,
  summary: 'Layout of a property for the wall',
  params: Type.Object({ propertyId: Id }),
  response: WallLayout,
});

export const Load = Type.Object({
  propertyId: Id,
  resolution: Type.String(),
  /** Mean W of all tenant meters per bucket of 15 minutes, oldest first; missing buckets are absent. */
  today: Type.Array(Type.Object({ at: Instant, loadW: Type.Number() })),
  yesterday: Type.Array(Type.Object({ at: Instant, loadW: Type.Number() })),
  lastWeek: Type.Array(Type.Object({ at: Instant, loadW: Type.Number() })),
});
export type Load = Static<typeof Load>;
export const getLoad = route({
  method: 'GET',
  path: '/api/properties/:propertyId/load',
  access: 'wall.view',
  tag,
  summary: 'Load today, yesterday and a week ago',
  params: Type.Object({ propertyId: Id }),
  response: Load,
});

const Count = Type.Integer({ minimum: 0 });
export const LineHealthDto = Type.Object({
  lineId: Id,
  gatewayId: Id,
  name: Type.String(),
  gatewayCode: Type.String(),
  serial: Type.String(),
  link: LineLink,
  linkSince: Type.Optional(Instant),
  linkReason: Type.String(),
  cycleMs: Type.Optional(Type.Number()),
  cycleLimitMs: Type.Number(),
  requests: Count,
  replies: Count,
  timeouts: Count,
  crcErrors: Count,
  frameErrors: Count,
  exceptions: Count,
  lateReplies: Count,
  reconnects: Count,
  overruns: Count,
  queueDepth: Count,
  lostToSilenceMs: Type.Number(),
  quarantined: Count,
  meters: Type.Array(
    Type.Object({
      meterId: Id,
      unitAddress: Type.Integer(),
      reads: Count,
      failures: Count,
      consecutiveFailures: Count,
      backoffUntil: Type.Optional(Instant),
      lastReply: Type.Optional(Instant),
      replyTimeMs: Type.Optional(Type.Number()),
    }),
  ),
});
export type LineHealthDto = Static<typeof LineHealthDto>;
export const getLineHealth = route({
  method: 'GET',
  path: '/api/lines/:lineId/health',
  access: 'line.view',
  tag,
  summary: 'Cycle time against the wire, errors and quarantined meters of a line',
  params: Type.Object({ lineId: Id }),
  response: LineHealthDto,
});
