import { isIP } from 'node:net';
import type { BodyOf, createGateway, Gateway, Serial, Transport, updateGateway } from '#contract/index.ts';
import { gatewayMatches } from '#domain/gatewaySearch.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, toPage } from '#server/platform/http/index.ts';
import type { EstateChange } from './cache.ts';
import { demandFreeToGo } from './meterGuard.ts';
import { meterFields } from './meters.ts';
import { changed } from './mutation.ts';
import type { EstateDeps } from './places.ts';
import { type LineFacts, toGatewayFacts, toLineFacts, toMeter } from './rows.ts';
import * as store from './store.ts';
import { demandGateway, demandPlace, gatewayCovered, invalidField, missing } from './visibility.ts';

/** The bus of nearly every meter in the field (DL/T 645 and Modbus alike), and what a slow one needs to answer. */
export const DEFAULT_SERIAL: Serial = { baud: 9600, parity: 'none', stopBits: 1 };
export const DEFAULT_RESPONSE_TIMEOUT_MS = 1_000;
export const DEFAULT_TURNAROUND_MS = 0;

export function listGateways(
  { cache }: EstateDeps,
  actor: Actor,
  query: { propertyId?: number; q?: string; cursor?: string; limit?: number },
) {
  const limit = query.limit ?? PAGE_ROWS;
  const after = cursorId(query.cursor) ?? 0;
  const found: Gateway[] = [];
  for (const id of cache.gatewayIds()) {
    const gateway = id > after ? cache.gateway(id) : undefined;
    if (gateway === undefined || (query.propertyId !== undefined && gateway.propertyId !== query.propertyId)) continue;
    if (!gatewayMatches(gateway, query.q ?? '')) continue;
    if (gatewayCovered(cache, actor, 'line.view', gateway)) found.push(gateway);
    if (found.length > limit) break;
  }
  return toPage(
    found,
    limit,
    ({ id }) => id,
    (gateway) => gateway,
  );
}

type NewGateway = BodyOf<typeof createGateway>;
type NewLine = NewGateway['lines'][number];

/** Adds a gateway with its lines and their meters, all or none. */
export async function addGateway(deps: EstateDeps, actor: Actor, body: NewGateway): Promise<Gateway> {
  demandStand(deps, actor, body.propertyId, body.placeId);
  const gatewayId = await deps.mutate(async (tx, changes) => {
    const { propertyId, code, names, placeId, polling, enabled = true } = body;
    const row = await store.insertGateway(tx, propertyId, { code, names, placeId, polling, enabled });
    changes.push({ kind: 'gateway', gateway: toGatewayFacts(row) });
    for (const [index, line] of body.lines.entries()) {
      const lineRow = await store.insertLine(tx, row.id, lineFields(line, undefined, `lines.${index}`));
      changes.push({ kind: 'line', line: toLineFacts(lineRow) });
      for (const [meterIndex, meter] of (line.meters ?? []).entries()) {
        const fields = meterFields(
          deps,
          actor,
          { ...meter, lineId: lineRow.id, propertyId },
          `lines.${index}.meters.${meterIndex}.`,
        );
        changes.push({ kind: 'meter', meter: toMeter(await store.insertMeter(tx, fields)) });
      }
    }
    await audit(tx, {
      actor,
      action: 'gateway.create',
      subjectKind: 'gateway',
      subjectId: row.id,
      propertyId,
      after: { id: row.id, ...body },
    });
    return row.id;
  });
  return mustGet(deps, gatewayId);
}

/** Changes a gateway and its lines. Throws `conflict.changed-meanwhile` when `version` is old. */
export async function changeGateway(
  deps: EstateDeps,
  actor: Actor,
  gatewayId: number,
  body: BodyOf<typeof updateGateway>,
): Promise<Gateway> {
  await deps.mutate(async (tx, changes) => {
    const before = demandGateway(deps.cache, actor, 'estate.edit', gatewayId);
    const placeId = changed(body.placeId, before.placeId);
    demandStand(deps, actor, before.propertyId, placeId);
    const fields = {
      code: body.code ?? before.code,
      names: changed(body.names, before.names),
      placeId,
      polling: body.polling ?? before.polling,
      enabled: body.enabled ?? before.enabled,
    };
    const row = await store.updateGatewayRow(tx, gatewayId, body.version, fields);
    if (row === undefined) throw changedMeanwhile('gateway');
    changes.push({ kind: 'gateway', gateway: toGatewayFacts(row) });
    if (body.lines !== undefined) await changeLines(tx, changes, before, body.lines);
    const { version: _version, ...wanted } = body;
    await audit(tx, {
      actor,
      action: 'gateway.update',
      subjectKind: 'gateway',
      subjectId: gatewayId,
      propertyId: before.propertyId,
      before,
      after: wanted,
    });
  });
  return mustGet(deps, gatewayId);
}

