import type { ZonedCalendar } from '#domain/calendar.ts';
import { type NoCutPeriod, noCutPeriod } from '#domain/cutHours.ts';
import { needsCover } from '#domain/emptyPurse.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { AccountsReader, AccountView } from '#server/modules/accounts/types.ts';
import type { Commands } from '#server/modules/commands/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Tariffs } from '#server/modules/tariffs/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import { type RegisterSpan, selectRecentUse } from './noCutStore.ts';

/** Meters are protected so long ahead of hours without cuts: a line that is dead for a while is heard again before them. */
export const NO_CUT_LEAD_MS = 60 * 60_000;
const SWEEP_EVERY_MS = 60_000;
/** What a meter will use is told by these days. */
const USE_LOOK_BACK_MS = 7 * 86_400_000;
/** Registers closer together than this tell nothing about a day. */
const USE_SPAN_MS_MIN = 6 * 3_600_000;
/** Meters of one transaction. */
const METERS_PER_STEP = 200;
const DAY_MS = 86_400_000;
/** Wh × 0.0001 of the currency per kWh, in minor units. */
const WH_PRICE_PER_MINOR = 100_000n;

export interface NoCutDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: Pick<EstateReader, 'properties'>;
  readonly metering: Pick<Metering, 'meter'>;
  readonly accounts: Pick<AccountsReader, 'accountsOfProperty' | 'policy'>;
  readonly tariffs: Pick<Tariffs, 'versionAt'>;
  readonly commands: Pick<Commands, 'protectOverWindow'>;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
  /** So many meters were told to stay on. */
  readonly told: (meters: number) => void;
}

/** A meter that holds its balance itself, and whose it is. */
interface OwnPurse {
  readonly meterId: number;
  readonly account: AccountView;
}

/** What is known of the window in sight of a property. */
interface Sight {
  readonly untilMs: number;
  readonly uses: ReadonlyMap<number, RegisterSpan>;
  /** Meters that were seen with supply since it began; forgotten by a restart, after which an open relay is left as it is. */
  readonly supplied: Set<number>;
}

export interface NoCutWatch {
  start(): void;
  /** Looks at every property now. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Carries meters that trip by themselves over hours in which the property lets nobody be cut: those that could be empty
 * before their end are protected until then. What they use meanwhile is a debt in the meter, taken from the next purchase.
 * Everything is found out anew at each sweep, so that a restart forgets nothing.
 */
export function createNoCutWatch(deps: NoCutDeps): NoCutWatch {
  const { db, clock, log, estate, accounts, calendarOf } = deps;
  /** By property. */
  const sights = new Map<number, Sight>();
  let repetition: Repetition | undefined;

  async function serve(propertyId: number): Promise<void> {
    const nowMs = clock.nowMs();
    const calendar = calendarOf(propertyId);
    const period = noCutPeriod(accounts.policy(propertyId), calendar, nowMs, NO_CUT_LEAD_MS);
    if (period === undefined) {
      sights.delete(propertyId);
      return;
    }
    const purses = accounts.accountsOfProperty(propertyId).flatMap(pursesOf);
    const sight = await sightOf(propertyId, purses, period);
    const due = purses.filter((purse) => isAtRisk(purse, sight, period, nowMs));
    const reason = reasonOf(period, calendar);
    for (let from = 0; from < due.length; from += METERS_PER_STEP) {
      const meterIds = due.slice(from, from + METERS_PER_STEP).map(({ meterId }) => meterId);
      const window = { meterIds, untilMs: period.untilMs, reason };
      deps.told((await db.tx((tx) => deps.commands.protectOverWindow(tx, window))).length);
    }
  }

  async function sightOf(propertyId: number, purses: readonly OwnPurse[], { untilMs }: NoCutPeriod): Promise<Sight> {
    const known = sights.get(propertyId);
    if (known?.untilMs === untilMs) return known;
    const since = new Date(clock.nowMs() - USE_LOOK_BACK_MS);
    const ids = purses.map(({ meterId }) => meterId);
    const uses = await selectRecentUse(db, ids, since);
    const sight = { untilMs, uses, supplied: new Set<number>() };
    sights.set(propertyId, sight);
    return sight;
  }

  function isAtRisk({ meterId, account }: OwnPurse, sight: Sight, period: NoCutPeriod, nowMs: number): boolean {
    const meter = deps.metering.meter(meterId);
    if (meter === undefined) return false;
    const { relay } = meter.state.facts;
    if (relay === 'closed' && nowMs >= period.fromMs) sight.supplied.add(meterId);
    const use = sight.uses.get(meterId);
    const { alarm1Minor, cutLineMinor } = account;
    const outlook = {
      ...{ balanceMinor: meter.last?.balanceMinor, alarm1Minor, cutLineMinor },
      dailyMinor: use && dailyCost(use, topPrice(account, nowMs)),
      ...{ isOpen: relay === 'open', hadSupply: sight.supplied.has(meterId) },
    };
    return needsCover(outlook, period, nowMs);
  }

  /** The highest price of the account's tariff, 0.0001 of the currency per kWh. */
  function topPrice({ tariffId }: AccountView, nowMs: number): bigint | undefined {
    const prices = deps.tariffs.versionAt(tariffId, nowMs)?.meterPrices;
    if (prices === undefined) return undefined;
    const { sharp, peak, flat, valley, deepValley = 0 } = prices;
    return BigInt(Math.ceil(Math.max(sharp, peak, flat, valley, deepValley)));
  }

  async function sweep(): Promise<void> {
    for (const { id } of estate.properties()) {
      // One property's trouble is not another's.
      await serve(id).catch((error: unknown) =>
        log.error('meters of a property are protected at the next look', { propertyId: id, error }),
      );
    }
  }

  return {
    start() {
      repetition = repeat(clock, {
        everyMs: SWEEP_EVERY_MS,
        startNow: true,
        work: sweep,
        failed: (error) => log.error('hours without cuts were not looked at', { error }),
      });
    },
    // Never twice at once: what one has ordered, the next one sees.
    sweep: () => repetition?.runNow() ?? sweep(),
    async stop() {
      await repetition?.stop();
    },
  };
}

function pursesOf(account: AccountView): readonly OwnPurse[] {
  if (account.custody !== 'meter' || account.state === 'closed') return [];
  return account.meters.flatMap(({ meterId, toMs }) => (toMs === undefined ? [{ meterId, account }] : []));
}

function dailyCost({ usedWh, overMs }: RegisterSpan, price: bigint | undefined): bigint | undefined {
  if (price === undefined || overMs < USE_SPAN_MS_MIN) return undefined;
  return (usedWh * BigInt(DAY_MS) * price) / (BigInt(overMs) * WH_PRICE_PER_MINOR);
}

/** From when until when, by the property's clock; the rule's name says the rest, in every language. */
function reasonOf({ fromMs, untilMs }: NoCutPeriod, calendar: ZonedCalendar): string {
  const local = (atMs: number) => new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 16).replace('T', ' ');
  return `${local(fromMs)} – ${local(untilMs)}`;
}
