import { randomBytes } from 'node:crypto';
import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Db, migrate, openDb, SERVER_ROLE } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { databaseUrl } from '../../support/postgresCluster.ts';

/** A database of an ordinary user, as on a Postgres that somebody else runs. */
const name = `site_${randomBytes(4).toString('hex')}`;
let admin: Db;
let url: string;
beforeAll(async () => {
  const clusterUrl = inject('postgresUrl');
  admin = openDb({ url: clusterUrl, log: silentLog, connectionsMax: 1, asOwner: true });
  await admin.query(raw(`create role ${name} login password 'x'`));
  await admin.query(raw(`create database ${name} owner ${name}`));
  const address = new URL(databaseUrl(clusterUrl, name));
  address.username = name;
  address.password = 'x';
  url = address.href;
});
afterAll(async () => {
  await admin.query(raw(`drop database ${name} with (force)`));
  await admin.query(raw(`drop role ${name}`));
  await admin.close();
});

test('an ordinary user is told what an administrator must say; then everything works as the server’s role', async () => {
  await expect(migrate(url, silentLog)).rejects.toThrow(`grant ${SERVER_ROLE} to ${name};`);
  await admin.query(raw(`grant ${SERVER_ROLE} to ${name}`));
  await migrate(url, silentLog);
  const db = openDb({ url, log: silentLog, connectionsMax: 1 });
  try {
    expect(await db.query(sql`select current_user::text as working, session_user::text as connected`)).toEqual([
      { working: SERVER_ROLE, connected: name },
    ]);
    await expect(db.query(sql`delete from ledger_entry`)).rejects.toThrow(/permission denied/);
    await expect(db.query(sql`update schema_version set version = 0`)).rejects.toThrow(/permission denied/);
  } finally {
    await db.close();
  }
});

test('options that the address has itself are kept', async () => {
  const own = new URL(url);
  own.searchParams.set('options', '-c search_path=public');
  const db = openDb({ url: own.href, log: silentLog, connectionsMax: 1 });
  try {
    expect(await db.query(sql`select current_user::text as working, current_setting('search_path') as path`)).toEqual([
      { working: SERVER_ROLE, path: 'public' },
    ]);
  } finally {
    await db.close();
  }
});
