import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createDbWatch, type Db, openDb } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { manualClock } from '../../support/manualClock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Follows a database; time passes until it is so. */
function watching(db: Db) {
  const clock = manualClock(0);
  const watch = createDbWatch(db, clock);
  watch.start();
  onTestFinished(async () => {
    const stopped = watch.stop();
    clock.advance(10_000);
    await stopped;
  });
  const passUntil = (check: () => void) =>
    vi.waitFor(
      () => {
        clock.advance(250);
        check();
      },
      { timeout: 10_000, interval: 10 },
    );
  return { clock, watch, passUntil };
}

/** A port in front of nobody, or of somebody who never says a word. */
async function portOf(kind: 'closed' | 'silent'): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  if (kind === 'closed') close();
  else onTestFinished(close);
  return port;
}

function openAt(port: number): Db {
  const url = new URL(database.url);
  url.port = String(port);
  const db = openDb({ url: url.href, log: silentLog, connectionsMax: 1 });
  onTestFinished(() => db.close());
  return db;
}

test('a database that answers is there', async () => {
  const asked = vi.spyOn(database.db, 'query');
  const { watch, passUntil } = watching(database.db);
  await passUntil(() => expect(asked.mock.calls.length).toBeGreaterThan(3));
  expect(watch.isAway()).toBe(false);
});

test('one that refuses is away, one that is back is there', async () => {
  const refusing = openAt(await portOf('closed'));
  const behind = { db: refusing };
  const { watch, passUntil } = watching({ ...refusing, query: (statement) => behind.db.query(statement) });
  await passUntil(() => expect(watch.isAway()).toBe(true));
  behind.db = database.db;
  await passUntil(() => expect(watch.isAway()).toBe(false));
});

test('one that hangs is away too', async () => {
  const { watch, passUntil } = watching(openAt(await portOf('silent')));
  await passUntil(() => expect(watch.isAway()).toBe(true));
});
