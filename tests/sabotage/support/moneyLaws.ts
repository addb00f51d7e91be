import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Sale, VendBatch } from '#contract/index.ts';
import {
  agreedFor,
  askedBackInCash,
  dayPassed,
  decidedRead,
  differenceOf,
  makeup,
  numberedWhenAgreed,
  open,
  paid,
  proposedBySelf,
  reason,
  refund,
  reverse,
  said,
  sheetWaits,
  spared,
  stateOfAccount,
  stepTwice,
  storedVend,
  waitingCase,
} from './moneyWorld.ts';
import { clearedTrip, type ServiceAttack } from './serviceLaws.ts';

/** Guards of the use cases of money, told from what each of them must answer. */
const GIVING_BACK = 'server/modules/vending/givingBack.ts';
const WAY_BACK = 'server/modules/vending/wayBack.ts';
const PAYING_OUT = 'server/modules/vending/payingOut.ts';
const PERSONS = 'server/modules/vending/persons.ts';
const SHEETS = 'server/modules/vending/batches.ts';
const USE_CASE = 'server/modules/accounts/useCase.ts';
const FACTS = 'server/modules/commands/facts.ts';
const COMMAND_BATCHES = 'server/modules/commands/batches.ts';
const GIVE = 'server/modules/commands/give.ts';

