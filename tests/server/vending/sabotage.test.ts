import { randomUUID } from 'node:crypto';
import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PurseRead, systemClock } from '#drivers/core/index.ts';
import { createStepper, DELIVERY_TIMES } from '#server/modules/vending/stepper.ts';
import { createWorker } from '#server/modules/vending/worker.ts';
import { type Db, violatedConstraint } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { startTill, type Till } from './support/till.ts';

/** What the service itself guards, switched off: each must be missed at once. Guards of the machine: guardTable.test.ts. */
let till: Till;
beforeAll(async () => {
  till = await startTill();
  // Nobody but this test delivers.
  await till.server.app.money.vending.stop();
}, 60_000);
afterAll(() => till.stop());

/** The states of the vend that were stored at the instants at which its bytes left. */
async function storedWhenSent(db: Db): Promise<readonly string[]> {
  const { acquisition } = till.server.app.measuring;
  const { meterId } = await till.fresh();
  const { saleId } = await till.sell(meterId, '10000');
  const seen: string[] = [];
  const stepper = createStepper({
    ...{ ledger: till.server.app.money.ledger, nowMs: () => systemClock.nowMs(), times: DELIVERY_TIMES },
    ...{ told: async () => {}, foreignWrite: () => {}, news: () => {} },
  });
  const worker = createWorker({
    ...{ db, clock: systemClock, log: silentLog, stepper, times: DELIVERY_TIMES, sweepMs: 20 },
    lines: {
      readPurse: (id) => acquisition.readPurse(id),
      async execute(id, command) {
        seen.push((await till.sale(saleId)).state);
        return acquisition.execute(id, command);
      },
    },
  });
  await worker.start();
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await worker.stop();
  return seen;
}

describe('SENT is stored before a byte leaves', () => {
  test('as it is', async () => {
    expect(await storedWhenSent(till.server.database.db)).toEqual(['SENT']);
  });

  test('a step that is believed before its commit is seen red', async () => {
    const { db } = till.server.database;
    const sends = (answer: unknown): boolean =>
      typeof answer === 'object' && answer !== null && 'command' in answer && answer.command !== undefined;
    const hasty: Db = {
      ...db,
      tx: (work) =>
        new Promise((resolve, reject) => {
          const committed = db.tx(async (tx) => {
            const answer = await work(tx);
            if (!sends(answer)) return answer;
            resolve(answer);
            // Long enough for the bytes to leave.
            await tx.query(sql`select pg_sleep(0.3)`);
            return answer;
          });
          committed.then(resolve, reject);
        }),
    };
    expect(await storedWhenSent(hasty)).not.toContain('SENT');
  });
});

test('a count is given once, also where the meter has another epoch by now and a read is stale', async () => {
  const { acquisition } = till.server.app.measuring;
  const { account, meterId } = await till.fresh();
  const deliver = async (saleId: string, stale: readonly PurseRead[]): Promise<number | undefined> => {
    const reads = [...stale];
    const times = { ...DELIVERY_TIMES, backOffMs: [20] };
    const stepper = createStepper({
      ...{ ledger: till.server.app.money.ledger, nowMs: () => systemClock.nowMs(), times },
      ...{ told: async () => {}, foreignWrite: () => {}, news: () => {} },
    });
    const worker = createWorker({
      ...{ db: till.server.database.db, clock: systemClock, log: silentLog, stepper, times, sweepMs: 20 },
      lines: {
        async readPurse(id) {
          const purse = id === meterId ? reads.shift() : undefined;
          return purse === undefined ? acquisition.readPurse(id) : { ok: true, purse };
        },
        execute: (id, command) => acquisition.execute(id, command),
      },
    });
    await worker.start();
    const { count } = await till.becomes(saleId, 'CONFIRMED');
    await worker.stop();
    return count;
  };
  const before = await till.purse(meterId);
  expect(await deliver((await till.sell(meterId, '1000')).saleId, [])).toBe(before.count + 1);
  await till.post(`/api/accounts/${account.id}/change-ratio`, {
    ...{ changeId: randomUUID(), meterId, ctRatio: 2, ptRatio: 1, reason: 'another transformer' },
  });
  expect((await till.account(account.id)).meters).toMatchObject([{ meterId, epoch: 2 }]);
  // The same amount, and an answer from before the first of them.
  expect(await deliver((await till.sell(meterId, '1000')).saleId, [before])).toBe(before.count + 2);
  expect((await till.purse(meterId)).count).toBe(before.count + 2);
});

/** The constraint that refuses it; undefined where nothing does. The attempt is taken back. */
async function refusedBy(work: Parameters<Db['tx']>[0], dropped?: string): Promise<string | undefined> {
  const takenBack = new Error('taken back');
  try {
    await till.server.database.owner.tx(async (tx) => {
      if (dropped !== undefined) await tx.query(raw(`drop index ${dropped}`));
      await work(tx);
      throw takenBack;
    });
  } catch (error) {
    if (error !== takenBack) return violatedConstraint(error);
  }
  return undefined;
}

describe('what the database refuses, whatever the program believes', () => {
  test.for(['vend_seq_once_key', 'vend_one_open_key'] as const)('%s', async (index) => {
    const { meterId } = await till.fresh();
    const vends = [await till.sell(meterId, '1000'), await till.sell(meterId, '1000')];
    const attempt: Parameters<Db['tx']>[0] = async (tx) => {
      for (const { saleId } of vends) {
        if (index === 'vend_seq_once_key')
          await tx.query(sql`insert into vend_seq (meter_id, seq, vend_id) values (${meterId}, 900, ${saleId})`);
        else await tx.query(sql`update vend set state = 'RESERVED', seq = 900 where id = ${saleId}`);
      }
    };
    expect(await refusedBy(attempt)).toBe(index);
    expect(await refusedBy(attempt, index)).toBeUndefined();
  });

  test('a vend is paid out once', async () => {
    const { meterId } = await till.fresh();
    const { saleId } = await till.sell(meterId, '1000');
    const pay = sql`insert into vend_payout (id, vend_id, amount_minor, method, user_id, user_name, at, input_hash, txn)
      select gen_random_uuid(), ${saleId}, 1, 'cash', 1, 'x', now(), '', 1`;
    const twice: Parameters<Db['tx']>[0] = async (tx) => {
      await tx.query(pay);
      await tx.query(pay);
    };
    expect(await refusedBy(twice)).toBe('vend_payout_once_key');
  });
});
