import type { MeterModel } from '#drivers/core/index.ts';

/** Raw readings are in a measurement named after what the meter measures; roll-ups in the same name with a suffix. */
export type Medium = MeterModel['medium'];
export const MEDIA: readonly Medium[] = ['electric', 'water'];
export const QUARTER_SUFFIX = '_15m';
export const DAY_SUFFIX = '_1d';

/** The tag that the server asks by. The others are for people and Grafana. */
export const METER_TAG = 'meter_id';

/** Fields of a roll-up: the quantity's own name and one of these. */
export const AGGREGATES = ['count', 'mean', 'min', 'max', 'last'] as const;

/** Everything that this program writes, to tell a database of ours from one that others fill as well. */
export const OUR_MEASUREMENTS: ReadonlySet<string> = new Set([
  ...MEDIA.flatMap((medium) => [medium, `${medium}${QUARTER_SUFFIX}`, `${medium}${DAY_SUFFIX}`]),
  'line',
  'estate',
  'platform',
]);

/** What a meter's points are marked with. Values are texts of people: any character, or none. */
export interface MeterDescription {
  readonly medium: Medium;
  readonly tags: Readonly<Record<string, string | undefined>>;
}
