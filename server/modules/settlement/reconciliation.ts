import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Ledger } from '#server/modules/ledger/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { NIGHT_READS_MS_MAX } from './comparisonReads.ts';
import { nightExists } from './comparisonStore.ts';
import { localDay } from './months.ts';
import { type CumulativeBooks, selectCumulativeBooks } from './purseStore.ts';
import {
  finishRun,
  insertRun,
  type MeterBooks,
  type NewRow,
  type StoredRun,
  selectChargeSums,
  selectDrawerSums,
  selectMeterBooks,
  selectPaymentDifferences,
} from './reconciliationStore.ts';

/** A meter that tells its purchases and was not visited for so long is listed as not read. */
const VISITED_MS_MAX = 2 * 86_400_000;
/** Payments of so many days are compared each time: what was paid late or repaired is looked at again. */
const PAYMENT_DAYS = 40;
const DAY_MS = 86_400_000;

export interface ReconciliationDeps {
  readonly db: Db;
  readonly ledger: Pick<Ledger, 'prove'>;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
  readonly nowMs: () => number;
  /** Does the meter tell the sum of its purchases? */
  readonly tellsCumulative: (meterId: number) => boolean;
  /** Visits meters for what they say of their purchases, for so long at most. */
  readonly readPurses: (propertyId: number, msMax: number) => Promise<unknown>;
}

export interface AskedBy {
  readonly userId: number | undefined;
  readonly name: string;
}

/**
 * Compares what meters, books and payments say of a property, and lists what does not match. It changes nothing else: a
 * difference is taken into the books only when a person says so. Undefined: this night's comparison is there already.
 */
export async function reconcile(
  tx: Tx,
  propertyId: number,
  by: AskedBy,
  deps: ReconciliationDeps,
): Promise<StoredRun | undefined> {
  const calendar = deps.calendarOf(propertyId);
  const startedMs = deps.nowMs();
  // By itself it looks back at the day that is over; a person asks about the day as it stands.
  const dayMs = by.userId === undefined ? calendar.startOfDayAfter(startedMs, -1) : calendar.startOfDay(startedMs);
  const day = localDay(calendar, dayMs);
  const id = await insertRun(tx, { propertyId, day, userId: by.userId, actorName: by.name, atMs: startedMs });
  if (id === undefined) return undefined;
  const meters = await selectMeterBooks(tx, propertyId);
  const sums = (await selectCumulativeBooks(tx, propertyId)).filter((books) => deps.tellsCumulative(books.meter_id));
  const ofMeters = [
    ...meters.flatMap((books) => judgeMeter(books)),
    ...sums.flatMap((books) => judgeCumulative(books, startedMs)),
  ].toSorted((a, b) => (a.meterId ?? 0) - (b.meterId ?? 0));
  const wrongMeters = new Set(ofMeters.filter(({ cause }) => cause !== 'drift').map(({ meterId }) => meterId));
  const payments = await selectDrawerSums(tx, {
    ...{ propertyId, name: day, fromMs: dayMs },
    toMs: calendar.startOfDayAfter(dayMs, 1),
  });
  const sinceDay = localDay(calendar, startedMs - PAYMENT_DAYS * DAY_MS);
  const rows = [
    ...ofMeters,
    ...(await judgePayments(tx, propertyId, sinceDay)),
    ...(await judgeBook(tx, propertyId, deps)),
  ];
  return finishRun(tx, {
    ...{ id, propertyId, rows, payments, meters: meters.length },
    matched: meters.length - wrongMeters.size,
    atMs: deps.nowMs(),
  });
}

/** Compares tonight, once; undefined when that was done. */
export async function reconcileTonight(propertyId: number, deps: ReconciliationDeps): Promise<StoredRun | undefined> {
  const calendar = deps.calendarOf(propertyId);
  const day = localDay(calendar, calendar.startOfDayAfter(deps.nowMs(), -1));
  if (await nightExists(deps.db, propertyId, day)) return undefined;
  await deps.readPurses(propertyId, NIGHT_READS_MS_MAX);
  return deps.db.tx((tx) => reconcile(tx, propertyId, { userId: undefined, name: 'settlement' }, deps));
}

