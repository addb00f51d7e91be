import { sqlStateOf } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { NewSale, SoldAs } from './saleStore.ts';

/** Statements that store sales at the same time: while one commits, the next is made. More would only make them smaller. */
export const SALE_STATEMENTS_MAX = 2;
/** Sales of one statement: some tens of kilobytes, stored within milliseconds, so that nobody waits long for neighbours. */
export const SALES_PER_STATEMENT_MAX = 64;
/** Sales that wait for a statement; the till says that it is busy beyond. */
export const SALES_WAITING_MAX = 5_000;
/** How often a sale is tried alone that loses a race against the same sale elsewhere. */
const LOOKS_MAX = 3;
/** serialization_failure and deadlock_detected. */
const LOST_RACE: ReadonlySet<string> = new Set(['40001', '40P01']);

export interface SaleQueueFigures {
  readonly waiting: number;
  readonly statements: number;
  readonly refused: number;
}

export interface SaleQueue {
  /** Stores a sale; rejects with the error of its own statement, `server.busy` when too many wait. */
  sell(sale: NewSale): Promise<SoldAs>;
  figures(): SaleQueueFigures;
}

/** Stores all or none, see `insertSales`. */
export type InsertSales = (sales: readonly NewSale[]) => Promise<readonly (SoldAs | undefined)[]>;

interface Waiting {
  readonly sale: NewSale;
  readonly done: (sold: SoldAs) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Sales that arrive while others are being stored share the next statement and its commit; what waits is spread over the statements
 * that are free. Nobody waits for company: a sale that finds a free statement leaves with those of the same turn of the event loop.
 * Each keeps its own outcome: what is refused is taken out and the others go again; a statement that fails is done again sale by
 * sale, so that none suffers by its neighbours.
 */
export function createSaleQueue(insert: InsertSales): SaleQueue {
  const waiting: Waiting[] = [];
  let running = 0;
  let called = false;
  let statements = 0;
  let refused = 0;
  const counted: InsertSales = (sales) => {
    statements += 1;
    return insert(sales);
  };

  function call(): void {
    if (called || running === SALE_STATEMENTS_MAX || waiting.length === 0) return;
    called = true;
    setImmediate(() => {
      called = false;
      for (let free = SALE_STATEMENTS_MAX - running; free > 0; free -= 1) void leave(Math.ceil(waiting.length / free));
    });
  }

  async function leave(sales: number): Promise<void> {
    const group = waiting.splice(0, Math.min(sales, SALES_PER_STATEMENT_MAX));
    if (group.length === 0) return;
    running += 1;
    await storeTogether(counted, group);
    running -= 1;
    call();
  }

  return {
    sell: (sale) =>
      new Promise((done, failed) => {
        if (waiting.length < SALES_WAITING_MAX) {
          waiting.push({ sale, done, failed });
          call();
          return;
        }
        refused += 1;
        failed(new AppError('server.busy', 'Too many sales at the same time: try again in a moment.'));
      }),
    figures: () => ({ waiting: waiting.length, statements, refused }),
  };
}

/** Answers everybody of the group, never throws. */
async function storeTogether(insert: InsertSales, group: readonly Waiting[]): Promise<void> {
  let left = group;
  try {
    while (left.length > 0) {
      const sold = await insert(left.map(({ sale }) => sale));
      const open = left.filter((_, index) => sold[index] === undefined);
      if (open.length === left.length) throw new Error('a statement answered for none of its sales');
      for (const [index, { done }] of left.entries()) {
        const mine = sold[index];
        if (mine !== undefined) done(mine);
      }
      left = open;
    }
  } catch (error) {
    // What the database refused may be one sale's fault; a database that is away is everybody's.
    if (sqlStateOf(error) === undefined) for (const { failed } of left) failed(error);
    else await storeAlone(insert, left);
  }
}

/** One after the other, so that the same sale asked for twice is seen by the second. */
async function storeAlone(insert: InsertSales, group: readonly Waiting[]): Promise<void> {
  for (const { sale, done, failed } of group) {
    try {
      done(await storeOne(insert, sale));
    } catch (error) {
      failed(error);
    }
  }
}

/** Looks again where it lost a race: who won is seen then. */
async function storeOne(insert: InsertSales, sale: NewSale): Promise<SoldAs> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [sold] = await insert([sale]);
      if (sold === undefined) throw new Error(`a statement did not answer for sale ${sale.id}`);
      return sold;
    } catch (error) {
      if (attempt === LOOKS_MAX || !LOST_RACE.has(sqlStateOf(error) ?? '')) throw error;
    }
  }
}
