import type {
  EnergyToday,
  LineHealthDto,
  Load,
  MeterNow,
  Place,
  RegisterSummary,
  Trend,
  Trends,
  WallLayout,
} from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { type Clock, COUNTERS, type Quantity } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { AppError, type Scope, scopeCovers } from '#server/platform/http/index.ts';
import type { Telemetry } from '#server/platform/telemetry/index.ts';
import { serialText, stoppedHealth, toHealthFigures, toMeterNow, toRegisterReading } from './dto.ts';
import type { MeterStates } from './meterStates.ts';
import { type RegisterRow, selectEnergyAt, selectRegisters } from './registerStore.ts';
import { answerTrend, parseInstant, type TrendRequest } from './trend.ts';
import { answerTrends, meterIdsOf, type TrendsRequest } from './trends.ts';
import type { LastRead, MeterView } from './types.ts';
import { answerLoad, type createPeaks, createWallLayouts } from './wall.ts';

const PAGE_ROWS = 100;

export interface MeteringServiceDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly estate: EstateReader;
  readonly states: MeterStates;
  readonly telemetry: Telemetry;
  readonly lines: LineDesk;
  readonly calendarOf: (meter: MeterView) => ZonedCalendar;
  readonly calendarOfProperty: (property: Place) => ZonedCalendar;
  readonly peaks: ReturnType<typeof createPeaks>;
}

export interface RegistersQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export type MeteringService = ReturnType<typeof createMeteringService>;

/**
 * The use cases of metering. What lies outside the given scope is `not-found`, exactly as what does not exist, so that
 * nobody learns of another's estate by asking.
 */
