import type { Gateway, Meter, Place } from '#contract/index.ts';
import type { Client } from './server.ts';

/** A small property made over the API: two buildings with a floor and a room each, a gateway with two meters. */
export interface SmallEstate {
  readonly property: Place;
  readonly buildings: readonly [Place, Place];
  readonly rooms: readonly [Place, Place];
  readonly gateway: Gateway;
  readonly meters: readonly [Meter, Meter];
}

/** Builds it; the gateway is disabled, so that nothing is polled. `name` prefixes names, codes and numbers. */
export async function buildSmallEstate(client: Client, name: string): Promise<SmallEstate> {
  const post = async <T>(path: string, body: object) => {
    const answer = await client.request('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  };
  const place = (kind: string, parentId: number | undefined, en: string) =>
    post<Place>('/api/places', { kind, names: { en }, ...(parentId === undefined ? {} : { parentId }) });
  const property = await place('property', undefined, `${name} Park`);
  const building = async (letter: string) => {
    const house = await place('building', property.id, `${name} House ${letter}`);
    const floor = await place('floor', house.id, '1F');
    return [house, await place('room', floor.id, `${name}-${letter}1`)] as const;
  };
  const [east, eastRoom] = await building('E');
  const [west, westRoom] = await building('W');
  const meter = (unitAddress: number, placeId: number) => ({
    placeId,
    modelId: 'acrel-dtsy1352',
    unitAddress,
    meterNumber: `${name}-${unitAddress}`,
    role: 'tenant',
  });
  const gateway = await post<Gateway>('/api/gateways', {
    propertyId: property.id,
    code: `GW-${name}`,
    enabled: false,
    lines: [
      {
        name: 'RS485-1',
        transport: { kind: 'modbus-tcp', host: '127.0.0.1', port: 502 },
        meters: [meter(1, eastRoom.id), meter(2, westRoom.id)],
      },
    ],
  });
  const { body } = await client.request('GET', `/api/meters?gatewayId=${gateway.id}`);
  const [first, second] = (body as { items: Meter[] }).items;
  if (first === undefined || second === undefined) throw new Error('the meters are missing');
  return { property, buildings: [east, west], rooms: [eastRoom, westRoom], gateway, meters: [first, second] };
}
