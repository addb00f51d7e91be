import { randomUUID } from 'node:crypto';
import type { Account, Customer, Meter } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { startTestPlant } from '../../../scenarios/support/testPlant.ts';
import { until } from '../../../scenarios/support/until.ts';
import {
  type Answer,
  type Client,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../../support/server.ts';

/** The real server over a simulated plant in this process: real sockets, real frames. */
export interface MoneyHouse {
  readonly plant: Plant;
  readonly server: TestServer;
  readonly boss: Client;
  readonly propertyId: number;
  /** Prepaid meters that answer, by id. */
  readonly meters: readonly Meter[];
  readonly tariffId: number;
  customer(name: string, more?: object): Promise<Customer>;
  /** Opens an account; throws when it is refused. */
  open(customerId: number, meterIds: readonly number[], more?: object): Promise<Account>;
  account(accountId: number): Promise<Account>;
  post<T>(path: string, body: object): Promise<T>;
  stop(): Promise<void>;
}

export interface MoneyHouseOptions extends Pick<TestServerOptions, 'database' | 'probe'> {
  readonly plant?: Plant;
  readonly signIn?: { readonly user: string; readonly password: string };
}

const READY_MS_MAX = 20_000;

export async function startMoneyHouse(options: MoneyHouseOptions = {}): Promise<MoneyHouse> {
  const plant = options.plant ?? (await startTestPlant(32));
  const { plant: _plant, signIn, ...serverOptions } = options;
  const server = await startTestServer(serverOptions);
  const { estate, measuring, money } = server.app;
  await estate.importPlant(plant.manifest);
  const boss = await server.signedIn(signIn?.user, signIn?.password);
  const propertyId = estate.properties()[0]?.id ?? 0;
  const all = estate.metersOfProperty(propertyId).map(({ meter }) => meter);
  const meters = all.filter(({ modelId, role }) => /1352/.test(modelId) && role === 'tenant');
  await until('the meters answer', READY_MS_MAX, () =>
    meters.every(({ id }) => measuring.metering.meter(id)?.state.facts.link === 'online'),
  );
  const tariffId = await money.tariffs.publishOwn({
    ...{ propertyId, name: 'Single', medium: 'electricity', effectiveFromMs: Date.parse('2026-01-01T00:00:00Z') },
    body: { kind: 'single', price: '0.68' },
  });
  const post = async <T>(path: string, body: object): Promise<T> => answered<T>(await boss.request('POST', path, body));
  return {
    ...{ plant, server, boss, propertyId, meters, tariffId, post },
    customer: (name, more = {}) => post('/api/customers', { requestId: randomUUID(), propertyId, name, ...more }),
    open: (customerId, meterIds, more = {}) =>
      post('/api/accounts', {
        ...{ openingId: randomUUID(), customerId, meterIds, tariffId, custody: 'platform' },
        ...more,
      }),
    account: async (accountId) => answered(await boss.request('GET', `/api/accounts/${accountId}`)),
    async stop() {
      await server.stop();
      if (options.plant === undefined) await plant.stop();
    },
  };
}

export function answered<T>({ status, body }: Answer): T {
  if (status >= 300) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body as T;
}
