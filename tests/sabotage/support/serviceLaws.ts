import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { expect } from 'vitest';
import type { Command, CommandBatch, TariffSettings, TariffVersion } from '#contract/index.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { modelById } from '#drivers/models/index.ts';
import type { updateCase } from '#server/modules/accounts/caseStore.ts';
import type { createClearance } from '#server/modules/commands/clearance.ts';
import type { AccountKind } from '#server/modules/ledger/index.ts';
import type { otherWayAgreed } from '#server/modules/vending/payoutStore.ts';
import type { createStepper } from '#server/modules/vending/stepper.ts';
import type { selectVend } from '#server/modules/vending/store.ts';
import type { Till } from '../../server/vending/support/till.ts';
import type { Sabotage } from './altered.ts';

/** A server with its till, sound or sabotaged, and what a law asks of it beside its routes. */
export interface World {
  readonly till: Till;
  readonly createClearance: typeof createClearance;
  readonly createStepper: typeof createStepper;
  readonly selectVend: typeof selectVend;
  readonly updateCase: typeof updateCase;
  readonly otherWayAgreed: typeof otherWayAgreed;
}

/** A guard inside of a use case. `sql`: the database guards it as well, and is told not to. */
export interface ServiceAttack extends Sabotage {
  readonly sql?: readonly string[];
  readonly law: (world: World) => Promise<void>;
}

const reason = 'a good reason';
const RULES = {
  ...{ cutAllowed: [], holidays: [], extraWorkdays: [], noticeHours: 0, cutForPropertyFees: false },
  ...{ cutForPropertyFeesLegalBasis: undefined, calendar: zonedCalendar('Asia/Shanghai') },
};
const NOW_MS = Date.parse('2026-11-23T04:00:00Z');

async function ownBatchIsDecided({ till }: World): Promise<void> {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const protect = { commandId: randomUUID(), meterId, order: { kind: 'protect' }, reason };
  await till.post('/api/commands', protect);
  const batchId = randomUUID();
  const body = { batchId, meterIds: [meterId], order: { kind: 'restorePrepaid' }, reason };
  expect(await till.post<CommandBatch>('/api/command-batches', body)).toMatchObject({ approval: 'waiting' });
  const own = await till.boss.request('POST', `/api/command-batches/${batchId}/decisions`, { agree: true });
  expect(own).toMatchObject({ status: 409, body: { code: 'approval.same-person' } });
}

async function batchWaits({ till }: World): Promise<void> {
  await till.policy({ batchSecondPersonMeters: 1 });
  const meterIds = [
    (await till.fresh({ custody: 'platform' })).meterId,
    (await till.fresh({ custody: 'platform' })).meterId,
  ];
  const body = { batchId: randomUUID(), meterIds, order: { kind: 'close' }, reason };
  expect(await till.post<CommandBatch>('/api/command-batches', body)).toMatchObject({ approval: 'waiting' });
}

/** What `clearance` says right before a trip is sent, or another order of a rule. */
export async function clearedTrip(
  { till, createClearance: create }: World,
  cut: boolean,
  expiresMs: number,
  kind: 'trip' | 'close' = 'trip',
): Promise<string> {
  const meter = kind === 'trip' ? till.meters[0] : till.meters.at(-1);
  if (meter === undefined) throw new Error('the plant has no meter');
  const clearance = create({
    ...{ estate: till.server.app.estate, modelOf: modelById, accounts: { accountOfMeter: () => undefined } },
    guard: {
      calendarOf: () => zonedCalendar('Asia/Shanghai'),
      async weigh() {
        const facts = { cause: 'operator', openVend: !cut, unverifiedPayment: false } as const;
        const unknown = { protection: undefined, account: undefined };
        const decision = cut ? ({ cut, atMs: NOW_MS } as const) : ({ cut, why: ['openVend'] } as const);
        const asked = { decision, facts: { ...facts, ...unknown, noticedAtMs: undefined }, rules: RULES };
        return new Map([[meter.id, { ...asked, ...unknown }]]);
      },
    },
  });
  const { propertyId: property_id } = meter;
  const [change] = await till.server.database.db.tx((tx) =>
    clearance(
      tx,
      [
        {
          ...{ id: randomUUID(), number: 1n, batch_id: null, property_id, building_id: null, meter_id: meter.id },
          ...{
            line_id: meter.lineId,
            kind,
            command_order: { kind },
            rule: kind === 'trip' ? null : 'restoreAfterPayment',
            state: 'queued',
            why: [],
          },
          ...{ relay_mode: null, attempts: 0, failed_reads: 0, unreached: 0, expires_at: new Date(expiresMs) },
        },
      ],
      NOW_MS,
    ),
  );
  return change?.state ?? 'none';
}

