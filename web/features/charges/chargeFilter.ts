import type { listCharges, QueryOf } from '#contract/index.ts';
import { localDayStart } from '../../charts/zoneTime.ts';

/** What the page shows, as its address says it: whoever gets the address sees the same. */
export interface ChargeFilter {
  readonly propertyId: number | undefined;
  readonly accountId: number | undefined;
  /** Days of charging, `YYYY-MM-DD`, both included, in the property's zone. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The charge that stands open. */
  readonly open: string | undefined;
  /** Reads in doubt that were decided, too. */
  readonly decided: boolean;
}

type AddressQuery = Readonly<Record<string, unknown>>;
const NOON_MS = 12 * 3_600_000;

const idOf = (value: unknown): number | undefined =>
  typeof value === 'string' && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
function dayOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
  const atMs = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== value ? undefined : value;
}

export function filterOfAddress({ property, account, from, to, charge, doubts }: AddressQuery): ChargeFilter {
  return {
    ...{ propertyId: idOf(property), accountId: idOf(account), from: dayOf(from), to: dayOf(to) },
    open: typeof charge === 'string' && /^[1-9]\d{0,17}$/.test(charge) ? charge : undefined,
    decided: doubts === 'all',
  };
}

export function addressOfFilter(filter: ChargeFilter): Record<string, string> {
  const { propertyId, accountId, from, to, open, decided } = filter;
  return {
    ...(propertyId === undefined ? {} : { property: String(propertyId) }),
    ...(accountId === undefined ? {} : { account: String(accountId) }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(open === undefined ? {} : { charge: open }),
    ...(decided ? { doubts: 'all' } : {}),
  };
}

/** The first instant of a day of the property, or of one so many days later. */
function instantOfDay(day: string, timeZone: string, shift = 0): string {
  return new Date(localDayStart(Date.parse(`${day}T00:00:00Z`) + NOON_MS, timeZone, shift)).toISOString();
}

/** What is asked of the server, for the list and for its file. */
export function queryOf({ accountId, from, to }: ChargeFilter, propertyId: number, timeZone: string) {
  return {
    propertyId,
    ...(accountId === undefined ? {} : { accountId }),
    ...(from === undefined ? {} : { from: instantOfDay(from, timeZone) }),
    ...(to === undefined ? {} : { to: instantOfDay(to, timeZone, 1) }),
  } satisfies QueryOf<typeof listCharges>;
}