/** Removes a gateway; with meters on it only when told so. Their history stays. */
export async function removeGateway(
  deps: EstateDeps,
  actor: Actor,
  gatewayId: number,
  withMeters: boolean,
): Promise<void> {
  return deps.mutate(async (tx, changes) => {
    const gateway = demandGateway(deps.cache, actor, 'estate.edit', gatewayId);
    const meters = gateway.lines.flatMap((line) => deps.cache.metersOfLine(line.id));
    if (meters.length > 0 && !withMeters) {
      throw new AppError(
        'conflict.in-use',
        `${meters.length} meters hang on it: move them, or remove it with withMeters=true.`,
      );
    }
    await store.removeMeters(
      tx,
      meters.map(({ meter }) => meter.id),
    );
    await demandFreeToGo(
      deps.guard,
      tx,
      meters.map(({ meter }) => meter),
    );
    for (const { meter } of meters) changes.push({ kind: 'meterGone', meter });
    await store.deleteGatewayRow(tx, gatewayId);
    for (const line of gateway.lines) changes.push({ kind: 'lineGone', line });
    changes.push({ kind: 'gatewayGone', gateway });
    await audit(tx, {
      actor,
      action: 'gateway.delete',
      subjectKind: 'gateway',
      subjectId: gatewayId,
      propertyId: gateway.propertyId,
      before: { ...gateway, meterIds: meters.map(({ meter }) => meter.id) },
    });
  });
}

type WantedLine = NonNullable<BodyOf<typeof updateGateway>['lines']>[number];

async function changeLines(
  tx: Tx,
  changes: EstateChange[],
  gateway: Gateway,
  wanted: readonly WantedLine[],
): Promise<void> {
  const kept = new Set(wanted.map((line) => line.id));
  for (const line of gateway.lines.filter(({ id }) => !kept.has(id))) {
    if (line.meterCount > 0)
      throw new AppError('conflict.in-use', `Meters hang on the line ${line.name}: move or remove them first.`);
    await store.deleteLineRow(tx, line.id);
    changes.push({ kind: 'lineGone', line });
  }
  for (const [index, line] of wanted.entries()) {
    const before = gateway.lines.find(({ id }) => id === line.id);
    if (line.id !== undefined && before === undefined)
      throw invalidField(`lines.${index}.id`, 'is no line of this gateway');
    const fields = lineFields(line, before, `lines.${index}`);
    const row =
      before === undefined
        ? await store.insertLine(tx, gateway.id, fields)
        : await store.updateLineRow(tx, before.id, fields);
    changes.push({ kind: 'line', line: toLineFacts(row) });
  }
}

/** The property and, where given, the place in it must be the actor's to change. */
function demandStand(deps: EstateDeps, actor: Actor, propertyId: number, placeId: number | undefined): void {
  const place = demandPlace(deps.cache, actor, 'estate.edit', placeId ?? propertyId);
  if (place.propertyId !== propertyId) throw invalidField('placeId', 'must stand in the property of the gateway');
  if (placeId === undefined && place.kind !== 'property') throw invalidField('propertyId', 'must be a property');
  if (
    !gatewayCovered(deps.cache, actor, 'estate.edit', { propertyId, ...(placeId === undefined ? {} : { placeId }) })
  ) {
    throw missing('estate.edit');
  }
}

function lineFields(line: Omit<NewLine, 'meters'>, before: LineFacts | undefined, field: string): store.LineFields {
  checkTransport(line.transport, `${field}.transport`);
  return {
    name: line.name,
    transport: line.transport,
    serial: line.serial ?? before?.serial ?? DEFAULT_SERIAL,
    responseTimeoutMs: line.responseTimeoutMs ?? before?.responseTimeoutMs ?? DEFAULT_RESPONSE_TIMEOUT_MS,
    turnaroundMs: line.turnaroundMs ?? before?.turnaroundMs ?? DEFAULT_TURNAROUND_MS,
  };
}

/** What the contract's pattern lets through and no socket or port could be. */
function checkTransport(transport: Transport, field: string): void {
  if (transport.kind === 'serial') {
    if (!/^(\/dev\/[\w./-]+|COM\d{1,3})$/.test(transport.path) || transport.path.includes('..')) {
      throw invalidField(`${field}.path`, 'must be a serial device, e.g. /dev/ttyUSB0 or COM3');
    }
    return;
  }
  const looksLikeIp = /^[\d.]+$/.test(transport.host) || transport.host.includes(':');
  const goodName = /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$/.test(
    transport.host,
  );
  if (looksLikeIp ? isIP(transport.host) === 0 : !goodName)
    throw invalidField(`${field}.host`, 'must be an IP address or a host name');
}

export function changedMeanwhile(what: string): AppError {
  return new AppError(
    'conflict.changed-meanwhile',
    `Someone changed this ${what} meanwhile: read it again and repeat.`,
  );
}

function mustGet(deps: EstateDeps, gatewayId: number): Gateway {
  const gateway = deps.cache.gateway(gatewayId);
  if (gateway === undefined) throw new AppError('not-found', 'The gateway was removed meanwhile.');
  return gateway;
}