/** Entries beside the till, so that a wallet holds more or less than was bought. */
export function booked(till: Till, entries: readonly (readonly [AccountKind, string, bigint])[]) {
  return till.server.database.db.tx((tx) =>
    till.server.app.money.ledger.post(tx, {
      ...{ propertyId: till.propertyId, kind: 'test', key: randomUUID(), refKind: 'test', refId: '' },
      ...{ eventAtMs: Date.now(), actor: { userId: undefined, name: 'test' } },
      entries: entries.map(([kind, subject, amountMinor]) => ({ account: { kind, subject }, amountMinor })),
    }),
  );
}

/** A wallet into which so much was paid, and which then was moved to something else. */
async function refundAnswers({ till }: World, paid: bigint, moved: bigint, refund: bigint): Promise<unknown> {
  const { account, meterId } = await till.fresh({ custody: 'platform' });
  await till.sell(meterId, String(paid));
  await booked(till, [
    ['wallet', `account:${account.id}`, -moved],
    ['granted', '', moved],
  ]);
  const body = { refundId: randomUUID(), meterId, amountMinor: String(refund), method: 'cash', reason };
  return (await till.boss.request('POST', '/api/refunds', body)).body;
}

async function priceNeedsTwo({ till }: World): Promise<void> {
  const settings = `/api/properties/${till.propertyId}/tariff-settings`;
  const { version } = (await till.boss.request('GET', settings)).body as TariffSettings;
  await till.boss.request('PUT', settings, { version, secondPerson: true });
  const input = { effectiveFrom: '2030-01-01T00:00:00Z', body: { kind: 'single', price: '0.99' } };
  const draft = await till.post<TariffVersion>(`/api/tariffs/${till.tariffId}/versions`, input);
  const decision = await till.boss.request('POST', `/api/tariff-versions/${draft.id}/decision`, {
    decision: 'publish',
  });
  expect(decision.body).toMatchObject({ code: 'approval.same-person' });
}

async function payOutNeedsTwo({ till }: World): Promise<void> {
  const deposit = { amountMinor: '90000', method: 'transfer' };
  const { account } = await till.fresh({ custody: 'platform', deposit });
  const body = { closingId: randomUUID(), refundMethod: 'transfer', collectMethod: 'cash', reason };
  await till.post(`/api/accounts/${account.id}/close`, body);
  await expect
    .poll(async () => (await till.account(account.id)).running?.state, { timeout: 15_000 })
    .toBe('awaitingApproval');
  const path = `/api/accounts/${account.id}/cases/${body.closingId}/decision`;
  expect((await till.boss.request('POST', path, { agree: true, reason })).status).toBe(409);
}

