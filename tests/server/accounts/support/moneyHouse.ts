import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { expect } from 'vitest';
import type { Account, Customer, Meter } from '#contract/index.ts';
import { type PurseCapabilities, systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import type { AccountKind } from '#server/modules/ledger/index.ts';
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
  /** Somebody else with every right on the property. */
  colleague(): Promise<Client>;
  customer(name: string, more?: object): Promise<Customer>;
  /** Opens an account; throws when it is refused. */
  open(customerId: number, meterIds: readonly number[], more?: object): Promise<Account>;
  account(accountId: number): Promise<Account>;
  /** Waits until nothing of the account is under way. */
  atRest(accountId: number): Promise<Account>;
  /** The same of a case that may ask for a second person, who agrees. */
  agreed(accountId: number, caseId: string): Promise<Account>;
  /** What an account of the book holds, debit +. */
  book(kind: AccountKind, subject: string): Promise<bigint>;
  post<T>(path: string, body: object): Promise<T>;
  stop(): Promise<void>;
}

export interface MoneyHouseOptions
  extends Pick<TestServerOptions, 'clock' | 'database' | 'probe' | 'vendTimes' | 'settings' | 'log'> {
  readonly plant?: Plant;
  /** The second start on a database: its estate is there, see `makeReal`. */
  readonly signIn?: { readonly user: string; readonly password: string };
}

const PASSWORD = 'a-long-enough-password';
const SEED = 20_261_122;
const REST_MS_MAX = 15_000;
const READY_MS_MAX = 20_000;

export async function startMoneyHouse(options: MoneyHouseOptions = {}): Promise<MoneyHouse> {
  const plant = options.plant ?? (await startMoneyPlant());
  const { plant: _plant, signIn, ...serverOptions } = options;
  const server = await startTestServer(serverOptions);
  const { estate, measuring, money } = server.app;
  if (signIn === undefined) await estate.importPlant(plant.manifest);
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
  const post = async <T>(path: string, body: object): Promise<T> =>
    answered(await boss.request('POST', path, body)) as T;
  const account = async (accountId: number): Promise<Account> =>
    answered(await boss.request('GET', `/api/accounts/${accountId}`)) as Account;
  const atRest = async (accountId: number, states: readonly string[] = []): Promise<Account> => {
    let last: Account | undefined;
    await until(
      () => `at rest: ${JSON.stringify(last?.running)}`,
      REST_MS_MAX,
      async () => {
        last = await account(accountId);
        return last.running === undefined || states.includes(last.running.state);
      },
    );
    return last ?? account(accountId);
  };
  const colleague = async (): Promise<Client> => {
    const user = `colleague-${randomUUID().slice(0, 8)}`;
    const grants = [{ role: 'administrator', scope: 'property', placeId: propertyId }];
    await post('/api/users', { user, displayName: user, password: PASSWORD, grants });
    return server.signedIn(user, PASSWORD);
  };
  let agreeing: Promise<Client> | undefined;
  return {
    ...{ plant, server, boss, propertyId, meters, tariffId, post, colleague },
    customer: (name, more = {}) => post('/api/customers', { requestId: randomUUID(), propertyId, name, ...more }),
    open: (customerId, meterIds, more = {}) =>
      post('/api/accounts', {
        ...{ openingId: randomUUID(), customerId, meterIds, tariffId, custody: 'platform' },
        ...more,
      }),
    account,
    atRest: (accountId) => atRest(accountId),
    async agreed(accountId, caseId) {
      const waiting = await atRest(accountId, ['awaitingApproval']);
      if (waiting.running === undefined) return waiting;
      agreeing ??= colleague();
      const path = `/api/accounts/${accountId}/cases/${caseId}/decision`;
      answered(await (await agreeing).request('POST', path, { agree: true, reason: 'counted' }));
      return atRest(accountId);
    },
    book: (kind, subject) => money.ledger.balance(server.database.db, propertyId, { kind, subject }),
    async stop() {
      await server.stop();
      if (options.plant === undefined) await plant.stop();
    },
  };
}

/** 32 meters a line, in this process; what they know to do with money can be less than everything. */
export function startMoneyPlant(capabilities?: PurseCapabilities, meters = 32): Promise<Plant> {
  return startPlant({
    estate: makeEstate({ kind: 'count', meters }, SEED),
    ...{ clock: systemClock, speed: 1, wire: 'off', thinkMs: [1, 5], stateFolder: undefined, listenHost: '127.0.0.1' },
    ...(capabilities === undefined ? {} : { capabilities }),
  });
}

/**
 * The plant's meters become meters of people's own, with everything proven: simulated ones would be gone after a restart, since
 * their addresses are those of one start.
 */
export async function makeReal({ server, boss, meters }: MoneyHouse): Promise<void> {
  await server.database.db.query(sql`update gateway set simulated = false`);
  const names = ['seqChecked', 'dupReported', 'readRecord', 'readCumulative', 'readBalance', 'zeroPurchase'];
  const more = ['refundCommand', 'setAbsolute', 'secondTariffSet'];
  const capabilities = Object.fromEntries([...names, ...more].map((name) => [name, true]));
  for (const modelId of new Set(meters.map((meter) => meter.modelId))) {
    const body = { modelId, firmware: '1.0', simulated: false, capabilities, note: 'test' };
    answered(await boss.request('PUT', '/api/meter-capabilities', body));
  }
}

export function answered({ status, body }: Answer): unknown {
  if (status >= 300) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** A purse that was emptied holds nothing, less what its tenant used since: at noon that is a cent within seconds. */
export function expectEmptied(purseMinor: bigint): void {
  expect(purseMinor).toBeLessThanOrEqual(0n);
  expect(purseMinor).toBeGreaterThan(-500n);
}