export function createMeteringService(deps: MeteringServiceDeps) {
  const { db, clock, estate, states, telemetry, lines } = deps;
  const layoutOf = createWallLayouts(estate, deps.peaks);

  function meterWithin(scope: Scope, meterId: number): MeterView {
    const meter = states.get(meterId);
    const covered = meter !== undefined && scopeCovers(scope, meter.profile.meter.propertyId, meter.profile.buildingId);
    if (!covered) throw new AppError('not-found', 'There is no such meter.');
    return meter;
  }

  const nowOf = (scope: Scope, meterId: number): MeterNow =>
    toMeterNow(meterWithin(scope, meterId), states.protectionOf(meterId));
  function propertyWithin(scope: Scope, propertyId: number): Place {
    const property = estate.place(propertyId);
    const holdsBuilding = () =>
      scope.buildingIds.some((buildingId) => estate.place(buildingId)?.propertyId === propertyId);
    const covered = scopeCovers(scope, propertyId) || holdsBuilding();
    if (property?.kind !== 'property' || !covered) throw new AppError('not-found', 'There is no such property.');
    return property;
  }

  const metersWithin = (scope: Scope, propertyId: number) =>
    estate.metersOfProperty(propertyId).filter(({ buildingId }) => scopeCovers(scope, propertyId, buildingId));

  return {
    now: nowOf,

    /** Asks the meter itself. Throws `meter.not-answering` or `meter.line-stopped`. */
    async read(scope: Scope, meterId: number): Promise<MeterNow> {
      meterWithin(scope, meterId);
      const outcome = await lines.readNow(meterId);
      if (outcome === undefined) {
        throw new AppError('meter.line-stopped', 'The gateway of this meter is disabled: enable it to read the meter.');
      }
      if (!outcome.ok) {
        throw new AppError('meter.not-answering', `The meter did not answer (${outcome.error.message}).`);
      }
      return nowOf(scope, meterId);
    },

    trend(scope: Scope, request: TrendRequest): Promise<Trend> {
      const meter = meterWithin(scope, request.meterId);
      return answerTrend(telemetry, request, deps.calendarOf(meter));
    },

    async trends(scope: Scope, request: TrendsRequest): Promise<Trends> {
      const meters = meterIdsOf(request).map((meterId) => meterWithin(scope, meterId));
      return answerTrends(telemetry, request, meters, deps.calendarOf);
    },

    async registers(scope: Scope, meterId: number, query: RegistersQuery) {
      meterWithin(scope, meterId);
      const limit = query.limit ?? PAGE_ROWS;
      const until = query.to === undefined ? undefined : parseInstant('to', query.to);
      const rows = await selectRegisters(db, {
        meterId,
        fromMs: query.from === undefined ? undefined : parseInstant('from', query.from),
        toMs: beforeCursor(query.cursor, until),
        order: 'newest-first',
        limit: limit + 1,
      });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { items: items.map(toRegisterReading), ...(more ? { nextCursor: String(last.instantMs) } : {}) };
    },

    async registerSummary(scope: Scope, meterId: number): Promise<RegisterSummary> {
      const meter = meterWithin(scope, meterId);
      const calendar = deps.calendarOf(meter);
      const nowMs = clock.nowMs();
      const firstSince = async (fromMs: number) =>
        (await selectRegisters(db, { meterId, fromMs, toMs: undefined, order: 'oldest-first', limit: 1 }))[0];
      const [monthStart, dayStart] = await Promise.all([
        firstSince(calendar.startOfMonth(nowMs)),
        firstSince(calendar.startOfDay(nowMs)),
      ]);
      const latest = latestRegisters(meter);
      return {
        meterId,
        timeZone: calendar.timeZone,
        ...(latest === undefined ? {} : { now: toRegisterReading(latest) }),
        ...(monthStart === undefined ? {} : { monthStart: toRegisterReading(monthStart) }),
        ...(dayStart === undefined ? {} : { dayStart: toRegisterReading(dayStart) }),
      };
    },

    async wall(scope: Scope, propertyId: number): Promise<WallLayout> {
      return layoutOf(propertyWithin(scope, propertyId), scope);
    },

    /** What each meter took since the begin of the day there. */
    async energyToday(scope: Scope, propertyId: number): Promise<EnergyToday> {
      const sinceMs = deps.calendarOfProperty(propertyWithin(scope, propertyId)).startOfDay(clock.nowMs());
      const ids = metersWithin(scope, propertyId).map(({ meter }) => meter.id);
      const before = await selectEnergyAt(db, ids, sinceMs);
      const found = ids.flatMap((meterId) => {
        const [from, now] = [before.get(meterId), states.get(meterId)?.last];
        const to = now !== undefined && now.readAtMs >= sinceMs ? now.values.energyWh : undefined;
        // A register that went back belongs to another meter in its place.
        return from === undefined || to === undefined || to < Number(from)
          ? []
          : [{ meterId, energyWh: Math.round(to - Number(from)) }];
      });
      return {
        ...{ propertyId, since: new Date(sinceMs).toISOString() },
        meterId: found.map(({ meterId }) => meterId),
        energyWh: found.map(({ energyWh }) => energyWh),
      };
    },

    load(scope: Scope, propertyId: number): Promise<Load> {
      const property = propertyWithin(scope, propertyId);
      const meters = metersWithin(scope, propertyId);
      return answerLoad(telemetry, meters, propertyId, deps.calendarOfProperty(property), clock.nowMs());
    },

    lineHealth(scope: Scope, lineId: number): LineHealthDto {
      const line = estate.line(lineId);
      const gateway = line === undefined ? undefined : estate.gateway(line.gatewayId);
      const covered =
        gateway !== undefined && scopeCovers(scope, gateway.propertyId, buildingOf(estate, gateway.placeId));
      if (line === undefined || gateway === undefined || !covered) {
        throw new AppError('not-found', 'There is no such line.');
      }
      const health = lines.health(lineId);
      return {
        name: line.name,
        gatewayCode: gateway.code,
        serial: serialText(line.serial),
        ...(health === undefined ? stoppedHealth(lineId, gateway.id) : toHealthFigures(health)),
      };
    },
  };
}

/** The building that a place is or stands in. */
function buildingOf(estate: EstateReader, placeId: number | undefined): number | undefined {
  const place = placeId === undefined ? undefined : estate.place(placeId);
  return place === undefined || place.kind === 'building' ? place?.id : buildingOf(estate, place.parentId);
}

/** Upper bound of a page: the earlier of what was asked and where the last page ended. */
function beforeCursor(cursor: string | undefined, untilMs: number | undefined): number | undefined {
  if (cursor === undefined) return untilMs;
  if (!/^\d{1,15}$/.test(cursor))
    throw new AppError('request.invalid', 'The cursor is none of ours: begin without one.');
  return Math.min(Number(cursor), untilMs ?? Number.POSITIVE_INFINITY);
}

/** The registers that the meter last said, as they stand. */
function latestRegisters({ profile, last }: MeterView): RegisterRow | undefined {
  if (last === undefined) return undefined;
  const registers = exactRegisters(last);
  if (Object.keys(registers).length === 0) return undefined;
  return {
    meterId: profile.meter.id,
    instantMs: last.readAtMs,
    readAtMs: last.readAtMs,
    quality: 'measured',
    source: 'live',
    registers,
    balanceMinor: last.balanceMinor,
    purchaseCount: last.values.purchaseCount,
  };
}

function exactRegisters({ values }: LastRead): RegisterRow['registers'] {
  const registers: Partial<Record<Quantity, bigint>> = {};
  for (const counter of COUNTERS) {
    const value = values[counter];
    if (value !== undefined) registers[counter] = BigInt(Math.round(value));
  }
  return registers;
}
