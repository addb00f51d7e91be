import type { Names } from '#contract/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { AlarmSource, SourcePlace } from './types.ts';

const NO_PLACE = {
  ...{ propertyId: undefined, buildingId: undefined, gatewayId: undefined, lineId: undefined },
  placeIds: [],
};
const PLATFORM: Names = { zh: '平台', en: 'Meterwall' };
const PLATFORM_PLACE: SourcePlace = {
  ...NO_PLACE,
  path: [PLATFORM],
  label: undefined,
  search: searchText([PLATFORM], []),
};

/** Where a source stands now; undefined when it is gone. */
export function placeOfSource(estate: EstateReader, source: AlarmSource): SourcePlace | undefined {
  switch (source.kind) {
    case 'platform':
      return PLATFORM_PLACE;
    case 'property':
      return placeOfProperty(estate, source.id);
    case 'meter':
      return placeOfMeter(estate, source.id);
    case 'line':
      return placeOfLine(estate, source.id);
    case 'gateway':
      return placeOfGateway(estate, source.id);
  }
}

/** The property of a source; undefined for the platform, and when it is gone. */
export function propertyOfSource(estate: EstateReader, { kind, id }: AlarmSource): number | undefined {
  switch (kind) {
    case 'platform':
      return undefined;
    case 'property':
      return id;
    case 'meter':
      return estate.meter(id)?.meter.propertyId;
    case 'line': {
      const line = estate.line(id);
      return line === undefined ? undefined : estate.gateway(line.gatewayId)?.propertyId;
    }
    case 'gateway':
      return estate.gateway(id)?.propertyId;
  }
}

/** Is the source still there? */
export function isInEstate(estate: EstateReader, { kind, id }: AlarmSource): boolean {
  switch (kind) {
    case 'platform':
      return true;
    case 'property':
      return estate.place(id)?.kind === 'property';
    case 'meter':
      return estate.meter(id) !== undefined;
    case 'line':
      return estate.line(id) !== undefined;
    case 'gateway':
      return estate.gateway(id) !== undefined;
  }
}

function placeOfProperty(estate: EstateReader, propertyId: number): SourcePlace | undefined {
  const property = estate.place(propertyId);
  if (property?.kind !== 'property') return undefined;
  const { names } = property;
  return {
    ...NO_PLACE,
    propertyId,
    placeIds: [propertyId],
    path: [names],
    label: undefined,
    search: searchText([names], []),
  };
}

function placeOfMeter(estate: EstateReader, meterId: number): SourcePlace | undefined {
  const profile = estate.meter(meterId);
  if (profile === undefined) return undefined;
  const { meter, buildingId, path } = profile;
  const names = path.map((place) => place.names);
  const label = meter.names ?? sameInBoth(meter.meterNumber);
  return {
    propertyId: meter.propertyId,
    buildingId,
    gatewayId: estate.line(meter.lineId)?.gatewayId,
    lineId: meter.lineId,
    placeIds: path.map(({ id }) => id),
    path: names,
    label,
    search: searchText([...names, label], [meter.meterNumber, meter.circuit]),
  };
}

function placeOfLine(estate: EstateReader, lineId: number): SourcePlace | undefined {
  const line = estate.line(lineId);
  const gateway = line === undefined ? undefined : placeOfGateway(estate, line.gatewayId);
  if (line === undefined || gateway === undefined) return undefined;
  const code = estate.gateway(line.gatewayId)?.code ?? '';
  const label = sameInBoth(`${code} · ${line.name}`);
  return { ...gateway, lineId, label, search: searchText([...gateway.path, label], []) };
}

function placeOfGateway(estate: EstateReader, gatewayId: number): SourcePlace | undefined {
  const gateway = estate.gateway(gatewayId);
  if (gateway === undefined) return undefined;
  const chain = placeChain(estate, gateway.placeId ?? gateway.propertyId);
  const path = chain.map(({ names }) => names);
  const label = gateway.names ?? sameInBoth(gateway.code);
  return {
    propertyId: gateway.propertyId,
    buildingId: chain.find(({ kind }) => kind === 'building')?.id,
    gatewayId,
    lineId: undefined,
    placeIds: chain.map(({ id }) => id),
    path,
    label,
    search: searchText([...path, label], [gateway.code]),
  };
}

/** From the property down to the place. */
function placeChain(estate: EstateReader, placeId: number) {
  const chain = [];
  for (let place = estate.place(placeId); place !== undefined; ) {
    chain.unshift(place);
    place = place.parentId === undefined ? undefined : estate.place(place.parentId);
  }
  return chain;
}

function sameInBoth(name: string): Names {
  return { zh: name, en: name };
}

function searchText(names: readonly Names[], words: readonly (string | undefined)[]): string {
  const all = [...names.flatMap(({ zh, en }) => [zh, en]), ...words].filter((word) => word !== undefined);
  return [...new Set(all)].join(' ').toLowerCase();
}
