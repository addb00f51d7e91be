import { createCustomer, giveCommand, listAccounts, openAccount, type PaymentMethod, sell } from '#contract/index.ts';
import type { Clock, PurseRead } from '#drivers/core/index.ts';
import type { LineDesk } from './acquisition/types.ts';
import { type DemoTariff, STEPPED, tariffOfMeter } from './demoTariffs.ts';
import { demoId, demoTenant, type Tenant } from './demoTenants.ts';
import type { Estate, MeterProfile } from './modules/estate/index.ts';
import type { Metering, MeterView } from './modules/metering/index.ts';
import type { TariffsModule } from './modules/tariffs/index.ts';
import { type OwnApi, OwnApiError } from './ownApi.ts';
import type { Log } from './platform/log.ts';

/** A meter that has not said anything by then is left out until the next start. */
const HEARD_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
/** Homes of the demo whose balance the platform keeps, and how far they may overdraw it: opened at 0, they are not cut. */
const PLATFORM_HOMES = 24;
const PLATFORM_OVERDRAFT_MINOR = 20_00n;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface DemoDeps {
  readonly api: OwnApi;
  readonly estate: Estate;
  readonly metering: Pick<Metering, 'meter'>;
  readonly lines: Pick<LineDesk, 'readPurse'>;
  readonly tariffs: Pick<TariffsModule, 'publishOwn'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly stopped: () => boolean;
}

/** A meter of the plant with what stands in it. */
interface Opened {
  readonly profile: MeterProfile;
  readonly view: MeterView;
  readonly tenant: Tenant;
  readonly purse: PurseRead;
}

/**
 * Gives the simulated plant its customers: an account for each prepaid meter in which somebody has money, with the tenant's
 * name, the prices and the thresholds that the meter has already, so that no state on the wall changes by it. By the API, like
 * everybody; a second run does nothing. Meters that nobody rents stay unopened.
 */
export async function openDemoAccounts(deps: DemoDeps): Promise<void> {
  const { estate, log, clock } = deps;
  const beganMs = clock.monotonicMs();
  const counts = await Promise.all(estate.properties().map(({ id }) => openProperty(deps, id)));
  const opened = counts.reduce((sum, count) => sum + count, 0);
  if (opened > 0) log.info('demo accounts opened', { opened, ms: Math.round(clock.monotonicMs() - beganMs) });
}

async function openProperty(deps: DemoDeps, propertyId: number): Promise<number> {
  const { estate, api } = deps;
  const taken = await takenMeters(api, propertyId);
  const free = estate.metersOfProperty(propertyId).filter((profile) => isDemo(estate, profile, taken));
  await heard(deps, free);
  const found = await lineByLine(
    free,
    (profile) => profile,
    deps,
    (profile) => lookAt(deps, profile),
  );
  const known = found.filter((one) => one !== undefined);
  await protectFirst(deps, known);
  const platform = new Set(known.filter(isCalmHome).slice(0, PLATFORM_HOMES));
  const tariffOf = createTariffs(deps, propertyId);
  const done = await lineByLine(
    known,
    ({ profile }) => profile,
    deps,
    (one) => attempt(deps, one, () => openOne(deps, one, platform.has(one), tariffOf)),
  );
  return done.filter(Boolean).length;
}

async function takenMeters(api: OwnApi, propertyId: number): Promise<ReadonlySet<number>> {
  const taken = new Set<number>();
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const page = await api.call(listAccounts, { query: { propertyId, limit: 1_000, ...more } });
    for (const { meters } of page.items) for (const { meterId } of meters) taken.add(meterId);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return taken;
}

function isDemo(estate: Estate, { meter }: MeterProfile, taken: ReadonlySet<number>): boolean {
  return meter.role === 'tenant' && !taken.has(meter.id) && estate.gateway(meter.gatewayId)?.simulated === true;
}

/** Waits until the meters have said how they stand; those that are silent must not hold up the others. */
async function heard({ metering, clock, stopped }: DemoDeps, meters: readonly MeterProfile[]): Promise<void> {
  const giveUpMs = clock.monotonicMs() + HEARD_WITHIN_MS;
  const silent = () => meters.filter(({ meter }) => metering.meter(meter.id)?.last === undefined).length;
  while (!stopped() && clock.monotonicMs() < giveUpMs && silent() > meters.length / 50) {
    await new Promise((resolve) => {
      clock.after(LOOK_EVERY_MS, () => resolve(undefined));
    });
  }
}

