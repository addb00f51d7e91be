import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import type { Log } from '../log.ts';
import { connectionOf } from './connecting.ts';
import type { Db, Queryable, Tx } from './types.ts';

/** Connections of one server. Postgres' own default limit is 100; the embedded one allows 60. */
export const POOL_CONNECTIONS_MAX = 16;
/** A statement that waits longer for a connection fails: the pool is a bound, not a queue without end. */
const CONNECTION_WAIT_MS = 10_000;
/** No statement of ours may hold a lock longer. Migrations lift it for themselves. */
const STATEMENT_MS_MAX = 60_000;
/** How often a transaction that lost a race (SQLSTATE 40001, 40P01) is run again. */
export const TX_ATTEMPTS_MAX = 5;
const RETRY_PAUSE_MS = 15;

/** What the server works as; migration 005 makes it. It owns no book, so that append-only is no question of good will. */
export const SERVER_ROLE = 'meterwall_server';

const INT8_OID = 20;

/** Type parsers of our pools only: int8 as bigint, since a double loses digits above 2^53. */
const types = new pg.TypeOverrides();
types.setTypeParser(INT8_OID, (text: string) => BigInt(text));

export interface DbOptions {
  readonly url: string;
  readonly log: Log;
  readonly connectionsMax?: number;
  /** True for those who prepare databases: they work as the user of `url` instead of the server's role. */
  readonly asOwner?: boolean;
  /** While it says so a connection that is not to be had is asked for again, a bounded number of times: a server that starts. */
  readonly patient?: () => boolean;
}

/**
 * Opens a bounded pool on `url`. Connects on first use. Errors of a statement keep Postgres' own text, code and
 * constraint name; `statement` is added so that the log shows what was asked. Works as `SERVER_ROLE` unless `asOwner`.
 */
export function openDb(options: DbOptions): Db {
  const { url, log, connectionsMax = POOL_CONNECTIONS_MAX, asOwner = false, patient = () => false } = options;
  const pool = new pg.Pool({
    connectionString: asOwner ? url : asServer(url),
    max: connectionsMax,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    statement_timeout: STATEMENT_MS_MAX,
    application_name: 'meterwall',
    types,
  });
  // Without a listener, an idle connection that Postgres closes would end the process.
  let closing = false;
  pool.on('error', (error) => {
    // A Postgres that stops right after us cuts what is still saying goodbye.
    if (!closing) log.warn('idle database connection lost', { reason: error.message });
  });

  const connect = () => connectionOf(pool, log, patient);

  return {
    query: <Row>(statement: Sql, prepareAs?: string) =>
      onClient(connect, (client) => run<Row>(client, statement, prepareAs)),
    async tx(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(connect, work);
        } catch (error) {
          if (!lostRace(error) || attempt === TX_ATTEMPTS_MAX) throw error;
          log.debug('transaction lost a race, running it again', { attempt });
          await sleep(RETRY_PAUSE_MS * attempt);
        }
      }
    },
    async close() {
      closing = true;
      await pool.end();
    },
  };
}

/** The same address with the server's role from the first byte on: a connection that may not have it is refused. */
function asServer(url: string): string {
  const address = new URL(url);
  const options = address.searchParams.get('options');
  address.searchParams.set('options', `${options === null ? '' : `${options} `}-c role=${SERVER_ROLE}`);
  return address.href;
}

async function run<Row>(client: pg.PoolClient, statement: Sql, prepareAs?: string): Promise<Row[]> {
  const { text, values } = statement;
  try {
    const named = prepareAs === undefined ? { text, values } : { text, values, name: prepareAs };
    return (await client.query<Row & pg.QueryResultRow>(named)).rows;
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { statement: statement.text.trim() });
    throw error;
  }
}

type Connect = () => Promise<pg.PoolClient>;

/** Lends a connection; one that broke meanwhile, or that `spoil` tells of, does not go back into the pool. */
async function onClient<T>(
  connect: Connect,
  work: (client: pg.PoolClient, spoil: (error: Error) => void) => Promise<T>,
): Promise<T> {
  const client = await connect();
  let broken: Error | undefined;
  // A client in use that loses its server emits 'error' beside rejecting the statement.
  const spoil = (error: Error) => {
    broken ??= error;
  };
  client.on('error', spoil);
  try {
    return await work(client, spoil);
  } finally {
    client.off('error', spoil);
    client.release(broken ?? false);
  }
}

async function once<T>(connect: Connect, work: (tx: Tx) => Promise<T>): Promise<T> {
  const followUps: (() => void)[] = [];
  const result = await onClient(connect, async (client, spoil) => {
    try {
      await client.query('begin');
      const done = await work({
        query: <Row>(statement: Sql, prepareAs?: string) => run<Row>(client, statement, prepareAs),
        afterCommit: (followUp) => void followUps.push(followUp),
      });
      await client.query('commit');
      return done;
    } catch (error) {
      await client.query('rollback').catch(spoil);
      throw error;
    }
  });
  for (const followUp of followUps) followUp();
  return result;
}

/** True for serialization failure (40001) and deadlock (40P01). */
function lostRace(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/** Resolves when the database answers; rejects when it does not. */
export async function answers(db: Queryable): Promise<void> {
  await db.query(sql`select 1`);
}

/** The name of the constraint that refused a row, or undefined when `error` is something else. */
export function violatedConstraint(error: unknown): string | undefined {
  const integrity = error instanceof pg.DatabaseError && error.code?.startsWith('23') === true;
  return integrity ? error.constraint : undefined;
}

/** What the database says by its five characters, our own `MW…` of migrations among them; undefined when `error` is not its. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** True when the database refuses the rows themselves (SQLSTATE 22 and 23): sending them again would not help. */
export function refusesRows(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '');
}