async function estimatedIsNotCharged({ till }: World): Promise<void> {
  const { account, meterId } = await till.fresh({ custody: 'platform' });
  const { db } = till.server.database;
  await db.query(sql`
    update charge_stream set began_at = now() - interval '3 hours', cursor_at = now() - interval '3 hours',
      charged_to = now() - interval '3 hours', tariffs = jsonb_set(tariffs, '{0,fromMs}', '0') where meter_id = ${meterId}`);
  // At the last billing instant, whether or not the meter was read for it.
  await till.server.database.owner.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
    select meter_id, date_bin('30 minutes', now(), timestamptz '2026-01-01Z'), now(), 'estimated', 'registers', cursor_wh + 5000
    from charge_stream where meter_id = ${meterId}
    on conflict (meter_id, instant) do update set quality = 'estimated', energy_wh = excluded.energy_wh`);
  await till.server.app.money.settlement.chargeProperty(till.propertyId);
  expect(await db.query(sql`select 1 from charge where account_id = ${account.id}`)).toEqual([]);
}

async function feesTakeTwo({ till }: World): Promise<void> {
  await till.policy({ cutForPropertyFees: true, cutForPropertyFeesLegalBasis: 'a rule of the province' });
  till.server.app.money.commands.setOverdueSource(
    async (_tx, accountIds) => new Map(accountIds.map((id) => [id, { billsMinor: 0n, propertyFeesMinor: 500n }])),
  );
  const { meterId } = await till.fresh({ custody: 'platform' });
  const body = { commandId: randomUUID(), meterId, order: { kind: 'trip', cause: 'propertyFee' }, reason };
  expect(await till.post<Command>('/api/commands', body)).toMatchObject({ state: 'awaitingApproval' });
}

async function personsTripStays({ till }: World): Promise<void> {
  const { db, money } = till.server.app;
  const { meterId } = await till.fresh({ custody: 'platform' });
  await till.post('/api/commands', {
    ...{ commandId: randomUUID(), meterId, order: { kind: 'trip', cause: 'safety' }, reason },
  });
  const restore = { commandId: randomUUID(), meterId, order: { kind: 'restorePrepaid' }, reason } as const;
  const made = await db.tx((tx) => money.commands.order(tx, { ...restore, giver: { rule: 'restoreAfterPayment' } }));
  expect(made).toMatchObject({ state: 'held', why: ['trippedByPerson'] });
}

const GIVE = 'server/modules/commands/give.ts';
const BATCHES = 'server/modules/commands/batches.ts';
const CLEARANCE = 'server/modules/commands/clearance.ts';
const GIVING_BACK = 'server/modules/vending/givingBack.ts';

export const SERVICE_ATTACKS: Readonly<Record<string, ServiceAttack>> = {
  'a large batch waits for a second person': {
    ...{ file: BATCHES, guard: 'run.length > above || always', off: 'always', law: batchWaits },
  },
  'who gave a batch is not who agrees to it': {
    ...{ file: BATCHES, guard: 'if (row.given_by === actor.userId) throw samePerson();', off: '' },
    sql: [
      'alter table command_batch drop constraint command_batch_second_person',
      'alter table command drop constraint command_second_person',
    ],
    law: ownBatchIsDecided,
  },
  'a cut for fees of the property waits for a second person': {
    ...{ file: GIVE, guard: "order.cause === 'propertyFee' && meterIds.length > 0", off: 'false', law: feesTakeTwo },
  },
  'a rule does not undo what a person tripped': {
    ...{ file: GIVE, guard: "openBy.get(profile.meter.id) === 'person' ?", off: 'openBy.size < 0 ?' },
    law: personsTripStays,
  },
  'what holds a cut is asked again right before it is sent': {
    ...{
      file: CLEARANCE,
      guard: "if (held !== undefined) return { id: row.id, state: 'held',",
      off: "if (held === null) return { id: row.id, state: 'held',",
    },
    law: async (world) => expect(await clearedTrip(world, false, NOW_MS + 1)).toBe('held'),
  },
  'a trip whose time is over is not sent': {
    ...{ file: CLEARANCE, guard: 'row.expires_at.getTime() <= nowMs', off: 'row.expires_at.getTime() < 0' },
    law: async (world) => expect(await clearedTrip(world, true, NOW_MS)).toBe('failed'),
  },
  'a change of an account rests on what was read last': {
    ...{ file: 'server/modules/accounts/changes.ts' },
    ...{ guard: 'if (before.version !== body.version) throw changedMeanwhile();', off: '' },
    async law({ till }) {
      const { account } = await till.fresh({ custody: 'platform' });
      const body = { changeId: randomUUID(), version: account.version + 7, alarm1Minor: '9900' };
      const path = `/api/accounts/${account.id}`;
      expect((await till.boss.request('PATCH', path, body)).body).toMatchObject({ code: 'conflict.changed-meanwhile' });
    },
  },
  'a large pay-out is decided by somebody else': {
    ...{ file: 'server/modules/accounts/decisions.ts' },
    ...{
      guard: '(statementOf(row)?.userId ?? row.user_id) !== actor.userId',
      off: '(statementOf(row)?.userId ?? row.user_id) !== -1',
    },
    sql: ['alter table account_case drop constraint account_case_two_persons'],
    law: payOutNeedsTwo,
  },
  'a refund is never more than what is there': {
    ...{ file: GIVING_BACK, guard: 'if (amount > held)', off: 'if (amount < 0n)' },
    sql: ['alter table ledger_entry drop constraint ledger_entry_limit'],
    async law(world) {
      expect(await refundAnswers(world, 10_000n, -6_000n, 8_000n)).toMatchObject({ code: 'refund.exceeds-balance' });
    },
  },
  'nor more than what was bought': {
    ...{
      file: GIVING_BACK,
      guard: 'if (amount <= bought) return undefined;',
      off: 'if (amount > 0n) return undefined;',
    },
    async law(world) {
      expect(await refundAnswers(world, 1_000n, 5_000n, 3_000n)).toMatchObject({ code: 'refund.exceeds-purchases' });
    },
  },
  'who wrote a price does not publish it where two must': {
    ...{
      file: 'server/modules/tariffs/service.ts',
      guard: 'version.createdBy === actor.userId',
      off: 'version.createdBy === -1',
    },
    law: priceNeedsTwo,
  },
  'what was not read is not charged': {
    ...{ file: 'server/modules/settlement/countedStore.ts' },
    ...{ guard: ".quality <> 'estimated' and", off: ".quality <> 'unheard' and" },
    law: estimatedIsNotCharged,
  },
};