/** Undefined for a meter that nobody rents, that keeps no money or that does not answer. */
async function lookAt({ metering, lines }: DemoDeps, profile: MeterProfile): Promise<Opened | undefined> {
  const view = metering.meter(profile.meter.id);
  const money = view?.last?.status.money;
  if (view === undefined || money === undefined || money === 'notOpened') return undefined;
  const outcome = await lines.readPurse(profile.meter.id);
  if (outcome?.ok !== true) return undefined;
  return { profile, view, tenant: demoTenant(profile.meter.meterNumber, profile.meter.names), purse: outcome.purse };
}

/** Whoever stands under protection keeps it: an account that takes a meter over would end it. */
async function protectFirst(deps: DemoDeps, known: readonly Opened[]): Promise<void> {
  for (const one of known.filter(({ view }) => view.last?.status.forced === 'closed')) {
    await attempt(deps, one, () => order(deps, one, 'protect'));
  }
}

function order({ api }: DemoDeps, { profile }: Opened, kind: 'protect' | 'trip') {
  const { id: meterId, meterNumber } = profile.meter;
  const reason = '演示：开户前已如此。 Demo: so before its account was opened.';
  return api.call(giveCommand, {
    body: { commandId: demoId(`${meterNumber} ${kind}`), meterId, order: { kind }, reason },
  });
}

/** Homes in good order: their tenants will not notice that the platform counts for the meter. */
function isCalmHome({ profile, view, purse }: Opened): boolean {
  const { last } = view;
  const flat = purse.prices !== undefined && new Set(Object.values(purse.prices)).size === 1;
  return flat && profile.meter.names === undefined && last?.status.money === 'normal' && last.status.forced === 'none';
}

type TariffLookup = (tariff: DemoTariff) => Promise<number>;

/** The tariffs of a property, each published once. */
function createTariffs({ tariffs, clock }: DemoDeps, propertyId: number): TariffLookup {
  const ids = new Map<string, Promise<number>>();
  const effectiveFromMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS - DAY_MS;
  const publish = ({ name, body }: DemoTariff) =>
    tariffs.publishOwn({ propertyId, name, body, medium: 'electricity', effectiveFromMs });
  return (tariff) => {
    const known = ids.get(tariff.name) ?? publish(tariff);
    ids.set(tariff.name, known);
    return known;
  };
}

async function openOne(deps: DemoDeps, one: Opened, platform: boolean, tariffOf: TariffLookup): Promise<boolean> {
  const { api } = deps;
  const { profile, tenant, purse, view } = one;
  const { id: meterId, meterNumber, propertyId } = profile.meter;
  if (purse.prices === undefined) return false;
  const customer = await api.call(createCustomer, {
    body: { requestId: demoId(`${meterNumber} customer`), propertyId, ...tenant },
  });
  const { alarm1Minor = 0n, alarm2Minor = 0n, overdraftMinor = 0n } = purse.settings ?? {};
  await api.call(openAccount, {
    body: {
      openingId: demoId(`${meterNumber} opening`),
      customerId: customer.id,
      meterIds: [meterId],
      tariffId: await tariffOf(platform ? STEPPED : tariffOfMeter(purse.prices)),
      custody: platform ? 'platform' : 'meter',
      alarm1Minor: alarm1Minor.toString(),
      alarm2Minor: alarm2Minor.toString(),
      cutLineMinor: (platform ? -PLATFORM_OVERDRAFT_MINOR : -overdraftMinor).toString(),
    },
  });
  if (view.last?.status.forced === 'open') await order(deps, one, 'trip');
  if (platform) await payIn(api, meterId, meterNumber, purse.balanceMinor);
  return true;
}

/** What stood in the meter is paid to the platform, whose balance counts from now on. */
async function payIn(api: OwnApi, meterId: number, meterNumber: string, balanceMinor: bigint): Promise<void> {
  const method: PaymentMethod = 'wechat';
  const body = { saleId: demoId(`${meterNumber} first sale`), meterId, paidMinor: balanceMinor.toString(), method };
  if (balanceMinor > 0n) await api.call(sell, { body });
}

/** One meter that cannot be opened must not keep the others from it; the next start tries again. */
async function attempt<T>({ log, stopped }: DemoDeps, one: Opened, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof OwnApiError ? `${error.code}: ${error.message}` : String(error);
    if (!stopped()) log.warn('a demo account was not opened', { meter: one.profile.meter.meterNumber, reason });
    return undefined;
  }
}

/** `work` for each, on all lines at once, one meter of a line after the other: the lines are what takes the time. */
async function lineByLine<T, R>(
  items: readonly T[],
  profileOf: (item: T) => MeterProfile,
  { stopped }: DemoDeps,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const lines = Map.groupBy(items, (item) => profileOf(item).meter.lineId);
  const results = await Promise.all(
    [...lines.values()].map(async (ofLine) => {
      const done: R[] = [];
      for (const item of ofLine) if (!stopped()) done.push(await work(item));
      return done;
    }),
  );
  return results.flat();
}
