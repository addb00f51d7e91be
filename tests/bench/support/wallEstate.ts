import { setTimeout as sleep } from 'node:timers/promises';
import { createGateway, createPlace } from '#contract/index.ts';
import { type Api, ApiFailure, type ApiRequest } from '../../scenarios/support/api.ts';
import { FARM_MODEL_ID, type Farm, type FarmGateway } from './systemFarm.ts';

/** A property of towers of equal storeys. */
export interface TowersSpec {
  readonly name: string;
  readonly towers: number;
  readonly floors: number;
  readonly rooms: number;
  readonly metersEachRoom: number;
  readonly livePollMs: number;
}

/** Requests under way at once: the estate changes one after the other, the wire need not wait for it. */
const AT_ONCE = 32;
/** The server takes so many requests a minute from one address; who has more waits. */
const TOO_MANY = 'request.too-many';
const PAUSE_MS = 3_000;

/** Enters a property of towers with the meters of some gateways of a farm, room after room; returns its id. */
export async function enterTowers(api: Api, gateways: Farm['gateways'], spec: TowersSpec): Promise<number> {
  const add = async (request: ApiRequest<typeof createPlace>) =>
    (await patiently(() => api.call(createPlace, request))).id;
  const propertyId = await add({
    body: {
      kind: 'property',
      names: { en: spec.name },
      timeZone: 'Asia/Shanghai',
      polling: { livePollMs: spec.livePollMs },
    },
  });
  const child = (kind: 'building' | 'floor' | 'room', parentId: number, en: string, position: number) =>
    add({ body: { kind, parentId, names: { en }, position } });
  const towers = await inTurns(range(spec.towers), (index) =>
    child('building', propertyId, `Tower ${index + 1}`, index),
  );
  const floors = await inTurns(
    towers.flatMap((tower) => range(spec.floors).map((floor) => ({ tower, floor }))),
    async ({ tower, floor }) => ({ floor, id: await child('floor', tower, `${floor + 1}F`, floor + 1) }),
  );
  const rooms = await inTurns(
    floors.flatMap(({ floor, id }) => range(spec.rooms).map((room) => ({ floor, id, room }))),
    ({ floor, id, room }) => child('room', id, `${floor + 1}F-${room + 1}`, room + 1),
  );
  const places = rooms.flatMap((room) => range(spec.metersEachRoom).map(() => room));
  await enterMeters(api, gateways, propertyId, places);
  return propertyId;
}

async function enterMeters(
  api: Api,
  gateways: readonly FarmGateway[],
  propertyId: number,
  places: readonly number[],
): Promise<void> {
  let next = 0;
  for (const [index, { port, meters }] of gateways.entries()) {
    const code = `GW-${propertyId}-${index + 1}`;
    const placeIds = range(meters).map(() => places[next++] ?? propertyId);
    const body = {
      propertyId,
      code,
      lines: [
        {
          name: '1',
          transport: { kind: 'rtu-over-tcp' as const, host: '127.0.0.1', port },
          meters: placeIds.map((placeId, unit) => ({
            placeId,
            unitAddress: unit + 1,
            modelId: FARM_MODEL_ID,
            meterNumber: `${code}-${unit + 1}`,
            role: 'tenant' as const,
          })),
        },
      ],
    };
    await patiently(() => api.call(createGateway, { body }));
  }
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.code !== TOO_MANY) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Does the same for all, in order, so many at once. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  return results;
}
