import sql, { raw, type Sql } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account, Charge, Command, MeterNow } from '#contract/index.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { decideCut } from '#domain/cutGuard.ts';
import type { CutRecord } from '#server/modules/commands/cutRecord.ts';
import { until } from '../../scenarios/support/until.ts';
import { startTill, type Till } from '../vending/support/till.ts';

/** The real server over simulated meters: registers come from the wire, relays are told by it. */
let till: Till;
beforeAll(async () => {
  till = await startTill();
});
afterAll(() => till.stop());

const WAIT_MS = 45_000;
const PERSON = {
  ...{ userId: 1, user: 'electrician', displayName: 'Electrician', sessionId: '1', ip: '::1' },
  scope: () => ({ all: true, propertyIds: [], buildingIds: [] }),
};
const get = async <T>(path: string): Promise<T> => (await till.boss.request('GET', path)).body as T;
const relayOf = async (meterId: number) => (await get<MeterNow>(`/api/meters/${meterId}/now`)).facts.relay;

/** As if the account had been opened a day ago with so much less on the meter: its read of the wire tells of this use. */
async function used(accountId: number, energyWh: bigint): Promise<void> {
  const { db, owner } = till.server.database;
  // Nobody but the owner of the tables could say that something was read at another time.
  await owner.query(sql`
    update register_reading set instant = instant - interval '12 hours', read_at = read_at - interval '12 hours'
    where meter_id in (select meter_id from charge_stream where account_id = ${accountId})`);
  await db.query(sql`
    update charge_stream s set began_at = began_at - interval '1 day', cursor_at = cursor_at - interval '1 day',
      charged_to = charged_to - interval '1 day', began_wh = l.energy_wh - ${energyWh}, cursor_wh = l.energy_wh - ${energyWh}
    from (select distinct on (meter_id) meter_id, energy_wh from register_reading order by meter_id, instant desc) l
    where l.meter_id = s.meter_id and account_id = ${accountId}`);
}
/** Half a day later, by a read that is put beside. */
async function usedLater(accountId: number, energyWh: bigint): Promise<void> {
  await till.server.database.db.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
    select s.meter_id, s.cursor_at + interval '6 hours', s.cursor_at + interval '6 hours', 'measured', 'registers',
      s.cursor_wh + ${energyWh} from charge_stream s where s.account_id = ${accountId}`);
}
const chargeNow = () =>
  till.post<{ charges: number; amountMinor: string }>('/api/charge-runs', { propertyId: till.propertyId });
const wallet = async (accountId: number) => (await get<Account>(`/api/accounts/${accountId}`)).balanceMinor;
const noticesOf = async (accountId: number) =>
  (await get<{ items: { level: string; clearedAt?: string }[] }>(`/api/notices?accountId=${accountId}`)).items;

/** The trip's own record is enough to ask the guard again, and it says the same. */
async function decidedAgainAlike(meterId: number): Promise<void> {
  const [trip] = (await get<{ items: Command[] }>(`/api/commands?meterId=${meterId}&kind=trip`)).items;
  const [row] = await till.server.database.db.query<{ weighed: CutRecord }>(
    sql`select weighed from command where id = ${trip?.id ?? ''}::uuid`,
  );
  const { at, cause, openVend, unverifiedPayment, account, noticedAt = '', rules, cutAt } = row?.weighed ?? {};
  expect(account).toEqual({
    ...{ paused: false, balanceMinor: '-10400', unused: false },
    ...{ cutLineMinor: '0', overdueMinor: '0', overdueFeesMinor: '0' },
  });
  if (cause === undefined || rules === undefined || at === undefined) throw new Error('nothing was recorded');
  const position = { balanceMinor: BigInt(account?.balanceMinor ?? ''), unused: account?.unused === true };
  const facts = {
    ...{ cause, openVend: openVend === true, unverifiedPayment: unverifiedPayment === true, protection: undefined },
    account: { paused: account?.paused === true, position, cutLineMinor: 0n, overdueMinor: 0n, overdueFeesMinor: 0n },
    noticedAtMs: Date.parse(noticedAt),
  };
  const calendar = zonedCalendar('Asia/Shanghai');
  const said = decideCut(facts, { ...rules, calendar, holidays: [], extraWorkdays: [] }, Date.parse(at));
  expect(said).toEqual({ cut: true, atMs: Date.parse(cutAt ?? '') });
  const { items } = await get<{ items: object[] }>(`/api/audit?subjectKind=command&subjectId=${trip?.id}`);
  expect(items).toMatchObject([{ after: { givenBy: 'arrears', weighed: { cause: 'arrears', account, noticedAt } } }]);
}

/** What is on its way to a meter lets a cut wait for the next sweep: nobody here waits that long. */
const weighedUntil = (what: string, ask: () => Promise<boolean>) =>
  until(what, WAIT_MS, async () => {
    await till.server.app.money.settlement.weighArrears();
    return ask();
  });

async function opened(paidMinor: string) {
  const { account, meterId } = await till.fresh({ custody: 'platform', alarm1Minor: '5000', alarm2Minor: '2000' });
  const sale = await till.sell(meterId, paidMinor);
  expect(sale).toMatchObject({ state: 'CONFIRMED' });
  const { db } = till.server.database;
  await until('its registers are stored', WAIT_MS, async () => {
    const rows = await db.query(sql`select 1 from register_reading where meter_id = ${meterId}`);
    return rows.length > 0;
  });
  await until('supplied', WAIT_MS, async () => (await relayOf(meterId)) === 'closed');
  // Weighed before it goes: a wallet that is empty by then is cut by this order, and by no trip.
  await until('told to follow the platform', WAIT_MS, async () => {
    const { items } = await get<{ items: Command[] }>(`/api/commands?meterId=${meterId}`);
    return items.some(({ rule, state }) => rule === 'account' && state === 'verified');
  });
  return { account, meterId };
}

describe('a wallet that runs out', () => {
  test('is charged from two registers, warned, cut by the guard, and supplied again after payment', async () => {
    const { account, meterId } = await opened('10000');
    await used(account.id, 100_000n);
    expect(await chargeNow()).toMatchObject({ charges: 1, amountMinor: '6800' });
    await until('the wallet fell', WAIT_MS, async () => (await wallet(account.id)) === '3200');
    await until('warned', WAIT_MS, async () => (await noticesOf(account.id)).length === 1);
    expect(await noticesOf(account.id)).toMatchObject([{ level: 'alarm1' }]);

    const [charge] = (await get<{ items: Charge[] }>(`/api/charges?accountId=${account.id}`)).items;
    const opens = await get<object>(`/api/charges/${charge?.id}`);
    expect(opens).toMatchObject({
      charge: { amountMinor: '6800', quantityWh: '100000', lines: [{ price: '0.68000000', amountMinor: '6800' }] },
      segments: [{ deltaWh: '100000', quality: 'measured', tariffVersionId: expect.any(Number), toRead: {} }],
    });

    await usedLater(account.id, 200_000n);
    await chargeNow();
    await weighedUntil('cut', async () => (await relayOf(meterId)) === 'open');
    expect((await noticesOf(account.id)).map(({ level }) => level)).toEqual(['arrears', 'alarm2', 'alarm1']);
    const arrears = await get<{ items: object[] }>(`/api/arrears?propertyId=${till.propertyId}`);
    expect(arrears.items).toMatchObject([
      { accountId: account.id, level: 'arrears', balanceMinor: '-10400', wanted: 'open' },
    ]);

    await decidedAgainAlike(meterId);
    await till.sell(meterId, '30000');
    await until('supplied again', WAIT_MS, async () => (await relayOf(meterId)) === 'closed');
    expect((await noticesOf(account.id)).filter(({ clearedAt }) => clearedAt === undefined)).toEqual([]);
    expect(await wallet(account.id)).toBe('19600');
    const { faults } = await till.server.app.money.ledger.prove(till.server.database.db);
    expect(faults).toEqual([]);
  });

  test('is put right, and so are its warnings, where a person corrects the register that was charged', async () => {
    const { account, meterId } = await opened('10000');
    await used(account.id, 100_000n);
    await chargeNow();
    await until('warned', WAIT_MS, async () => (await noticesOf(account.id)).length === 1);
    const [charge] = (await get<{ items: Charge[] }>(`/api/charges?accountId=${account.id}`)).items;
    const { segments } = await get<{ segments: { toWh: string }[] }>(`/api/charges/${charge?.id}`);
    const energyWh = String(BigInt(segments.at(-1)?.toWh ?? '0') - 60_000n);
    await till.post('/api/register-edits', { meterId, at: charge?.to, energyWh, reason: 'read off the display' });
    await until('the wallet rose', WAIT_MS, async () => (await wallet(account.id)) === '7280');
    await weighedUntil('no warning stands', async () => (await noticesOf(account.id))[0]?.clearedAt !== undefined);
  });

  test('a protected meter is never cut, and says why', async () => {
    const { account, meterId } = await opened('100');
    await till.boss.request('POST', '/api/commands', {
      ...{ commandId: crypto.randomUUID(), meterId, reason: 'fire pump', order: { kind: 'protect' } },
    });
    await used(account.id, 50_000n);
    await chargeNow();
    await until('weighed', WAIT_MS, async () => {
      const { items } = await get<{ items: { accountId: number; decision?: string }[] }>('/api/arrears');
      return items.some(({ accountId, decision }) => accountId === account.id && decision === 'hold protected');
    });
    expect(await relayOf(meterId)).toBe('closed');
  });

  test('outside of the hours in which supply may be cut it waits for them', async () => {
    const { account, meterId } = await opened('100');
    // A day of the week that is neither today nor tomorrow.
    const local = new Date(Date.now() + 8 * 3_600_000);
    const weekday = ((local.getUTCDay() + 2) % 7) + 1;
    await till.policy({ cutAllowed: [{ weekdays: [weekday], fromMinute: 540, toMinute: 960 }] });
    await used(account.id, 50_000n);
    await chargeNow();
    await until('weighed', WAIT_MS, async () => {
      const { items } = await get<{ items: { accountId: number; decision?: string }[] }>('/api/arrears');
      return items.some(({ accountId, decision }) => accountId === account.id && decision?.startsWith('cut ') === true);
    });
    expect(await relayOf(meterId)).toBe('closed');
    await till.policy({ cutAllowed: [] });
    await weighedUntil('cut', async () => (await relayOf(meterId)) === 'open');
  });

  test('where the policy asks for notice, supply stays on for so many hours after it, whoever asks, and is cut then', async () => {
    const HOURS = 3;
    const { account, meterId } = await opened('100');
    const { db } = till.server.database;
    const ordersOf = async () => (await get<{ items: Command[] }>(`/api/commands?meterId=${meterId}&kind=trip`)).items;
    const byPerson = () =>
      till.post<Command>('/api/commands', {
        ...{ commandId: crypto.randomUUID(), meterId, reason: 'owes money', order: { kind: 'trip', cause: 'arrears' } },
      });
    // What was said stays as it was said otherwise.
    const noticeIs = (change: Sql) =>
      till.server.database.owner.tx(async (tx) => {
        await tx.query(raw('set local session_replication_role = replica'));
        await tx.query(
          sql`update notice set ${change} where account_id = ${account.id} and level in ('alarm2', 'arrears')`,
        );
      });
    await till.policy({ noticeHours: HOURS });
    await used(account.id, 50_000n);
    await chargeNow();
    const weighedAs = async () => {
      const { items } = await get<{ items: { accountId: number; decision?: string }[] }>('/api/arrears');
      return items.find(({ accountId }) => accountId === account.id)?.decision;
    };
    await until('weighed', WAIT_MS, async () => (await weighedAs()) !== undefined);
    const [told] = await db.query<{ at: Date }>(
      sql`select min(raised_at) as at from notice where account_id = ${account.id} and level in ('alarm2', 'arrears')`,
    );
    const cutAt = new Date((told?.at.getTime() ?? 0) + HOURS * 3_600_000).toISOString();
    expect(await weighedAs()).toBe(`cut ${cutAt}`);
    await till.server.app.money.settlement.weighArrears();
    expect(await ordersOf()).toEqual([]);
    expect(await byPerson()).toMatchObject({ state: 'held', why: ['cutLater'], detail: cutAt });

    // As if nobody had told the customer.
    await noticeIs(sql`cleared_at = now()`);
    await till.server.app.money.settlement.weighArrears();
    expect(await weighedAs()).toBe('hold noticeMissing');
    expect(await byPerson()).toMatchObject({ state: 'held', why: ['noticeMissing'] });
    await noticeIs(sql`cleared_at = null`);
    expect(await relayOf(meterId)).toBe('closed');

    // As if the hours had gone by, less ten minutes, and then all of them.
    await noticeIs(sql`raised_at = raised_at - make_interval(hours => ${HOURS}, mins => -10)`);
    await till.server.app.money.settlement.weighArrears();
    expect(await byPerson()).toMatchObject({ state: 'held', why: ['cutLater'] });
    await noticeIs(sql`raised_at = raised_at - interval '10 minutes'`);
    await weighedUntil('cut', async () => (await relayOf(meterId)) === 'open');
    const trips = (await ordersOf()).filter(({ state }) => state !== 'held');
    expect(trips).toMatchObject([{ rule: 'arrears' }]);
    await till.policy({ noticeHours: 0 });
  }, 150_000);
});

describe('what a person tripped', () => {
  const BACK = 'restoreAfterPayment';
  const commandsOf = async (meterId: number) =>
    (await get<{ items: Command[] }>(`/api/commands?meterId=${meterId}`)).items;
  const stateOf = async (accountId: number) => {
    const { items } = await get<{ items: { accountId: number; level: string }[] }>('/api/arrears');
    return items.find((item) => item.accountId === accountId);
  };
  /** Cut by the rule, verified. */
  async function cutByRule() {
    const { account, meterId } = await opened('100');
    await used(account.id, 50_000n);
    await chargeNow();
    await weighedUntil('cut by the rule', async () =>
      (await commandsOf(meterId)).some(({ rule, state }) => rule === 'arrears' && state === 'verified'),
    );
    return { account, meterId };
  }
  const order = (meterId: number, asked: object) =>
    till.post<Command>('/api/commands', { commandId: crypto.randomUUID(), meterId, reason: 'works', order: asked });
  const verified = (id: string) =>
    until('verified', WAIT_MS, async () => (await get<Command>(`/api/commands/${id}`)).state === 'verified');
  async function paid(account: Account, meterId: number) {
    await till.sell(meterId, '30000');
    await till.server.app.money.settlement.weighArrears();
    const orders = await commandsOf(meterId);
    expect(orders.filter(({ rule, state }) => rule === BACK || (rule === undefined && state === 'stopped'))).toEqual(
      [],
    );
    expect(await stateOf(account.id)).toMatchObject({ level: 'normal', decision: 'leave trippedByPerson' });
  }

  test('stays without supply after a payment, also where the rule had cut before, until a person closes it', async () => {
    const { account, meterId } = await cutByRule();
    const trip = await order(meterId, { kind: 'trip', cause: 'safety' });
    await verified(trip.id);
    await paid(account, meterId);
    expect(await relayOf(meterId)).toBe('open');

    const close = await order(meterId, { kind: 'close' });
    await verified(close.id);
    await weighedUntil('the rule has nothing to leave any more', async () => (await stateOf(account.id)) === undefined);
    expect((await commandsOf(meterId)).filter(({ rule }) => rule === BACK)).toEqual([]);
    await until('supplied', WAIT_MS, async () => (await relayOf(meterId)) === 'closed');
  }, 150_000);

  test('is not stopped by a payment while it still waits for its line', async () => {
    const { account, meterId } = await cutByRule();
    const { db } = till.server.database;
    const commandId = crypto.randomUUID();
    // Due in an hour: it waits for as long as this looks.
    await db.tx(async (tx) => {
      await till.server.app.money.commands.order(tx, {
        ...{ commandId, meterId, order: { kind: 'trip', cause: 'safety' }, reason: 'works' },
        giver: { actor: PERSON },
      });
      await tx.query(sql`update command set due_at = given_at + interval '1 hour' where id = ${commandId}::uuid`);
    });
    await paid(account, meterId);
    expect(await get<Command>(`/api/commands/${commandId}`)).toMatchObject({ state: 'queued' });
    await db.query(sql`update command set due_at = given_at where id = ${commandId}::uuid`);
    await verified(commandId);
    expect(await relayOf(meterId)).toBe('open');
  }, 150_000);
});

describe('a cut for fees of the property', () => {
  const order = { kind: 'trip', cause: 'propertyFee' };
  const give = (meterId: number) =>
    till.post<Command>('/api/commands', { commandId: crypto.randomUUID(), meterId, reason: 'fees', order });

  test('is forbidden without a law, and with one it always waits for a second person', async () => {
    const { commands } = till.server.app.money;
    const { meterId } = await opened('10000');
    commands.setOverdueSource(
      async (_tx, accountIds) => new Map(accountIds.map((id) => [id, { billsMinor: 0n, propertyFeesMinor: 500n }])),
    );
    expect(await give(meterId)).toMatchObject({ state: 'held', why: ['propertyFeeForbidden'] });
    await till.policy({ cutForPropertyFees: true, cutForPropertyFeesLegalBasis: 'a rule of the province' });

    const single = await give(meterId);
    expect(single).toMatchObject({ state: 'awaitingApproval', attempts: 0 });
    const batch = { meterIds: [meterId], order };
    expect(await till.post('/api/command-batches/preview', batch)).toMatchObject({ run: 1, needsSecondPerson: true });
    const body = { ...batch, batchId: crypto.randomUUID(), reason: 'fees' };
    expect(await till.post('/api/command-batches', body)).toMatchObject({ approval: 'waiting' });

    const decide = `/api/commands/${single.id}/decisions`;
    const own = await till.boss.request('POST', decide, { agree: true });
    expect(own).toMatchObject({ status: 409, body: { code: 'approval.same-person' } });
    // What was told while it waited is older than the agreement.
    const close = await till.post<Command>('/api/commands', {
      ...{ commandId: crypto.randomUUID(), meterId, reason: 'meanwhile', order: { kind: 'close' } },
    });
    await until('closed', WAIT_MS, async () => (await get<Command>(`/api/commands/${close.id}`)).state === 'verified');
    const second = await till.person('engineer');
    expect(await second.request('POST', decide, { agree: true })).toMatchObject({ status: 200 });
    await until('cut', WAIT_MS, async () => (await get<Command>(`/api/commands/${single.id}`)).state === 'verified');
    await expect.poll(() => commands.wantedRelay(meterId)).toBe('open');
    commands.setOverdueSource(async () => new Map());
    await till.policy({ cutForPropertyFees: false });
  }, 150_000);
});

describe('an account that was just opened', () => {
  test('keeps supply with an empty wallet until a charge passes the line', async () => {
    const { account, meterId } = await till.fresh({ custody: 'platform', alarm1Minor: '5000', alarm2Minor: '2000' });
    const { db } = till.server.database;
    const [command] = await until('its relay was told', WAIT_MS, async () => {
      const { items } = await get<{ items: Command[] }>(`/api/commands?meterId=${meterId}&kind=restorePrepaid`);
      return items.some(({ state }) => state === 'verified') ? items : undefined;
    });
    expect(command).toMatchObject({ state: 'verified' });
    expect(till.server.app.money.commands.wantedRelay(meterId)).toBe('closed');
    await till.server.app.money.settlement.weighArrears();
    const now = await get<MeterNow>(`/api/meters/${meterId}/now`);
    expect(now.facts).toMatchObject({ relay: 'closed', money: 'normal' });
    expect(await noticesOf(account.id)).toEqual([]);

    await until('its registers are stored', WAIT_MS, async () => {
      const rows = await db.query(sql`select 1 from register_reading where meter_id = ${meterId}`);
      return rows.length > 0;
    });
    await used(account.id, 1_000n);
    await chargeNow();
    await weighedUntil('cut', async () => (await relayOf(meterId)) === 'open');
    expect(await wallet(account.id)).toBe('-68');
  });
});
