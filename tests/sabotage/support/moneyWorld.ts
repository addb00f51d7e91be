import { randomUUID } from 'node:crypto';
import sql, { raw } from 'sql-template-tag';
import { expect } from 'vitest';
import type { Account, Command, CommandBatch, previewBatch, ResponseOf } from '#contract/index.ts';
import { DELIVERY_TIMES } from '#server/modules/vending/stepper.ts';
import type { Till } from '../../server/vending/support/till.ts';
import { booked, type World } from './serviceLaws.ts';

/** What the laws of money ask of a house, sound or not. */
export const reason = 'a good reason';
const ask = (till: Till, path: string, body: object) => till.boss.request('POST', path, body);
/** What is said to it: its code, or a field of the answer. */
export async function said(till: Till, path: string, body: object, wanted: object): Promise<void> {
  expect((await ask(till, path, body)).body).toMatchObject(wanted);
}
/** A fresh wallet into which 100.00 were paid by this way, and something before, should a cent be charged meanwhile. */
export async function paid(till: Till, method = 'cash') {
  const { account, meterId } = await till.fresh({ custody: 'platform' });
  await till.sell(meterId, '5000', { method });
  const sale = await till.sell(meterId, '10000', { method });
  return { account, meterId, saleId: sale.saleId, businessDay: sale.businessDay };
}
export const refund = (meterId: number, amountMinor: string, more: object = {}) => ({
  ...{ refundId: randomUUID(), meterId, amountMinor, method: 'cash', reason },
  ...more,
});
export const makeup = (meterId: number, amountMinor: string, makeupId: string = randomUUID()) => ({
  ...{ makeupId, meterId, amountMinor, reason },
});
export const reverse = (till: Till, saleId: string, wanted: object) =>
  said(till, `/api/sales/${saleId}/reverse`, { reversalId: randomUUID(), reason }, wanted);

/** Money that a meter does not take: one for all laws of a world. */
const OPEN = new WeakMap<
  Till,
  Promise<{ readonly accountId: number; readonly meterId: number; readonly saleId: string }>
>();
export function open(till: Till) {
  const known = OPEN.get(till) ?? openAnew(till);
  OPEN.set(till, known);
  return known;
}
async function openAnew(till: Till) {
  const { account, meterId, meterNumber } = await till.fresh();
  till.fault(meterNumber, { kind: 'hoarding' });
  const { saleId } = await till.sell(meterId, '10000');
  await till.becomes(saleId, 'REJECTED');
  return { accountId: account.id, meterId, saleId };
}

let stored = 0;
/** A vend as it stands in its table, of nobody's meter; whoever asks here gave it. */
export async function storedVend(till: Till, state: 'DRAFT' | 'QUARANTINED', byMe: boolean): Promise<string> {
  const { userId } = (await till.boss.request('GET', '/api/session')).body as { userId: number };
  const id = randomUUID();
  // No meter has this number: nobody else has anything under way to it.
  const meterId = 1_000_000 + stored++;
  await till.server.database.owner.query(sql`
    insert into vend (id, property_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody, state, path, fence,
      paid_minor, fee_minor, fee_ppm, net_minor, user_id, user_name, business_day, input_hash, at, seq)
    values (${id}, ${till.propertyId}, 1, ${meterId}, 'x', 'x', 1, 'makeup', 'platform', ${state}, 'wallet', 'quiet',
      0, 0, 0, 5, ${byMe ? userId : null}, 'x', '2026-01-01', '', now(), ${state === 'DRAFT' ? null : 900})`);
  return id;
}

/** A sale by WeChat that was cancelled and is owed for, of an account that paid nothing in cash; by way of cash it is asked back. */
export async function askedBackInCash(till: Till, more: object, wanted: object): Promise<void> {
  const { account, meterId } = await till.fresh({ custody: 'platform' });
  const id = randomUUID();
  await till.server.database.owner.query(sql`
    insert into vend (id, property_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody, state, path, fence,
      paid_minor, fee_minor, fee_ppm, net_minor, owed_minor, method, user_name, business_day, input_hash, at, finished_at)
    values (${id}, ${till.propertyId}, ${account.id}, ${meterId}, 'x', 'x', 1, 'sale', 'meter', 'CANCELLED', 'checked', 'zero',
      5000, 0, 0, 5000, 5000, 'wechat', 'x', '2026-01-01', '', now(), now())`);
  await booked(till, [
    ['wechat', '', 5_000n],
    ['refundPayable', `account:${account.id}`, -5_000n],
  ]);
  await said(till, `/api/sales/${id}/payout`, { payoutId: randomUUID(), method: 'cash', ...more }, wanted);
}

/** Whether one person's word on a cancelled vend lets another, or the same, pay out by another way. */
export async function agreedFor(
  { till, otherWayAgreed }: World,
  word: { readonly by: number; readonly payer: number; readonly forState?: string },
): Promise<boolean> {
  const vendId = await storedVend(till, 'DRAFT', true);
  await till.server.database.owner.query(sql`
    insert into vend_decision (id, vend_id, outcome, reason, evidence, user_id, user_name, at, for_state, input_hash)
    values (${randomUUID()}, ${vendId}, 'approve', 'x', 'x', ${word.by}, 'x', now(), ${word.forState ?? 'CANCELLED'}, '')`);
  return till.server.database.db.tx((tx) => otherWayAgreed(tx, vendId, word.payer));
}

