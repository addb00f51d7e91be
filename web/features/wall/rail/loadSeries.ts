import type { Load } from '#contract/metering.ts';

export const MINUTES_PER_DAY = 1_440;
const BUCKET_MINUTES = 15;
/** Meters that are read half-hourly fill every second bucket; only a longer silence is a gap. */
const GAP_MINUTES = 30;

/** A bucket of a day: minute of the property's day, and mean load. */
export interface LoadPoint {
  readonly minute: number;
  readonly loadW: number;
}
export interface LoadDays {
  readonly today: readonly LoadPoint[];
  readonly yesterday: readonly LoadPoint[];
  readonly lastWeek: readonly LoadPoint[];
}

/** Days of several properties as one: a bucket that any of them lacks is lacking, since absent is not zero. */
export function sumLoads(loads: readonly Load[], minuteOf: (at: string, propertyId: number) => number): LoadDays {
  const sum = (day: 'today' | 'yesterday' | 'lastWeek') => {
    const buckets = new Map<number, { loadW: number; properties: number }>();
    for (const load of loads) {
      for (const point of load[day]) {
        const minute = minuteOf(point.at, load.propertyId);
        const bucket = buckets.get(minute) ?? { loadW: 0, properties: 0 };
        buckets.set(minute, { loadW: bucket.loadW + point.loadW, properties: bucket.properties + 1 });
      }
    }
    return [...buckets]
      .filter(([, bucket]) => bucket.properties === loads.length)
      .map(([minute, bucket]) => ({ minute, loadW: bucket.loadW }))
      .toSorted((a, b) => a.minute - b.minute);
  };
  return { today: sum('today'), yesterday: sum('yesterday'), lastWeek: sum('lastWeek') };
}

/** Load at a minute of a day: that of its bucket, undefined when there is none near enough. */
export function loadAt(day: readonly LoadPoint[], minute: number): number | undefined {
  return day.findLast((point) => point.minute <= minute && minute < point.minute + GAP_MINUTES)?.loadW;
}

/** An SVG path over a day; a gap in the data is a gap in the line. */
export function pathOf(day: readonly LoadPoint[], box: { width: number; height: number; mostW: number }): string {
  let path = '';
  let previous = Number.NEGATIVE_INFINITY;
  for (const { minute, loadW } of day) {
    const x = (((minute + BUCKET_MINUTES / 2) / MINUTES_PER_DAY) * box.width).toFixed(1);
    const y = (box.height - (Math.max(0, loadW) / box.mostW) * box.height).toFixed(1);
    path += `${minute - previous > GAP_MINUTES ? 'M' : 'L'}${x} ${y}`;
    previous = minute;
  }
  return path;
}
