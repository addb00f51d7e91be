import { randomBytes } from 'node:crypto';
import { raw } from 'sql-template-tag';
import { inject } from 'vitest';
import { type Db, openDb } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { databaseUrl, TEMPLATE_DATABASE } from './postgresCluster.ts';

export { startTestCluster, type TestCluster } from './postgresCluster.ts';

export interface TestDatabase {
  readonly url: string;
  /** Works as the server's role, like the server. */
  readonly db: Db;
  /** Works as the owner of all tables: for what a test breaks on purpose. */
  readonly owner: Db;
  /** Closes both and removes the database; connections of others are cut. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own for one test file (about 25 ms). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const clusterUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(clusterUrl, `create database ${name} template ${TEMPLATE_DATABASE} strategy file_copy`);
  const url = databaseUrl(clusterUrl, name);
  const db = openDb({ url, log: silentLog, connectionsMax: 4 });
  const owner = openDb({ url, log: silentLog, connectionsMax: 2, asOwner: true });
  return {
    url,
    db,
    owner,
    async drop() {
      await Promise.all([db.close(), owner.close()]);
      await administer(clusterUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

async function administer(clusterUrl: string, statement: string): Promise<void> {
  const admin = openDb({ url: clusterUrl, log: silentLog, connectionsMax: 1, asOwner: true });
  try {
    await admin.query(raw(statement));
  } finally {
    await admin.close();
  }
}
