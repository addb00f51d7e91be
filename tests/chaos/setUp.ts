import {
  addTariffVersion,
  createCustomer,
  createTariff,
  decideTariffVersion,
  getMeterNow,
  openAccount,
  putCapability,
} from '#contract/index.ts';
import type { PlantManifest } from '#drivers/simulator/manifest.ts';
import { ALL_CAPABILITIES } from '#drivers/simulator/meter/purseMemory.ts';
import { signInTo } from '../scenarios/support/api.ts';
import { enterEstate } from '../scenarios/support/estateByApi.ts';
import { until } from '../scenarios/support/until.ts';
import type { House } from './house.ts';
import { type Stubborn, stubborn } from './people.ts';
import { METERS_PER_LINE, uuidOf } from './plan.ts';

/** Values are read so often; the money has the lines for itself in between. */
const LIVE_POLL_MS = 10_000;
const ANSWERS_MS_MAX = 60_000;
/** One meter in so many has no account: it replaces others. */
const SPARE_EVERY = 7;

export interface Account {
  readonly id: number;
  /** Changes when it is replaced. */
  meterId: number;
  /** The last sale that nobody cancelled, while its meter is the account's. */
  lastSale: { readonly id: string; readonly amountMinor: bigint } | undefined;
}

export interface Site {
  readonly propertyId: number;
  readonly accounts: readonly Account[];
  readonly spareMeterIds: number[];
  /** Id → number on the device. */
  readonly meterNumbers: ReadonlyMap<number, string>;
  readonly cashier: Stubborn;
}

/** A property with an account for most of its meters, before anything goes wrong. */
export async function setUp(house: House, seed: number): Promise<Site> {
  const { url, signIn, plant } = house;
  const api = await signInTo(url, signIn.user, signIn.password);
  const { propertyId, meters } = await enterEstate(api, withShortLines(plant.manifest), LIVE_POLL_MS);
  const cashier = await stubborn(url, signIn.user, signIn.password);
  const all = [...meters.values()];
  for (const modelId of new Set(all.map((meter) => meter.modelId))) {
    await api.call(putCapability, {
      body: { modelId, firmware: 'any', simulated: false, capabilities: { ...ALL_CAPABILITIES } },
    });
  }
  await until('every meter answers', ANSWERS_MS_MAX, async () => {
    const now = await Promise.all(all.slice(-4).map(({ id }) => api.call(getMeterNow, { params: { meterId: id } })));
    return now.every(({ facts }) => facts.link === 'online');
  });
  const tariffId = await publishTariff(cashier, propertyId);
  const isSpare = (_: unknown, index: number) => index % SPARE_EVERY === 0;
  const accounts: Account[] = [];
  for (const [no, { id: meterId }] of all.filter((meter, index) => !isSpare(meter, index)).entries()) {
    const id = await open(cashier, { propertyId, tariffId, meterId, seed, no });
    accounts.push({ id, meterId, lastSale: undefined });
  }
  return {
    ...{ propertyId, accounts, cashier },
    spareMeterIds: all.filter(isSpare).map(({ id }) => id),
    meterNumbers: new Map(all.map(({ id, meterNumber }) => [id, meterNumber])),
  };
}

/** Few meters a line: a server that lives for seconds gets round, and something ends before the next kill. */
function withShortLines(manifest: PlantManifest): PlantManifest {
  const gateways = manifest.gateways.map((gateway) => ({
    ...gateway,
    lines: gateway.lines.map((line) => ({ ...line, meters: line.meters.slice(0, METERS_PER_LINE) })),
  }));
  return { ...manifest, gateways };
}

async function publishTariff(cashier: Stubborn, propertyId: number): Promise<number> {
  const tariff = await cashier.call(createTariff, { body: { propertyId, name: 'Single', medium: 'electricity' } });
  const version = await cashier.call(addTariffVersion, {
    params: { tariffId: tariff.id },
    body: { effectiveFrom: '2026-01-01T00:00:00Z', body: { kind: 'single', price: '0.68' } },
  });
  await cashier.call(decideTariffVersion, { params: { versionId: version.id }, body: { decision: 'publish' } });
  return tariff.id;
}

interface Opening {
  readonly propertyId: number;
  readonly tariffId: number;
  readonly meterId: number;
  readonly seed: number;
  readonly no: number;
}

async function open(cashier: Stubborn, { propertyId, tariffId, meterId, seed, no }: Opening): Promise<number> {
  const customer = await cashier.call(createCustomer, {
    body: { requestId: uuidOf(seed, no, -1), propertyId, name: `Shop ${no + 1}` },
  });
  const account = await cashier.call(openAccount, {
    body: {
      ...{ openingId: uuidOf(seed, no, -2), customerId: customer.id, meterIds: [meterId], tariffId, custody: 'meter' },
    },
  });
  return account.id;
}
