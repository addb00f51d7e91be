import { fileURLToPath } from 'node:url';
import pg from 'pg';
import Postgrator from 'postgrator';
import type { Log } from '../log.ts';

/** Where the plain SQL files are: `NNN.do.what-it-does.sql`, forward only. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Any number that no other program uses on this database: "meter" on a phone's keys. */
const MIGRATION_LOCK = 63_837;

/**
 * Brings the database to the newest schema in one transaction: all files or none. Servers that start together wait
 * for each other. Throws when the database is newer than this program, or when an applied file was changed.
 */
export async function migrate(url: string, log: Log, dir: string = MIGRATIONS_DIR): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: 'meterwall migrations' });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const version = await runFiles(client, dir, log);
    await client.query('commit');
    return version;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.end();
  }
}

async function runFiles(client: pg.Client, dir: string, log: Log): Promise<number> {
  const postgrator = new Postgrator({
    driver: 'pg',
    migrationPattern: `${dir.replace(/[[\]{}()*?!+@\\]/g, '\\$&')}/*.sql`,
    newline: 'LF',
    schemaTable: 'schema_version',
    currentSchema: 'public',
    execQuery: (text) => client.query(text),
    execSqlScript: async (text) => void (await client.query(text)),
  });
  const files = await postgrator.getMigrations();
  if (files.length === 0) throw new Error(`no migration found in ${dir}`);
  const newest = await postgrator.getMaxVersion();
  const present = await postgrator.getDatabaseVersion();
  if (present > newest) {
    throw new Error(`the database is at version ${present}, this program knows ${newest}: start a newer program`);
  }
  postgrator.on('migration-finished', (file) => log.info('schema changed', { version: file.version, name: file.name }));
  await postgrator.migrate();
  return newest;
}
