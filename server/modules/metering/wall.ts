import type { Load, Place, WallLayout } from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { EstateReader, MeterProfile } from '#server/modules/estate/types.ts';
import { keepAnswer, type Scope, scopeCovers } from '#server/platform/http/index.ts';
import type { LoadBucket, Telemetry } from '#server/platform/telemetry/index.ts';

const DAY_MS = 86_400_000;
/** The usual peak of a meter is the mean of its daily peaks over so many days. */
const PEAK_DAYS = 14;
const PEAKS_HOLD_MS = 3_600_000;
/** A store that is away is not asked by every wall that opens. */
const PEAKS_RETRY_MS = 60_000;

const NO_PEAKS: ReadonlyMap<number, number> = new Map();

/**
 * Usual peaks for the glow of the tiles, asked once an hour. Only the first who asks waits for them: two weeks of an estate
 * take the store a while, and a wall that opens meanwhile has those of the hour before. While the store is away the last
 * ones stay.
 */
export function createPeaks(telemetry: Pick<Telemetry, 'usualPeaksW'>, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
  let peaks: ReadonlyMap<number, number> | undefined;
  let asking: Promise<void> | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  let generation = 0;

  async function ask(): Promise<void> {
    const mine = generation;
    askedMs = clock.monotonicMs();
    try {
      const found = await telemetry.usualPeaksW(clock.nowMs() - PEAK_DAYS * DAY_MS);
      if (mine === generation) peaks = found;
    } catch {
      // The wall goes on without its telemetry.
      if (mine === generation) askedMs = clock.monotonicMs() - PEAKS_HOLD_MS + PEAKS_RETRY_MS;
    } finally {
      if (mine === generation) asking = undefined;
    }
  }

  return {
    async peaksW(): Promise<ReadonlyMap<number, number>> {
      if (asking === undefined && clock.monotonicMs() - askedMs >= PEAKS_HOLD_MS) asking = ask();
      if (peaks === undefined) await asking;
      return peaks ?? NO_PEAKS;
    },
    /** New history came in: the next who asks waits for what it says. */
    forget(): void {
      generation++;
      peaks = undefined;
      asking = undefined;
      askedMs = Number.NEGATIVE_INFINITY;
    },
  };
}

interface KeptLayout {
  readonly peaksW: object;
  readonly layout: WallLayout;
}

/** So many parts of one property are kept; beyond it the oldest is made again. */
const PARTS_KEPT_MAX = 16;

/**
 * Layouts that were asked for, until the estate or the usual peaks change: most screens have the same right, and a wall of
 * twenty thousand tiles is megabytes. The estate gives new lists after every change, so that its lists are the version.
 */
export function createWallLayouts(estate: EstateReader, peaks: ReturnType<typeof createPeaks>) {
  const kept = new WeakMap<object, Map<string, KeptLayout>>();
  return async (property: Place, scope: Scope): Promise<WallLayout> => {
    const peaksW = await peaks.peaksW();
    const places = estate.placesOfProperty(property.id);
    const parts = kept.get(places) ?? new Map<string, KeptLayout>();
    kept.set(places, parts);
    const part = scopeCovers(scope, property.id) ? 'all' : scope.buildingIds.toSorted((a, b) => a - b).join();
    const before = parts.get(part);
    if (before?.peaksW === peaksW) return before.layout;
    const layout = keepAnswer(toWallLayout(estate, property, scope, peaksW));
    const [oldest] = parts.keys();
    if (parts.size >= PARTS_KEPT_MAX && oldest !== undefined) parts.delete(oldest);
    parts.set(part, { peaksW, layout });
    return layout;
  };
}

/** The unmoving half of a wall: the part of the property that `scope` covers. */
function toWallLayout(
  estate: EstateReader,
  property: Place,
  scope: Scope,
  peaksW: ReadonlyMap<number, number>,
): WallLayout {
  const profiles = estate
    .metersOfProperty(property.id)
    .filter(({ buildingId }) => scopeCovers(scope, property.id, buildingId))
    .toSorted((a, b) => a.meter.id - b.meter.id);
  const column = <T>(pick: (profile: MeterProfile) => T): T[] => profiles.map(pick);
  return {
    propertyId: property.id,
    propertyNames: property.names,
    timeZone: property.timeZone ?? 'UTC',
    currency: property.currency ?? 'CNY',
    places: visiblePlaces(estate, property, scope),
    meters: {
      id: column(({ meter }) => meter.id),
      placeId: column(({ meter }) => meter.placeId),
      lineId: column(({ meter }) => meter.lineId),
      role: column(({ meter }) => meter.role),
      modelId: column(({ meter }) => meter.modelId),
      meterNumber: column(({ meter }) => meter.meterNumber),
      names: column(({ meter }) => meter.names ?? null),
      peakW: column(({ meter }) => Math.round(peaksW.get(meter.id) ?? 0)),
    },
    lines: [...new Set(column(({ meter }) => meter.lineId))].flatMap((lineId) => {
      const line = estate.line(lineId);
      const gateway = line === undefined ? undefined : estate.gateway(line.gatewayId);
      if (line === undefined || gateway === undefined) return [];
      return { id: lineId, gatewayId: gateway.id, gatewayCode: gateway.code, name: line.name };
    }),
  };
}

/** The property itself and the buildings within the scope with all that they hold. Parents come before children. */
function visiblePlaces(estate: EstateReader, property: Place, scope: Scope): Place[] {
  const places = estate.placesOfProperty(property.id);
  if (scopeCovers(scope, property.id)) return [...places];
  const visible = new Set([property.id, ...scope.buildingIds]);
  return places.filter((place) => {
    const within = visible.has(place.id) || (place.kind !== 'building' && visible.has(place.parentId ?? 0));
    if (within) visible.add(place.id);
    return within;
  });
}

/** Load of the tenants in the scope today, yesterday and a week ago, by quarter hours of the property's days. */
export async function answerLoad(
  telemetry: Telemetry,
  meters: readonly MeterProfile[],
  propertyId: number,
  calendar: ZonedCalendar,
  nowMs: number,
): Promise<Load> {
  const meterIds = meters.filter(({ meter }) => meter.role === 'tenant').map(({ meter }) => meter.id);
  const dayOf = async (daysAgo: number) => {
    const fromMs = calendar.startOfDayAfter(nowMs, -daysAgo);
    const toMs = calendar.startOfDayAfter(nowMs, 1 - daysAgo);
    return (await telemetry.load({ meterIds, fromMs, toMs })).map(toPoint);
  };
  const [today, yesterday, lastWeek] = await Promise.all([dayOf(0), dayOf(1), dayOf(7)]);
  return { propertyId, resolution: '15m', today, yesterday, lastWeek };
}

function toPoint({ atMs, loadW }: LoadBucket): Load['today'][number] {
  return { at: new Date(atMs).toISOString(), loadW };
}
