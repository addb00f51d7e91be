import { chmodSync, lstatSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { raw } from 'sql-template-tag';
import { migrate, openDb, startEmbeddedPostgres } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';

/** The database that every test file's own one is a copy of. */
export const TEMPLATE_DATABASE = 'meterwall_template';

export interface TestCluster {
  readonly url: string;
  stop(): Promise<void>;
}

/** A real Postgres without fsync in a temporary folder, with a migrated template database. About a second. */
export async function startTestCluster(): Promise<TestCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'meterwall-postgres-'));
  // mkdtemp makes 0700, which the account that runs Postgres for root could not enter.
  chmodSync(dir, 0o755);
  const home = join(dir, 'cluster');
  const postgres = await startEmbeddedPostgres({ dir: home, log: silentLog, durable: false });
  const url = databaseUrl(postgres.url, 'postgres');
  const admin = openDb({ url, log: silentLog, connectionsMax: 1, asOwner: true });
  await admin.query(raw(`create database ${TEMPLATE_DATABASE}`));
  await admin.close();
  await migrate(databaseUrl(url, TEMPLATE_DATABASE), silentLog);
  return {
    url,
    async stop() {
      await postgres.stop();
      removeHome(home);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The same server, another database. */
export function databaseUrl(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${database}`;
  return address.href;
}

/** Follows the link that root's clusters may stand behind. */
function removeHome(home: string): void {
  if (lstatSync(home).isSymbolicLink()) rmSync(readlinkSync(home), { recursive: true });
}