function judgeMeter(books: MeterBooks): NewRow[] {
  const { account_id: accountId, meter_id: meterId, count, read_count: readCount, read_balance: readBalance } = books;
  const about = { side: 'meter', accountId, meterId } as const;
  if (books.read_at === null || readBalance === null || readCount === null) {
    const detail = 'no read of purchases and balance at the instant up to which it is charged';
    return [{ ...about, cause: 'notRead', expected: 'a read', found: 'none', detail }];
  }
  const detail = `read ${books.read_at.toISOString()}`;
  const expected = books.booked_minor - books.open_minor;
  const difference = readBalance - expected;
  const counts = { ...about, expected: `${count ?? 0} purchases`, found: `${readCount} purchases`, detail };
  const balances = {
    ...about,
    expected: String(expected),
    found: String(readBalance),
    differenceMinor: difference,
    detail,
  };
  const isCounted = count === null || count === readCount;
  if (books.under_way) return isCounted && difference === 0n ? [] : [{ ...balances, cause: 'vendUnderWay' }];
  const isDrift = difference <= books.drift_minor && -difference <= books.drift_minor;
  return [
    ...(isCounted ? [] : [{ ...counts, cause: 'countDiffers' } as const]),
    ...(difference === 0n ? [] : [{ ...balances, cause: isDrift ? 'drift' : 'balanceDiffers' } as const]),
  ];
}

/** What the meter says that it was ever sold, against what we sold it: neither balance nor consumption comes into it. */
function judgeCumulative(books: CumulativeBooks, nowMs: number): NewRow[] {
  const { read_at: readAt, found_minor: found, expected_minor: expected } = books;
  const about = { side: 'meter', accountId: books.account_id, meterId: books.meter_id } as const;
  if (readAt === null || found === null || expected === null || nowMs - readAt.getTime() > VISITED_MS_MAX) {
    const detail = 'the sum of its purchases was not read for two days';
    return [{ ...about, cause: 'notRead', expected: 'a read', found: 'none', detail }];
  }
  const difference = found - expected;
  if (difference === 0n) return [];
  return [
    {
      ...{ ...about, cause: books.under_way ? 'vendUnderWay' : 'cumulativeDiffers', differenceMinor: difference },
      ...{ expected: String(expected), found: String(found) },
      detail: `sum of all purchases, read ${readAt.toISOString()}`,
    },
  ];
}

async function judgePayments(tx: Tx, propertyId: number, sinceDay: string): Promise<NewRow[]> {
  const differences = await selectPaymentDifferences(tx, propertyId, sinceDay);
  return differences.map(({ ref_kind: kind, ref_id: id, method, account_id, sold, booked }) => ({
    side: 'payments',
    cause: sold === null ? 'paymentUnknown' : booked === null ? 'paymentMissing' : 'paymentDiffers',
    ...(account_id === null ? {} : { accountId: account_id }),
    expected: String(sold ?? 0n),
    found: String(booked ?? 0n),
    differenceMinor: (booked ?? 0n) - (sold ?? 0n),
    detail: method === null ? `${kind} ${id}` : `${kind} ${id}, ${method}`,
  }));
}

async function judgeBook(tx: Tx, propertyId: number, { ledger }: ReconciliationDeps): Promise<NewRow[]> {
  const { listed, booked } = await selectChargeSums(tx, propertyId);
  const charges: NewRow[] =
    listed === booked
      ? []
      : [
          {
            ...{ side: 'book', cause: 'chargesDiffer', expected: String(listed), found: String(booked) },
            ...{ differenceMinor: booked - listed, detail: 'Σ charges and income from charges' },
          },
        ];
  const { faults } = await ledger.prove(tx, [propertyId]);
  return [
    ...charges,
    ...faults.map(
      ({ kind, subject, detail }): NewRow => ({
        ...{ side: 'book', cause: 'bookUnsound', expected: 'sound', found: kind, detail: `${subject}: ${detail}` },
      }),
    ),
  ];
}
