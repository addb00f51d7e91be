import { packFacts } from '#domain/meterState.ts';
import type { Alarms } from './modules/alarms/index.ts';
import type { EstateReader } from './modules/estate/index.ts';
import type { Metering, MeterView } from './modules/metering/index.ts';
import type { FeedPart, LiveMeter, LiveSource, PulseFigures } from './platform/live/index.ts';

export interface LiveSourceDeps {
  readonly estate: EstateReader;
  readonly metering: Metering;
  readonly alarms: Pick<Alarms, 'counts'>;
  readonly databaseAway: () => boolean;
  readonly nowMs: () => number;
  /** Commands under way in a property, or in some of its buildings. */
  readonly commandsInFlight: (part: FeedPart) => number;
  /** Readings of the last second, by property. */
  readonly readingsPerSecond: (propertyId: number) => number;
}

/** Answers the live feed from the memory of metering and alarms. */
export function createLiveSource(deps: LiveSourceDeps): LiveSource {
  const { estate, metering } = deps;
  const metersOf = (part: FeedPart): readonly MeterView[] =>
    metering.metersOfProperty(part.propertyId).filter(({ profile }) => isWithin(part, profile.buildingId));
  return {
    meters: (part) =>
      estate.place(part.propertyId)?.kind === 'property' ? metersOf(part).map(toLiveMeter) : undefined,
    pulse: (part) => pulseOf(deps, part, metersOf(part)),
    buildingIds: (propertyId) =>
      estate.placesOfProperty(propertyId).flatMap(({ id, kind }) => (kind === 'building' ? [id] : [])),
    meterAt(meterId) {
      const profile = metering.meter(meterId)?.profile;
      return profile === undefined
        ? undefined
        : { propertyId: profile.meter.propertyId, buildingId: profile.buildingId };
    },
    meterNow: (meterId) => metering.meterNow(meterId),
  };
}

export function toLiveMeter({ profile, last, heardMs, state }: MeterView): LiveMeter {
  return {
    meterId: profile.meter.id,
    buildingId: profile.buildingId,
    packedFacts: packFacts(state.facts, state.marks),
    link: state.facts.link,
    loadW: last?.loadW,
    balanceMinor: last?.balanceMinor,
    heardMs,
  };
}

/** What a meter adds to the load of its property, W; feeders above the tenants would count the same watts twice. */
export function loadOf({ profile, last, state }: MeterView): number {
  if (profile.meter.role !== 'tenant' || state.facts.link === 'lost') return 0;
  return last?.loadW ?? 0;
}

function isWithin({ buildingIds }: FeedPart, buildingId: number | undefined): boolean {
  return buildingIds === undefined || (buildingId !== undefined && buildingIds.includes(buildingId));
}

function pulseOf(deps: LiveSourceDeps, part: FeedPart, meters: readonly MeterView[]): PulseFigures {
  const nowMs = deps.nowMs();
  let loadW = 0;
  // Of the meters in contact; where there are none, of the one that was lost last.
  let oldestReadingMs: number | undefined;
  let sinceLastMs: number | undefined;
  for (const meter of meters) {
    const { heardMs, state } = meter;
    if (heardMs === undefined) continue;
    const ageMs = nowMs - heardMs;
    if (state.facts.link === 'lost') sinceLastMs = Math.min(sinceLastMs ?? ageMs, ageMs);
    else oldestReadingMs = Math.max(oldestReadingMs ?? ageMs, ageMs);
    loadW += loadOf(meter);
  }
  const lineIds = new Set(meters.map(({ profile }) => profile.meter.lineId));
  const lines = [...lineIds].flatMap((lineId) => deps.metering.line(lineId) ?? []);
  const running = lines.filter(({ path }) => path !== 'stopped');
  const { unacknowledged } = deps.alarms.counts(
    {
      all: false,
      propertyIds: part.buildingIds === undefined ? [part.propertyId] : [],
      buildingIds: part.buildingIds ?? [],
    },
    part.propertyId,
  );
  return {
    loadW: Math.round(loadW),
    oldestReadingMs: Math.max(0, oldestReadingMs ?? sinceLastMs ?? 0),
    gatewaysUp: new Set(running.filter(({ path }) => path === 'up').map(({ gatewayId }) => gatewayId)).size,
    gateways: new Set(running.map(({ gatewayId }) => gatewayId)).size,
    lines: running.length,
    unacknowledgedAlarms: unacknowledged,
    commandsInFlight: deps.commandsInFlight(part),
    readingsPerSecond: deps.readingsPerSecond(part.propertyId),
    ...(deps.databaseAway() ? { databaseAway: true as const } : {}),
  };
}
