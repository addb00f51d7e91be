import sql, { type Sql } from 'sql-template-tag';
import type { Db, Tx } from '#server/platform/db/index.ts';

type Statement = (db: Tx, ...rest: never[]) => Promise<unknown>;
type ArgumentsAfterFirst<F> = F extends (db: never, ...rest: infer Rest) => unknown ? Rest : never;

/** Arguments for every function of a store: one that is forgotten does not compile. */
export type Samples<Store> = {
  readonly [Name in keyof Store as Store[Name] extends Statement ? Name : never]: ArgumentsAfterFirst<Store[Name]>;
};

/**
 * Calls every function of a store with a connection that has Postgres PREPARE each statement against the migrated
 * schema instead of running it: names of tables, columns, constraints and the types of all parameters are checked. Returns
 * how many statements each function has.
 */
export async function prepareAll<Store extends object>(
  db: Db,
  store: Store,
  samples: Samples<Store>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [name, rest] of Object.entries<readonly unknown[]>(samples)) {
    const call: unknown = Reflect.get(store, name);
    if (typeof call !== 'function') throw new Error(`${name} is no function of the store`);
    let prepared = 0;
    await db.tx(async (tx) => {
      const preparing: Tx = {
        afterCommit: () => undefined,
        async query(statement: Sql) {
          prepared += 1;
          await prepare(tx, statement, name);
          return [];
        },
      };
      // A function that wants its row back says so when there is none; every statement before was prepared.
      await Promise.resolve(Reflect.apply(call, undefined, [preparing, ...rest])).catch((error: Error) => {
        if (error.message !== 'a statement that returns one row returned none') throw error;
      });
    });
    counts[name] = prepared;
  }
  return counts;
}

async function prepare(tx: Tx, statement: Sql, name: string): Promise<void> {
  // PREPARE takes queries only; what makes or locks tables is run, in a transaction that leaves nothing behind.
  if (/^\s*(lock|create)\b/i.test(statement.text)) {
    await tx.query(statement);
    return;
  }
  try {
    await tx.query(sql([`prepare probe as ${statement.text}`]));
    await tx.query(sql`deallocate probe`);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}\n${statement.text}`, {
      cause: error,
    });
  }
}
