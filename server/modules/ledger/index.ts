import { type ZonedCalendar, zonedCalendar } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import { type Db, sqlStateOf, type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { AppError, type RouteServer } from '#server/platform/http/index.ts';
import { hashOfInput } from './hash.ts';
import { proveBook } from './proofStore.ts';
import { addLedgerRoutes } from './routes.ts';
import { createLedgerService } from './service.ts';
import {
  closePeriod,
  insertAnswer,
  insertPosting,
  insertPostings,
  insertReversal,
  lockAnswer,
  type PeriodOf,
  selectBalances,
  selectClosedPeriods,
} from './store.ts';
import type { ClosedPeriod, Ledger, Once, Posted, Posting, ReverseRequest } from './types.ts';

export { hashOfInput, hashOfPosting } from './hash.ts';
export type {
  AccountKind,
  AccountRef,
  BookProof,
  Ledger,
  Once,
  Posted,
  Posting,
  PostingActor,
  PostingEntry,
  ReverseRequest,
} from './types.ts';

/** Postings of one statement: some megabytes of arrays. */
export const POSTINGS_PER_STATEMENT = 5_000;
/** For books of a property that is gone. */
const ZONE_OF_NO_PROPERTY = 'UTC';

export interface LedgerDeps {
  readonly db: Db;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** IANA zone of a property, by whose calendar its months are. */
  readonly timeZoneOf: (propertyId: number) => string | undefined;
}

export interface LedgerModule extends Ledger {
  addRoutes(routes: RouteServer): void;
}

/** The book. Keeps nothing in memory; every rule stands in the database too (migration 005). */
export function createLedger({ db, clock, timeZoneOf }: LedgerDeps): LedgerModule {
  const periodOf = createPeriodOf(timeZoneOf);
  const ledger: Ledger = {
    post: (tx, posting) => told(() => insertPosting(tx, balanced(posting), periodOf)),
    async postMany(tx, postings) {
      const posted: Posted[] = [];
      for (let from = 0; from < postings.length; from += POSTINGS_PER_STATEMENT) {
        const part = postings.slice(from, from + POSTINGS_PER_STATEMENT).map(balanced);
        posted.push(...(await told(() => insertPostings(tx, part, periodOf))));
      }
      return posted;
    },
    reverse: (tx, request: ReverseRequest) => told(() => insertReversal(tx, request, periodOf)),
    async balance(from, propertyId, { kind, subject }) {
      return (await selectBalances(from, propertyId, kind, [subject])).get(subject) ?? 0n;
    },
    balances: selectBalances,
    once,
    prove: proveBook,
    closePeriod: closeMonth,
  };
  const service = createLedgerService({ db, ledger, periodOf, nowMs: () => clock.nowMs() });
  return { ...ledger, addRoutes: (routes) => addLedgerRoutes(routes, service) };
}

async function once<T>(
  tx: Tx,
  { propertyId, key, input }: { readonly propertyId: number; readonly key: string; readonly input: unknown },
  work: () => Promise<T>,
): Promise<Once<T>> {
  const inputHash = hashOfInput(input);
  const first = await lockAnswer(tx, propertyId, key);
  if (first !== undefined) {
    if (!inputHash.equals(first.inputHash)) throw keyReused();
    // What was stored is the JSON of a T.
    return { answer: first.answer as T, repeated: true };
  }
  const answer = await work();
  await insertAnswer(tx, { propertyId, key, inputHash, answer });
  return { answer, repeated: false };
}

async function closeMonth(tx: Tx, { propertyId, month, actor }: Parameters<Ledger['closePeriod']>[1]) {
  await closePeriod(tx, { propertyId, period: `${month}-01`, actor });
  const row = (await selectClosedPeriods(tx, propertyId)).find((closed) => closed.month >= month);
  if (row === undefined) throw new Error(`${month} was not closed`);
  const closed: ClosedPeriod = {
    month: row.month,
    closedAtMs: row.closed_at.getTime(),
    actorName: row.actor_name,
    txns: row.txns,
  };
  return closed;
}

/** A posting that does not sum up would be refused at commit, far from who made it. Throws RangeError. */
function balanced(posting: Posting): Posting {
  const sum = posting.entries.reduce((total, { amountMinor }) => total + amountMinor, 0n);
  if (sum !== 0n || posting.entries.length < 2 || posting.entries.some(({ amountMinor }) => amountMinor === 0n))
    throw new RangeError(`posting ${posting.key} does not balance: ${posting.entries.length} entries, sum ${sum}`);
  return posting;
}

/** Runs a statement of the ledger and says its refusals in words. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
}

function refusalOf(error: unknown): AppError | undefined {
  switch (violatedConstraint(error) ?? sqlStateOf(error)) {
    case 'MW001':
      return keyReused();
    case 'MW020':
      return new AppError('not-found', 'There is no such posting.');
    case 'MW021':
      return new AppError('reversal.of-reversal', 'A reversal cannot be reversed: post what is right instead.');
    case 'ledger_txn_reversed_once_key':
      return new AppError('reversal.already', 'This was reversed before.');
    case 'ledger_entry_limit':
      return new AppError('ledger.limit', 'The account does not hold that much.');
    default:
      return undefined;
  }
}

function keyReused(): AppError {
  return new AppError('request.key-reused', 'This id was used for another request: make a new one.');
}

/** The month on the property's wall; calendars are kept, since making one costs more than asking it. */
function createPeriodOf(timeZoneOf: LedgerDeps['timeZoneOf']): PeriodOf {
  const calendars = new Map<string, ZonedCalendar>();
  return (propertyId, atMs) => {
    const timeZone = timeZoneOf(propertyId) ?? ZONE_OF_NO_PROPERTY;
    const calendar = calendars.get(timeZone) ?? zonedCalendar(timeZone);
    calendars.set(timeZone, calendar);
    return `${new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 7)}-01`;
  };
}
