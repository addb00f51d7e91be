import { createGateway, createPlace, type Gateway, listMeters, type Meter } from '#contract/index.ts';
import type { PlantGateway, PlantManifest } from '#drivers/simulator/manifest.ts';
import type { Api } from './api.ts';

/** What a person would have typed: the property and its gateways, with the ids that the server gave. */
export interface EnteredEstate {
  readonly propertyId: number;
  readonly gateways: readonly Gateway[];
  /** Meter number → meter. */
  readonly meters: ReadonlyMap<string, Meter>;
}

/** Enters a plant's first property, one place for all meters of a gateway, and the gateways, as an installer would. */
export async function enterEstate(api: Api, manifest: PlantManifest, livePollMs = 1_000): Promise<EnteredEstate> {
  const property = await api.call(createPlace, {
    body: { kind: 'property', names: { en: 'Scenario' }, timeZone: 'Asia/Shanghai', polling: { livePollMs } },
  });
  const gateways: Gateway[] = [];
  for (const gateway of manifest.gateways) gateways.push(await enterGateway(api, property.id, gateway));
  return { propertyId: property.id, gateways, meters: await metersOf(api, property.id) };
}

/** Adds one gateway with its lines and meters in one request. */
export function enterGateway(api: Api, propertyId: number, gateway: PlantGateway): Promise<Gateway> {
  return api.call(createGateway, {
    body: {
      propertyId,
      code: gateway.code,
      lines: gateway.lines.map(({ name, transport, serial, meters }) => ({
        name,
        transport,
        serial,
        // Short, so that scenarios of silence do not last; a real line takes its default.
        responseTimeoutMs: 600,
        meters: meters.map(({ unitAddress, modelId, meterNumber, role, ctRatio, ptRatio }) => ({
          placeId: propertyId,
          unitAddress,
          modelId,
          meterNumber,
          role,
          ctRatio,
          ptRatio,
        })),
      })),
    },
  });
}

/** All meters of a property by number, page by page. */
export async function metersOf(api: Api, propertyId: number): Promise<ReadonlyMap<string, Meter>> {
  const meters = new Map<string, Meter>();
  let cursor: string | undefined;
  do {
    const page = await api.call(listMeters, {
      query: { propertyId, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) },
    });
    for (const meter of page.items) meters.set(meter.meterNumber, meter);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return meters;
}
