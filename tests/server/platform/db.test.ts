import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openDb, violatedConstraint } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTcpProxy } from '../../support/tcpProxy.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(sql`create table box (id int primary key, amount bigint not null)`);
  await database.db.query(sql`insert into box values (1, 9007199254740993), (2, 0)`);
});
afterAll(() => database.drop());

describe('values', () => {
  test('int8 arrives exact, as bigint', async () => {
    const rows = await database.db.query<{ amount: bigint }>(sql`select amount from box where id = 1`);
    expect(rows).toEqual([{ amount: 9007199254740993n }]);
  });

  test('text is UTF-8 whatever the machine is set to', async () => {
    const [row] = await database.db.query<{ encoding: string; text: string }>(
      sql`select current_setting('server_encoding') as encoding, ${'购物中心'}::text as text`,
    );
    expect(row).toEqual({ encoding: 'UTF8', text: '购物中心' });
  });
});

describe('transactions', () => {
  test('follow-ups run after the commit, in order', async () => {
    const seen: string[] = [];
    await database.db.tx(async (tx) => {
      tx.afterCommit(() => seen.push('first'));
      tx.afterCommit(() => seen.push('second'));
      await tx.query(sql`update box set amount = 5 where id = 2`);
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual(['first', 'second']);
  });

  test('a transaction that throws leaves nothing and has no follow-ups', async () => {
    const seen: string[] = [];
    const failing = database.db.tx(async (tx) => {
      tx.afterCommit(() => seen.push('never'));
      await tx.query(sql`update box set amount = 77 where id = 2`);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await database.db.query(sql`select 1 from box where amount = 77`)).toEqual([]);
    expect(seen).toEqual([]);
  });

  test('two that deadlock both succeed: the loser is run again', async () => {
    const attempts = { count: 0 };
    const both = twoGates();
    const move = (from: number, to: number, gate: () => Promise<void>) =>
      database.db.tx(async (tx) => {
        attempts.count += 1;
        await tx.query(sql`update box set amount = amount - 1 where id = ${from}`);
        await gate();
        await tx.query(sql`update box set amount = amount + 1 where id = ${to}`);
      });
    await Promise.all([move(1, 2, both.left), move(2, 1, both.right)]);
    expect(attempts.count).toBe(3);
  });

  test('a violated constraint is named', async () => {
    const error = await database.db.query(sql`insert into box values (1, 1)`).catch((caught: unknown) => caught);
    expect(violatedConstraint(error)).toBe('box_pkey');
    expect(violatedConstraint(new Error('else'))).toBeUndefined();
  });

  test('a failed statement shows what was asked', async () => {
    await expect(database.db.query(sql`select nothing from box`)).rejects.toMatchObject({
      statement: 'select nothing from box',
      code: '42703',
    });
  });

  test('a connection cut in the middle rejects, and the pool goes on', async () => {
    const db = openDb({ url: database.url, log: silentLog, connectionsMax: 1 });
    const cut = db.tx(async (tx) => {
      const [own] = await tx.query<{ pid: number }>(sql`select pg_backend_pid() as pid`);
      await database.owner.query(sql`select pg_terminate_backend(${own?.pid})`);
      await tx.query(sql`select 1`);
    });
    await expect(cut).rejects.toThrow();
    expect(await db.query(sql`select 1 as one`)).toEqual([{ one: 1 }]);
    await db.close();
  });
});

describe('a start that finds no connection', () => {
  test('waits for one with a line in the log, and what was to be done is done once', async () => {
    const proxy = await startTcpProxy(Number(new URL(database.url).port));
    onTestFinished(() => proxy.stop());
    proxy.refuse(true);
    const said: string[] = [];
    const warn = (message: string) => {
      said.push(message);
      proxy.refuse(said.length < 2);
    };
    const log = { ...silentLog, warn };
    const db = openDb({ url: proxy.addressOf(database.url), log, patient: () => true });
    onTestFinished(() => db.close());
    await db.query(sql`insert into box values (7, 1)`);
    expect(said).toEqual(Array(2).fill('the start waits for a connection to the database'));
  });

  test('ends at once where waiting would not help, or when it is over', async () => {
    const said: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void said.push(message) };
    const nowhere = new URL(database.url);
    nowhere.pathname = '/nowhere';
    const wrong = openDb({ url: nowhere.href, log, patient: () => true });
    await expect(wrong.query(sql`select 1`)).rejects.toMatchObject({ code: '3D000' });
    const proxy = await startTcpProxy(Number(new URL(database.url).port));
    onTestFinished(() => proxy.stop());
    proxy.refuse(true);
    const open = openDb({ url: proxy.addressOf(database.url), log, patient: () => false });
    await expect(open.query(sql`select 1`)).rejects.toThrow();
    expect(said).toEqual([]);
    await Promise.all([wrong.close(), open.close()]);
  });
});

/** Both sides pass only when both have arrived; open for later attempts. */
function twoGates(): { left: () => Promise<void>; right: () => Promise<void> } {
  const left = Promise.withResolvers<void>();
  const right = Promise.withResolvers<void>();
  return {
    left: () => {
      left.resolve();
      return right.promise;
    },
    right: () => {
      right.resolve();
      return left.promise;
    },
  };
}
