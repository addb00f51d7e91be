import type { PlantManifest, PlantProperty, PlantRoom } from '#drivers/simulator/manifest.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { DEFAULT_RESPONSE_TIMEOUT_MS, DEFAULT_TURNAROUND_MS } from './gateways.ts';
import * as store from './plantStore.ts';

/** Manifest without anything: what a simulated plant left is removed. */
export const NO_PLANT: Pick<PlantManifest, 'properties' | 'gateways'> = { properties: [], gateways: [] };

/**
 * Makes the simulated part of the estate that of the manifest, in a few statements for all rows (ten thousand meters
 * take under a second or two). Done again with the same manifest it changes nothing but the lines' addresses. Returns
 * the ids of the plant's gateways.
 */
export async function storePlant(
  tx: Tx,
  manifest: Pick<PlantManifest, 'properties' | 'gateways'>,
): Promise<readonly number[]> {
  const { properties, buildings, floors, rooms } = flattenPlaces(manifest.properties);
  const { gateways, lines, meters } = flattenGateways(manifest.gateways);
  await store.addPlantProperties(tx, properties);
  await store.addPlantPlaces(tx, 'building', buildings);
  await store.addPlantPlaces(tx, 'floor', floors);
  await store.addPlantPlaces(tx, 'room', rooms);
  await store.addPlantGateways(tx, gateways);
  await store.putPlantLines(tx, lines);
  await store.putPlantMeters(tx, meters);
  const placeKeys = [properties, buildings, floors, rooms].flatMap((rows) => rows.map(({ key }) => key));
  await store.removePlantRemains(tx, { gateways, lines, placeKeys });
  await audit(tx, {
    actor: undefined,
    action: 'estate.import-plant',
    subjectKind: 'plant',
    after: { properties: properties.length, gateways: gateways.length, lines: lines.length, meters: meters.length },
  });
  return store.selectPlantGatewayIds(tx);
}

function flattenPlaces(manifest: readonly PlantProperty[]) {
  const properties: store.PlantPlaceRow[] = [];
  const buildings: store.PlantPlaceRow[] = [];
  const floors: store.PlantPlaceRow[] = [];
  const rooms: store.PlantPlaceRow[] = [];
  for (const [index, property] of manifest.entries()) {
    const { key, names, timeZone, currency } = property;
    properties.push({ ...row({ key, names, position: index + 1 }, undefined), timeZone, currency });
    for (const building of property.buildings) {
      buildings.push({ ...row(building, key), shape: building.shape });
      for (const floor of building.floors) {
        floors.push(row(floor, building.key));
        for (const room of floor.rooms) rooms.push(row(room, floor.key));
      }
    }
  }
  return { properties, buildings, floors, rooms };
}

function row({ key, names, position }: PlantRoom, parentKey: string | undefined): store.PlantPlaceRow {
  return { key, names, position, parentKey, shape: undefined, timeZone: undefined, currency: undefined };
}

function flattenGateways(manifest: PlantManifest['gateways']) {
  const gateways: store.PlantGatewayRow[] = [];
  const lines: store.PlantLineRow[] = [];
  const meters: store.PlantMeterRow[] = [];
  for (const { propertyKey, placeKey, code, names, lines: itsLines } of manifest) {
    gateways.push({ propertyKey, placeKey, code, names });
    for (const { name, transport, serial, meters: itsMeters } of itsLines) {
      const timing = { responseTimeoutMs: DEFAULT_RESPONSE_TIMEOUT_MS, turnaroundMs: DEFAULT_TURNAROUND_MS };
      lines.push({ propertyKey, code, name, transport, serial, ...timing });
      for (const meter of itsMeters) meters.push({ ...meter, propertyKey, code, lineName: name });
    }
  }
  return { gateways, lines, meters };
}
