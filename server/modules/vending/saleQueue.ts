import { sqlStateOf } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { NewSale, SoldAs } from './saleStore.ts';

/** Statements that store sales at the same time, those that wait for somebody's lock among them. */
export const SALE_STATEMENTS_MAX = 4;
/**
 * Of them those that are quick: while one is in the database the next is put together and answered here. What comes meanwhile fills
 * the next one, so that more of them would each hold less.
 */
const QUICK_MAX = 2;
/** A statement that takes longer waits for somebody's lock; the others need not wait with it. */
const OVERDUE_MS = 50;
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
 * Sales that arrive while others are being stored share the next statement and its commit. Nobody waits for company: a sale that
 * finds nothing under way leaves with those of the same turn of the event loop, and one that is held up holds up only its neighbours.
 * Each keeps its own outcome: what is refused is taken out and the others go again; a statement that fails is done again sale by
 * sale, so that none suffers by its neighbours.
 */
export function createSaleQueue(insert: InsertSales): SaleQueue {
  const waiting: Waiting[] = [];
  let underWay = 0;
  let quick = 0;
  let called = false;
  let statements = 0;
  let refused = 0;
  const counted: InsertSales = (sales) => {
    statements += 1;
    return insert(sales);
  };

  function call(): void {
    if (called || quick >= QUICK_MAX || underWay === SALE_STATEMENTS_MAX || waiting.length === 0) return;
    called = true;
    setImmediate(() => {
      called = false;
      void leave(waiting.splice(0, SALES_PER_STATEMENT_MAX));
    });
  }

  async function leave(group: readonly Waiting[]): Promise<void> {
    let isQuick = true;
    const noLongerQuick = () => {
      if (isQuick) quick -= 1;
      isQuick = false;
    };
    underWay += 1;
    quick += 1;
    const overdue = setTimeout(() => {
      noLongerQuick();
      call();
    }, OVERDUE_MS);
    await storeTogether(counted, group);
    clearTimeout(overdue);
    noLongerQuick();
    underWay -= 1;
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
