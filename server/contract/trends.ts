import { type Static, Type } from 'typebox';
import { Id, Instant } from './common.ts';
import { route } from './route.ts';

/** Meters that one question may name. */
export const TREND_METERS_MAX = 500;

const Column = Type.Array(Type.Union([Type.Number(), Type.Null()]));

/** Many meters over time, as columns: every array of a meter goes with `at`; null = no reading in that bucket. */
export const Trends = Type.Object({
  quantity: Type.String(),
  unit: Type.String(),
  resolution: Type.String(),
  from: Instant,
  to: Instant,
  /** Starts of the buckets in which any of the meters has readings. */
  at: Type.Array(Instant),
  meters: Type.Array(Type.Object({ meterId: Id, mean: Column, min: Column, max: Column, last: Column })),
});
export type Trends = Static<typeof Trends>;

export const getTrends = route({
  method: 'GET',
  path: '/api/trends',
  access: 'meter.view',
  tag: 'metering',
  summary:
    'The same quantity of up to 500 meters of one time zone over time; meters × quarter hours of the range at most 50,000; counters give their last value per bucket',
  query: Type.Object({
    meterIds: Type.String({
      pattern: '^[1-9][0-9]{0,9}(,[1-9][0-9]{0,9})*$',
      maxLength: 11 * TREND_METERS_MAX,
      description: 'ids separated by commas',
    }),
    quantity: Type.String({ maxLength: 40 }),
    from: Instant,
    to: Instant,
    resolution: Type.Optional(Type.Enum(['15m', '30m', '1h', '1d', 'auto'] as const)),
  }),
  response: Trends,
});
