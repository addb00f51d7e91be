import { type Db, type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { EstateCache, EstateChange } from './cache.ts';

/** Changes of the estate wait for each other; people make few. */
export const MUTATIONS_WAITING_MAX = 100;

/** A field after a change: left out = as it was, null = taken away. */
export function changed<T>(wanted: T | null | undefined, before: T | undefined): T | undefined {
  return wanted === undefined ? before : (wanted ?? undefined);
}

/** Runs works one after the other. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** One change of the estate in its own transaction; what it pushes on `changes` reaches the cache after the commit. */
export type Mutate = <T>(work: (tx: Tx, changes: EstateChange[]) => Promise<T>) => Promise<T>;

/** A queue of one: what a change checks against the cache is still true when it commits. */
export function createInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (work) => {
    if (waiting >= MUTATIONS_WAITING_MAX) {
      throw new AppError('server.busy', 'Too many changes at the same time: try again in a moment.');
    }
    waiting += 1;
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting -= 1;
    }
  };
}

/** Changes in turn; the names of violated constraints become errors that people understand. */
export function createMutate(db: Db, cache: EstateCache, inTurn: InTurn): Mutate {
  return (work) =>
    inTurn(async () => {
      try {
        return await db.tx(async (tx) => {
          const changes: EstateChange[] = [];
          const result = await work(tx, changes);
          tx.afterCommit(() => cache.apply(changes));
          return result;
        });
      } catch (error) {
        throw named(error);
      }
    });
}

/** What people did wrong, by the constraint that refused it. */
function named(error: unknown): unknown {
  switch (violatedConstraint(error)) {
    case undefined:
      return error;
    case 'gateway_code_key':
      return new AppError('conflict.duplicate', 'Another gateway of this property has this code.', [
        { field: 'code', message: 'is taken' },
      ]);
    case 'line_name_key':
      return new AppError('conflict.duplicate', 'Two lines of this gateway have the same name.', [
        { field: 'lines', message: 'must have different names' },
      ]);
    case 'meter_unit_address_key':
      return new AppError('line.address-taken', 'Another meter has this address on this line.', [
        { field: 'unitAddress', message: 'is taken on this line' },
      ]);
    case 'meter_number_key':
      return new AppError('conflict.duplicate', 'Another meter of this property has this number.', [
        { field: 'meterNumber', message: 'is taken' },
      ]);
    case 'place_parent_fkey':
    case 'gateway_property_fkey':
      return new AppError('conflict.in-use', 'Something still belongs to this place: move or remove it first.');
    default:
      return error;
  }
}