export async function proposedBySelf({ till }: World): Promise<void> {
  const path = `/api/vends/${await storedVend(till, 'QUARANTINED', false)}/decisions`;
  const word = () => ({ decisionId: randomUUID(), outcome: 'cancel', reason, evidence: 'seen on the display' });
  await said(till, path, word(), { state: 'QUARANTINED' });
  await said(till, path, word(), { code: 'vend.needs-other-person' });
}

export async function dayPassed(till: Till, saleId: string): Promise<void> {
  await till.server.database.owner.tx(async (tx) => {
    // What has ended cannot be changed otherwise.
    await tx.query(raw('set local session_replication_role = replica'));
    await tx.query(sql`update vend set business_day = business_day - 1 where id = ${saleId}`);
  });
}

/** A sheet that waits, given by this person, without a row. */
export async function sheetWaits(till: Till): Promise<string> {
  const { userId } = (await till.boss.request('GET', '/api/session')).body as { userId: number };
  const id = randomUUID();
  await till.server.database.owner.query(sql`
    insert into vend_batch (id, property_id, kind, reason, state, input_hash, user_id, user_name, at)
    values (${id}, ${till.propertyId}, 'makeup', 'x', 'awaitingApproval', '', ${userId}, 'x', now())`);
  return id;
}

export async function spared({ till }: World): Promise<void> {
  const { meterId } = await till.fresh({ custody: 'platform' });
  await till.post('/api/commands', { commandId: randomUUID(), meterId, order: { kind: 'protect' }, reason });
  const order = { kind: 'trip', cause: 'safety' };
  const foreseen = { meterIds: [meterId], order };
  const { items } = await till.post<ResponseOf<typeof previewBatch>>('/api/command-batches/preview', foreseen);
  expect(items).toMatchObject([{ outcome: 'skip', why: ['protected'], goesDark: false }]);
  const given = { batchId: randomUUID(), ...foreseen, reason };
  expect(await till.post<CommandBatch>('/api/command-batches', given)).toMatchObject({ counts: { held: 1 } });
}

export async function numberedWhenAgreed({ till }: World): Promise<void> {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const give = (order: object) =>
    till.post<Command>('/api/commands', { commandId: randomUUID(), meterId, order, reason });
  await give({ kind: 'protect' });
  const waiting = await give({ kind: 'restorePrepaid' });
  expect(waiting.state).toBe('awaitingApproval');
  const read = await give({ kind: 'read' });
  const second = await till.colleague();
  await second.request('POST', `/api/commands/${waiting.id}/decisions`, { agree: true });
  const [row] = await till.server.database.db.query<{ newer: boolean }>(sql`
    select a.number > b.number as newer from command a, command b where a.id = ${waiting.id} and b.id = ${read.id}`);
  expect(row).toEqual({ newer: true });
}

export async function differenceOf(till: Till, cause: string): Promise<string> {
  const meterId = till.meters[0]?.id;
  const [row] = await till.server.database.owner.query<{ id: bigint }>(sql`
    with run as (insert into reconciliation_run (property_id, day, user_id, actor_name, started_at, finished_at)
      values (${till.propertyId}, '2026-01-01', 1, 'x', now(), now()) returning id)
    insert into reconciliation_row (run_id, property_id, side, cause, meter_id, expected, found, difference_minor, detail)
    select id, ${till.propertyId}, 'meter', ${cause}, ${meterId}, '1', '2', 5, 'x' from run returning id`);
  return String(row?.id);
}

export async function decidedRead(till: Till): Promise<string> {
  const [row] = await till.server.database.owner.query<{ id: bigint }>(sql`
    insert into quarantine (property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh, cap_wh,
      raised_at, decided_at, decision)
    values (${till.propertyId}, 1, 1, 0, 'backward', now(), 5, '2026-01-01T00:00Z', 4, 1, now(), now(), 'ignored') returning id`);
  return String(row?.id);
}

/** A use case that waits for a second person, with nobody who goes on with it. */
export async function waitingCase(till: Till): Promise<string> {
  const { account } = await till.fresh({ custody: 'platform' });
  const id = randomUUID();
  await till.server.database.owner.query(sql`
    insert into account_case (id, property_id, account_id, kind, state, step, input, input_hash, user_id, user_name, at)
    values (${id}, ${till.propertyId}, ${account.id}, 'closing', 'awaitingApproval', 'payOut', '{}', '', 1, 'x', now())`);
  return id;
}

/** Of what is being done to an account, else its own. */
export async function stateOfAccount(till: Till, accountId: number): Promise<string> {
  const { body } = await till.boss.request('GET', `/api/accounts/${accountId}`);
  const { state, running } = body as Pick<Account, 'state' | 'running'>;
  return running?.state ?? state;
}

/** The same vend as two workers have read it: the second one's step is not stored. */
export async function stepTwice({ till, createStepper, selectVend }: World): Promise<void> {
  const { db } = till.server.database;
  const row = await selectVend(db, await storedVend(till, 'QUARANTINED', true));
  if (row === undefined) throw new Error('the vend is gone');
  const stepper = createStepper({
    ...{ ledger: till.server.app.money.ledger, nowMs: () => Date.now(), times: DELIVERY_TIMES },
    ...{ told: async () => {}, foreignWrite: () => {}, news: () => {} },
  });
  const step = () => db.tx((tx) => stepper.step(tx, row, { event: { kind: 'readFailed' } }));
  expect((await step())?.row.version).toBe(row.version + 1);
  const second = await step().catch((error: Error) => error.name);
  expect(second).toBe('StaleVend');
}
