import type { BodyOf, createMeter, Meter, MeterInput, updateMeter } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, toPage } from '#server/platform/http/index.ts';
import { demandFreeToChange, demandFreeToGo } from './meterGuard.ts';
import { changed } from './mutation.ts';
import type { EstateDeps } from './places.ts';
import { toMeter } from './rows.ts';
import { insertMeter, type MeterFields, removeMeters, updateMeterRow } from './store.ts';
import type { MeterProfile } from './types.ts';
import { demandGateway, demandMeter, demandPlace, invalidField, meterCovered } from './visibility.ts';

export interface MeterQuery {
  readonly propertyId?: number;
  readonly gatewayId?: number;
  readonly lineId?: number;
  /** The place and everything in it. */
  readonly placeId?: number;
  readonly q?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** A page of the meters that the actor may see, by id. `q` finds numbers, names, circuits and the names of places. */
export function listMeters({ cache }: EstateDeps, actor: Actor, query: MeterQuery) {
  const limit = query.limit ?? PAGE_ROWS;
  const after = cursorId(query.cursor) ?? 0;
  const words = (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const candidates =
    query.lineId === undefined ? cache.meterIds().map((id) => cache.meter(id)) : cache.metersOfLine(query.lineId);
  const found = candidates
    .filter((profile) => profile !== undefined)
    .filter(
      (profile) =>
        profile.meter.id > after &&
        matches(profile, query) &&
        meterCovered(actor, 'meter.view', profile) &&
        contains(profile, words),
    )
    .sort((a, b) => a.meter.id - b.meter.id);
  return toPage(
    found.slice(0, limit + 1),
    limit,
    ({ meter }) => meter.id,
    ({ meter }) => meter,
  );
}

export async function addMeter(deps: EstateDeps, actor: Actor, body: BodyOf<typeof createMeter>): Promise<Meter> {
  return deps.mutate(async (tx, changes) => {
    const propertyId = demandLine(deps, actor, body.lineId);
    const meter = toMeter(await insertMeter(tx, meterFields(deps, actor, { ...body, propertyId })));
    changes.push({ kind: 'meter', meter });
    await audit(tx, {
      actor,
      action: 'meter.create',
      subjectKind: 'meter',
      subjectId: meter.id,
      propertyId,
      after: meter,
    });
    return meter;
  });
}

/** Changes a meter. Throws `conflict.changed-meanwhile` when `version` is old. */
export async function changeMeter(
  deps: EstateDeps,
  actor: Actor,
  meterId: number,
  body: BodyOf<typeof updateMeter>,
): Promise<Meter> {
  return deps.mutate(async (tx, changes) => {
    const { meter: before } = demandMeter(deps.cache, actor, 'estate.edit', meterId);
    const { version, overloadLimitW, names, ...wanted } = body;
    const lineId = wanted.lineId ?? before.lineId;
    const propertyId = lineId === before.lineId ? before.propertyId : demandLine(deps, actor, lineId);
    const limitW = changed(overloadLimitW, before.overloadLimitW);
    const namesNow = changed(names, before.names);
    const { overloadLimitW: _limit, names: _names, ...rest } = before;
    const merged = {
      ...rest,
      ...wanted,
      lineId,
      propertyId,
      ...(limitW === undefined ? {} : { overloadLimitW: limitW }),
      ...(namesNow === undefined ? {} : { names: namesNow }),
    };
    const row = await updateMeterRow(tx, meterId, version, meterFields(deps, actor, merged, '', before.modelId));
    if (row === undefined)
      throw new AppError(
        'conflict.changed-meanwhile',
        'Someone changed this meter meanwhile: read it again and repeat.',
      );
    const meter = toMeter(row);
    await demandFreeToChange(deps.guard, tx, before, meter);
    changes.push({ kind: 'meter', meter });
    await audit(tx, {
      actor,
      action: 'meter.update',
      subjectKind: 'meter',
      subjectId: meterId,
      propertyId,
      before,
      after: meter,
    });
    return meter;
  });
}

/** Takes a meter off its line. Readings, alarms and money of its past stay. */
export async function removeMeter(deps: EstateDeps, actor: Actor, meterId: number): Promise<void> {
  return deps.mutate(async (tx, changes) => {
    const { meter } = demandMeter(deps.cache, actor, 'estate.edit', meterId);
    await removeMeters(tx, [meterId]);
    await demandFreeToGo(deps.guard, tx, [meter]);
    changes.push({ kind: 'meterGone', meter });
    await audit(tx, {
      actor,
      action: 'meter.delete',
      subjectKind: 'meter',
      subjectId: meterId,
      propertyId: meter.propertyId,
      before: meter,
    });
  });
}

/** Checks what the database cannot: the model, the place and the actor's right to it. `knownModel` may stay as it is. */
export function meterFields(
  deps: EstateDeps,
  actor: Actor,
  meter: MeterInput & { readonly lineId: number; readonly propertyId: number },
  prefix = '',
  knownModel?: string,
): MeterFields {
  if (meter.modelId !== knownModel && !deps.knowsModel(meter.modelId)) {
    throw invalidField(`${prefix}modelId`, 'is no model of ours, see GET /api/meter-models');
  }
  const place = demandPlace(deps.cache, actor, 'estate.edit', meter.placeId);
  if (place.propertyId !== meter.propertyId)
    throw invalidField(`${prefix}placeId`, 'must stand in the property of the line');
  return { ...meter, overloadLimitW: meter.overloadLimitW };
}

/** The property of a line whose gateway the actor may change. */
function demandLine({ cache }: EstateDeps, actor: Actor, lineId: number): number {
  const line = cache.line(lineId);
  if (line === undefined) throw new AppError('not-found', `There is no line ${lineId}.`);
  return demandGateway(cache, actor, 'estate.edit', line.gatewayId).propertyId;
}

function matches({ meter, path }: MeterProfile, query: MeterQuery): boolean {
  return (
    (query.propertyId === undefined || meter.propertyId === query.propertyId) &&
    (query.gatewayId === undefined || meter.gatewayId === query.gatewayId) &&
    (query.placeId === undefined || path.some((place) => place.id === query.placeId))
  );
}

function contains({ meter, path }: MeterProfile, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const names = [meter.names, ...path.map((place) => place.names)].flatMap((name) => [name?.zh ?? '', name?.en ?? '']);
  const text = [meter.meterNumber, meter.circuit ?? '', ...names].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}
