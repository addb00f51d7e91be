import type { DoctorLine, DoctorSheet, Gateway, Line, LineVerdict } from '#contract/index.ts';
import { VERDICTS } from '#domain/busDoctor.ts';
import { lossOf } from '#domain/busFacts.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import { AppError, cursorId, PAGE_ROWS, type Scope, scopeCovers } from '#server/platform/http/index.ts';
import { stoppedLine, stoppedSheet, toDoctorLine, toDoctorSheet } from './dto.ts';
import type { Ward } from './ward.ts';

export interface DoctorServiceDeps {
  readonly estate: EstateReader;
  readonly ward: Ward;
  readonly clock: { nowMs(): number };
}

export interface DoctorQuery {
  readonly propertyId?: number | undefined;
  readonly verdict?: LineVerdict | undefined;
  readonly q?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export type DoctorService = ReturnType<typeof createDoctorService>;

/** The use cases of the doctor. What lies outside the scope is not there, as everywhere. */
export function createDoctorService({ estate, ward, clock }: DoctorServiceDeps) {
  function gatewayWithin(scope: Scope, line: Line | undefined): Gateway | undefined {
    const gateway = line === undefined ? undefined : estate.gateway(line.gatewayId);
    if (gateway === undefined) return undefined;
    return scopeCovers(scope, gateway.propertyId, buildingOf(estate, gateway.placeId)) ? gateway : undefined;
  }
  function lineOf(line: Line, gateway: Gateway): DoctorLine {
    const examined = ward.examine(line.id);
    return examined === undefined ? stoppedLine(line, gateway, clock.nowMs()) : toDoctorLine(line, gateway, examined);
  }

  return {
    /** All lines of the scope, worst first. The cursor counts lines, since an order by figures has no lasting key. */
    list(scope: Scope, { propertyId, verdict, q = '', cursor, limit = PAGE_ROWS }: DoctorQuery) {
      const from = cursorId(cursor) ?? 0;
      const found = estate.lineIds().flatMap((lineId) => {
        const line = estate.line(lineId);
        const gateway = gatewayWithin(scope, line);
        if (line === undefined || gateway === undefined) return [];
        return propertyId === undefined || gateway.propertyId === propertyId ? [lineOf(line, gateway)] : [];
      });
      const wanted = q.trim().toLowerCase();
      const matching = found.filter(
        (line) =>
          (verdict === undefined || line.verdict === verdict) &&
          (wanted === '' || textOf(estate, line).toLowerCase().includes(wanted)),
      );
      const items = matching.sort(worstFirst).slice(from, from + limit);
      const next = from + limit;
      return { items, ...(next < matching.length ? { nextCursor: String(next) } : {}) };
    },

    sheet(scope: Scope, lineId: number): DoctorSheet {
      const line = estate.line(lineId);
      const gateway = gatewayWithin(scope, line);
      if (line === undefined || gateway === undefined) throw new AppError('not-found', 'There is no such line.');
      const examined = ward.examine(lineId);
      if (examined === undefined) return stoppedSheet(line, gateway, clock.nowMs());
      const meterOf = (meterId: number) => estate.meter(meterId)?.meter;
      return toDoctorSheet(line, gateway, examined, ward.minutes(lineId, examined), meterOf);
    },
  };
}

const RANK = new Map<string, number>([...VERDICTS, 'stopped'].map((verdict, rank) => [verdict, rank]));

/** By verdict, then by what was lost, then by name. */
function worstFirst(a: DoctorLine, b: DoctorLine): number {
  const rank = (line: DoctorLine) => RANK.get(line.verdict) ?? 0;
  return (
    rank(a) - rank(b) ||
    lossOf(b.parts) - lossOf(a.parts) ||
    a.gatewayCode.localeCompare(b.gatewayCode, 'en', { numeric: true }) ||
    a.lineId - b.lineId
  );
}

/** What a line is found by; as the screen writes it and as people do. */
function textOf(estate: EstateReader, { gatewayCode, name, propertyId }: DoctorLine): string {
  const { zh, en } = estate.place(propertyId)?.names ?? {};
  return [`${gatewayCode}/${name}`, `${gatewayCode} / ${name}`, zh, en].join(' ');
}

/** The building that a place is or stands in. */
function buildingOf(estate: EstateReader, placeId: number | undefined): number | undefined {
  const place = placeId === undefined ? undefined : estate.place(placeId);
  return place === undefined || place.kind === 'building' ? place?.id : buildingOf(estate, place.parentId);
}