export const MONEY_ATTACKS: Readonly<Record<string, ServiceAttack>> = {
  'a sale is refused as its bounds say': {
    ...{ file: 'server/modules/vending/selling.ts' },
    ...{ guard: 'if (refusal !== undefined || !plan.ok)', off: 'if (!plan.ok)' },
    async law({ till }) {
      const { meterId } = await till.fresh({ custody: 'platform' });
      const body = { saleId: randomUUID(), meterId, paidMinor: '50', method: 'cash' };
      await said(till, '/api/sales', body, { code: 'vend.amount-out-of-range' });
    },
  },
  'what a meter may hold is known when it is sold to': {
    ...{ file: 'server/modules/vending/refusals.ts' },
    guard: "if (limit === undefined || custody === 'platform' || balanceMinor === undefined) return undefined;",
    off: 'return undefined;',
    async law({ till }) {
      const { meterId } = await till.fresh({ hoardingLimitMinor: '20000' });
      const { metering } = till.server.app.measuring;
      await expect.poll(() => metering.meter(meterId)?.last?.balanceMinor).toBeDefined();
      const body = { saleId: randomUUID(), meterId, paidMinor: '900000', method: 'cash' };
      await said(till, '/api/sales', body, { code: 'vend.hoarding' });
    },
  },
  'a sale is reversed on its own day': {
    ...{ file: GIVING_BACK, off: 'false' },
    guard: 'reversal && businessDay(context, sale.property_id, context.clock.nowMs()) !== sale.day',
    async law({ till }) {
      const { saleId } = await paid(till);
      await dayPassed(till, saleId);
      await reverse(till, saleId, { code: 'reversal.not-same-day' });
    },
  },
  'and once': {
    ...{ file: GIVING_BACK, guard: 'if (sale.reversed_by !== null)', off: "if (sale.id === '')" },
    sql: ['drop index vend_reversed_once_key', 'drop index ledger_txn_reversed_once_key'],
    async law({ till }) {
      const { saleId } = await paid(till);
      await reverse(till, saleId, { kind: 'reversal' });
      await reverse(till, saleId, { code: 'reversal.already' });
    },
  },
  'nor where its money is no longer kept': {
    ...{ file: GIVING_BACK, guard: 'reversal && sale.custody !== account.custody', off: 'false' },
    async law({ till }) {
      const { account, meterId } = await till.fresh();
      const { saleId } = await till.sell(meterId, '5000');
      await till.becomes(saleId, 'CONFIRMED');
      await till.post(`/api/accounts/${account.id}/custody`, { changeId: randomUUID(), custody: 'platform', reason });
      expect(await till.atRest(account.id)).toMatchObject({ custody: 'platform' });
      await reverse(till, saleId, { code: 'reversal.exceeds-balance' });
    },
  },
  'what is no sale is not reversed': {
    ...{ file: GIVING_BACK, guard: "if (sale.kind !== 'sale')", off: "if (sale.id === '')" },
    async law({ till }) {
      const { meterId } = await paid(till);
      const { saleId } = await till.post<Sale>('/api/makeups', makeup(meterId, '500'));
      await reverse(till, saleId, { code: 'reversal.of-reversal' });
    },
  },
  'nor what the meter has not yet': {
    ...{ file: GIVING_BACK, guard: "if (sale.state !== 'CONFIRMED')", off: "if (sale.id === '')" },
    law: async ({ till }) => reverse(till, (await open(till)).saleId, { code: 'vend.not-confirmed' }),
  },
  'a sale gives back no more than itself': {
    ...{ file: GIVING_BACK, guard: 'if (-netMinor <= left) return;', off: 'return;' },
    async law({ till }) {
      const { meterId, saleId } = await paid(till);
      await till.sell(meterId, '10000');
      await said(till, '/api/refunds', refund(meterId, '6000', { saleId }), { kind: 'refund' });
      await said(till, '/api/refunds', refund(meterId, '6000', { saleId }), { code: 'refund.exceeds-purchases' });
    },
  },
  'a refund names a sale of its own account': {
    ...{ file: GIVING_BACK },
    guard: "if (sale.kind === 'sale' && sale.account_id === account.id) return;",
    off: 'return;',
    async law({ till }) {
      const [mine, theirs] = [await paid(till), await paid(till)];
      const body = refund(mine.meterId, '100', { saleId: theirs.saleId });
      await said(till, '/api/refunds', body, { code: 'not-found' });
    },
  },
  'a large refund takes two': {
    ...{ file: WAY_BACK, guard: 'amount > policy.refundSecondPersonMinor', off: 'amount < 0n' },
    async law({ till }) {
      const { meterId } = await till.fresh({ custody: 'platform' });
      await till.sell(meterId, '90000');
      await said(till, '/api/refunds', refund(meterId, '60000'), { state: 'DRAFT' });
    },
  },
  'so does more by a way than came by it': {
    ...{ file: WAY_BACK, guard: '-paidMinor > (await leftByWay(db, account.id, method))', off: 'paidMinor > 0n' },
    async law({ till }) {
      const { meterId } = await paid(till, 'wechat');
      await said(till, '/api/refunds', refund(meterId, '5000'), { state: 'DRAFT' });
    },
  },
  'and at the end of an account': {
    ...{ file: 'server/modules/accounts/payOut.ts', off: 'paidMinor < 0n' },
    guard: 'paidMinor > (await neighbours().leftByMethod(db, accountId, method))',
    async law({ till }) {
      const { account } = await paid(till, 'wechat');
      const closing = { closingId: randomUUID(), refundMethod: 'cash', collectMethod: 'cash', reason };
      await till.post(`/api/accounts/${account.id}/close`, closing);
      await expect.poll(() => stateOfAccount(till, account.id)).toMatch(/^(awaitingApproval|closed)$/);
      expect(await stateOfAccount(till, account.id)).toBe('awaitingApproval');
    },
  },
  'who asked for it does not agree to it': {
    ...{ file: PERSONS, guard: 'const samePerson = actor.userId === row.user_id;', off: 'const samePerson = false;' },
    async law({ till }) {
      const id = await storedVend(till, 'DRAFT', true);
      const word = { decisionId: randomUUID(), outcome: 'approve', reason, evidence: 'seen on the display' };
      await said(till, `/api/vends/${id}/decisions`, word, { code: 'vend.needs-other-person' });
    },
  },
  'nor does who proposed how it ended': {
    ...{ file: PERSONS, off: 'actor.userId < 0' },
    guard: 'actor.userId === proposal.user_id || actor.userId === row.user_id',
    law: proposedBySelf,
  },
  'the same id is the same vend': {
    ...{ file: 'server/modules/vending/begin.ts' },
    ...{ guard: 'if (!row.input_hash.equals(inputHash)) throw keyReused();', off: '' },
    async law({ till }) {
      const { meterId } = await paid(till);
      const id = randomUUID();
      await said(till, '/api/makeups', makeup(meterId, '100', id), { state: 'CONFIRMED' });
      await said(till, '/api/makeups', makeup(meterId, '200', id), { code: 'request.key-reused' });
    },
  },
  'and the same sheet': {
    ...{ file: SHEETS, off: '' },
    guard: 'if (before !== undefined && !before.input_hash.equals(batch.input_hash)) throw keyReused();',
    async law({ till }) {
      const batchId = randomUUID();
      const sheet = (amountMinor: string) => ({
        ...{ batchId, propertyId: till.propertyId, kind: 'makeup', dryRun: false, reason },
        rows: [{ meterNumber: 'none', amountMinor }],
      });
      await till.post('/api/vend-batches', sheet('5'));
      await said(till, '/api/vend-batches', sheet('6'), { code: 'request.key-reused' });
    },
  },
  'a large sheet takes two': {
    ...{ file: SHEETS, off: 'false' },
    guard: 'rows.length > policy.batchSecondPersonMeters || sum > policy.refundSecondPersonMinor',
    async law({ till }) {
      const rows = [{ meterNumber: 'none', amountMinor: '60000' }];
      const body = { batchId: randomUUID(), propertyId: till.propertyId, kind: 'makeup', dryRun: false, reason, rows };
      expect(await till.post<VendBatch>('/api/vend-batches', body)).toMatchObject({ state: 'awaitingApproval' });
    },
  },
  'who gave a sheet does not agree to it': {
    ...{ file: SHEETS, guard: "if (outcome === 'approve' && row.user_id === actor.userId)", off: 'if (false)' },
    sql: ['alter table vend_batch drop constraint vend_batch_second_person'],
    async law({ till }) {
      const path = `/api/vend-batches/${await sheetWaits(till)}/decisions`;
      await said(till, path, { outcome: 'approve', reason }, { code: 'vend.needs-other-person' });
    },
  },
  'nothing is paid out that is not owed': {
    ...{ file: PAYING_OUT, off: 'return;' },
    guard: 'if (now.owed_minor > 0n && now.paid_out_at === null && payable >= now.owed_minor) return;',
    async law({ till }) {
      const { saleId } = await paid(till);
      const body = { payoutId: randomUUID(), method: 'cash', reason };
      await said(till, `/api/sales/${saleId}/payout`, body, { code: 'payout.nothing-owed' });
    },
  },
  'what goes back by another way than it came takes two': {
    ...{ file: PAYING_OUT, off: 'return;' },
    guard: 'if (row.owed_minor <= left || (await otherWayAgreed(tx, row.id, actor.userId))) return;',
    law: ({ till }) => askedBackInCash(till, { reason }, { code: 'payout.needs-two' }),
  },
  'and a word why': {
    ...{ file: PAYING_OUT, guard: 'if (reason === undefined)', off: "if (reason === '')" },
    law: ({ till }) => askedBackInCash(till, {}, { code: 'payout.other-method' }),
  },
  'who pays is not who agreed to the other way': {
    ...{ file: 'server/modules/vending/payoutStore.ts', guard: ' and user_id <> ', off: ' and 0 < ' },
    async law(world) {
      expect(await agreedFor(world, { by: 7, payer: 8 })).toBe(true);
      expect(await agreedFor(world, { by: 7, payer: 7 })).toBe(false);
    },
  },
  'nor is it who agreed to what it was before': {
    ...{ file: 'server/modules/vending/payoutStore.ts', guard: " and for_state = 'CANCELLED'", off: '' },
    async law(world) {
      expect(await agreedFor(world, { by: 7, payer: 8, forState: 'DRAFT' })).toBe(false);
    },
  },
  'nothing is done to an account while its money is on its way': {
    ...{ file: USE_CASE, guard: 'const [meterId] = open;', off: 'const [meterId] = [];' },
    async law({ till }) {
      const { accountId } = await open(till);
      const body = { closingId: randomUUID(), refundMethod: 'cash', collectMethod: 'cash', reason };
      await said(till, `/api/accounts/${accountId}/close`, body, { code: 'account.busy' });
    },
  },
  'the same id is the same use case': {
    ...{ file: USE_CASE, off: '' },
    guard: 'if (!known.input_hash.equals(inputHash)) throw keyReused(request.field);',
    async law({ till }) {
      const { account } = await till.fresh({ custody: 'platform' });
      const pause = { pauseId: randomUUID(), reason };
      await said(till, `/api/accounts/${account.id}/pause`, pause, { state: 'paused' });
      const other = { ...pause, reason: 'another reason' };
      await said(till, `/api/accounts/${account.id}/pause`, other, { code: 'request.key-reused' });
    },
  },
  'what is done to an account suits its state': {
    ...{ file: USE_CASE, guard: 'if (!states.includes(account.state))', off: 'if (false)' },
    async law({ till }) {
      const { account } = await till.fresh({ custody: 'platform' });
      const resume = { resumeId: randomUUID(), reason };
      await said(till, `/api/accounts/${account.id}/resume`, resume, { code: 'account.wrong-state' });
    },
  },
  'the same id is the same customer': {
    ...{ file: 'server/modules/accounts/customers.ts', off: 'known === undefined' },
    guard: 'known === undefined || !known.request_hash.equals(requestHash)',
    async law({ till }) {
      const asked = { requestId: randomUUID(), propertyId: till.propertyId, name: 'One' };
      await said(till, '/api/customers', asked, { name: 'One' });
      await said(till, '/api/customers', { ...asked, name: 'Another' }, { code: 'request.key-reused' });
    },
  },
  'a meter is opened for one account': {
    ...{ file: 'server/modules/accounts/opening.ts', guard: 'if (holder !== undefined) {', off: 'if (false) {' },
    sql: ['drop index account_meter_running_key'],
    async law({ till }) {
      const { meterId } = await paid(till);
      const { id: customerId } = await till.customer('Another');
      const asked = { openingId: randomUUID(), customerId, meterIds: [meterId], tariffId: till.tariffId };
      await said(till, '/api/accounts', { ...asked, custody: 'platform' }, { code: 'account.meter-taken' });
    },
  },
  'a wallet with money in it is not left behind': {
    ...{ file: 'server/modules/accounts/custody.ts', guard: 'if (minor === 0n) return;', off: 'return;' },
    async law({ till }) {
      const { account } = await paid(till);
      const body = { changeId: randomUUID(), custody: 'meter', reason };
      await said(till, `/api/accounts/${account.id}/custody`, body, { code: 'account.busy' });
    },
  },
  'a cut is weighed with the money on its way': {
    ...{ file: FACTS, guard: 'openVend: openVends.has(meterId),', off: 'openVend: false,' },
    async law({ till }) {
      const { meterId } = await open(till);
      const order = { kind: 'trip', cause: 'safety' };
      await said(till, '/api/commands', { commandId: randomUUID(), meterId, order, reason }, { why: ['openVend'] });
    },
  },
  'no batch cuts who is on the protective list': {
    ...{ file: FACTS, guard: 'protection: protection &&', off: 'protection: undefined &&', law: spared },
  },
  'the same batch is of the same meters': {
    ...{ file: COMMAND_BATCHES, guard: 'knownIds.length === wanted.meterIds.length &&', off: '' },
    async law({ till }) {
      const [one = 0, two = 0] = till.meters.map(({ id }) => id);
      const body = { batchId: randomUUID(), order: { kind: 'read' }, reason };
      await said(till, '/api/command-batches', { ...body, meterIds: [one] }, { total: 1 });
      await said(till, '/api/command-batches', { ...body, meterIds: [one, two] }, { code: 'request.key-reused' });
    },
  },
  'the same command is of the same meter': {
    ...{ file: GIVE, guard: 'known.meter_id === meterId &&', off: '' },
    async law({ till }) {
      const [one = 0, two = 0] = till.meters.map(({ id }) => id);
      const body = { commandId: randomUUID(), order: { kind: 'read' }, reason };
      await said(till, '/api/commands', { ...body, meterId: one }, { meterId: one });
      await said(till, '/api/commands', { ...body, meterId: two }, { code: 'request.key-reused' });
    },
  },
  'what was agreed to is the newest order': {
    ...{ file: 'server/modules/commands/store.ts', guard: 'number = default, due_at', off: 'due_at' },
    law: numberedWhenAgreed,
  },
  'a month is closed when it is over': {
    ...{ file: 'server/modules/ledger/service.ts' },
    ...{ guard: '>= periodOf(propertyId, nowMs())', off: "> '9999'" },
    async law({ till }) {
      const { businessDay } = await paid(till);
      const body = { propertyId: till.propertyId, month: businessDay.slice(0, 7) };
      await said(till, '/api/ledger/periods', body, { code: 'request.invalid' });
    },
  },
  'only what a meter holds otherwise goes into the books': {
    ...{ file: 'server/modules/settlement/reconciliationService.ts', off: '' },
    guard: "(row.cause !== 'balanceDiffers' && row.cause !== 'drift') ||",
    async law({ till }) {
      const rowId = await differenceOf(till, 'countDiffers');
      await said(till, `/api/reconciliation-rows/${rowId}/drift`, { reason }, { code: 'request.invalid' });
    },
  },
  'a read in doubt is decided once': {
    ...{ file: 'server/modules/settlement/service.ts' },
    ...{ guard: 'if (known.decided_at !== null)', off: 'if (false)' },
    sql: ['drop trigger quarantine_history on quarantine'],
    async law({ till }) {
      const path = `/api/quarantined-reads/${await decidedRead(till)}/decision`;
      const body = { decision: 'ignored', readAt: '2026-01-01T00:00:00Z', reason };
      await said(till, path, body, { code: 'conflict.changed-meanwhile' });
    },
  },
  'a price that is in use does not begin in the past': {
    ...{ file: 'server/modules/tariffs/service.ts' },
    ...{ guard: 'if (!inUse || effectiveFromMs >= nowMs()) return;', off: 'return;' },
    async law({ till }) {
      const body = { effectiveFrom: '2026-01-02T00:00:00Z', body: { kind: 'single', price: '0.99' } };
      await said(till, `/api/tariffs/${till.tariffId}/versions`, body, { code: 'tariff.too-late' });
    },
  },
  'a step of a vend rests on what was read last': {
    ...{ file: 'server/modules/vending/store.ts', guard: ' and v.version = ', off: ' and v.version + 9 > ' },
    law: stepTwice,
  },
  'so does a step of a case': {
    ...{ file: 'server/modules/accounts/caseStore.ts', guard: ' and version = ', off: ' and version + 9 > ' },
    async law({ till, updateCase }) {
      const change = { state: 'awaitingApproval', step: 'payOut', facts: {}, at: new Date() } as const;
      const id = await waitingCase(till);
      const { db } = till.server.database;
      const first = await updateCase(db, id, 1, { ...change, waiting: undefined, approved: undefined });
      expect(first?.version).toBe(2);
      expect(await updateCase(db, id, 1, { ...change, waiting: undefined, approved: undefined })).toBeUndefined();
    },
  },
  'and a change of a customer': {
    ...{ file: 'server/modules/accounts/customerStore.ts', guard: ' and version = ', off: ' and version < ' },
    async law({ till }) {
      const { id } = await till.customer('Changed');
      const body = { version: 7, name: 'Changed again' };
      const { body: answer } = await till.boss.request('PATCH', `/api/customers/${id}`, body);
      expect(answer).toMatchObject({ code: 'conflict.changed-meanwhile' });
    },
  },
  'a person’s trip of meanwhile is seen before a rule closes': {
    ...{ file: 'server/modules/commands/clearance.ts' },
    ...{ guard: 'if (left.has(row.id)) return', off: "if (left.has('')) return" },
    async law(world) {
      const meterId = world.till.meters.at(-1)?.id;
      const trip = { commandId: randomUUID(), meterId, order: { kind: 'trip', cause: 'safety' }, reason };
      await world.till.post('/api/commands', trip);
      expect(await clearedTrip(world, true, Number.MAX_SAFE_INTEGER / 2, 'close')).toBe('held');
    },
  },
};
