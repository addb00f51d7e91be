import { randomUUID } from 'node:crypto';
import sql, { type Sql } from 'sql-template-tag';
import type { Account, Command, CommandBatch, Sale, Tariff, TariffVersion, VendBatch } from '#contract/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { until } from '../../../scenarios/support/until.ts';
import type { SmallEstate } from '../../../support/estate.ts';
import type { Client } from '../../../support/server.ts';
import { answered } from '../../accounts/support/moneyHouse.ts';

/** One of each thing of money that an id names, in one property. */
export interface MoneyThings {
  readonly propertyId: number;
  readonly placeId: number;
  /** Of the account. */
  readonly meterId: number;
  /** Of nobody. */
  readonly otherMeterId: number;
  readonly tariffId: number;
  /** A draft. */
  readonly versionId: number;
  readonly customerId: number;
  /** Without an account. */
  readonly otherCustomerId: number;
  readonly accountId: number;
  readonly caseId: string;
  readonly saleId: string;
  readonly sheetId: string;
  readonly commandId: string;
  readonly batchId: string;
  readonly chargeId: string;
  readonly readId: string;
  readonly runId: string;
  readonly rowId: string;
}

/** Makes them over the API; what only time brings about is written as the program writes it. */
export async function moneyThingsOf(db: Db, client: Client, estate: SmallEstate, name: string): Promise<MoneyThings> {
  const { property, rooms, meters } = estate;
  const propertyId = property.id;
  const [meter, other] = meters;
  const reason = `${name} reason`;
  const post = async <T>(path: string, body: object) => answered(await client.request('POST', path, body)) as T;
  const tariff = await post<Tariff>('/api/tariffs', { propertyId, name: `${name} shops`, medium: 'electricity' });
  const version = () =>
    post<TariffVersion>(`/api/tariffs/${tariff.id}/versions`, {
      ...{ effectiveFrom: '2026-01-01T00:00:00Z', body: { kind: 'single', price: '0.7' }, note: name },
    });
  const [used, draft] = [await version(), await version()];
  await post(`/api/tariff-versions/${used.id}/decision`, { decision: 'publish' });
  const person = () => post<{ id: number }>('/api/customers', { requestId: randomUUID(), propertyId, name });
  const [customer, another] = [await person(), await person()];
  const caseId = randomUUID();
  const account = await post<Account>('/api/accounts', {
    ...{ openingId: caseId, customerId: customer.id, meterIds: [meter.id], tariffId: tariff.id, custody: 'platform' },
    stated: [{ meterId: meter.id, energyWh: '1000', reason }],
  });
  const sale = await post<Sale>('/api/sales', {
    ...{ saleId: randomUUID(), meterId: meter.id, paidMinor: '10000', method: 'cash' },
  });
  const sheetId = randomUUID();
  await post('/api/vend-batches', {
    ...{ batchId: sheetId, propertyId, kind: 'makeup', dryRun: false, reason },
    rows: [{ meterNumber: meter.meterNumber, amountMinor: '100', reason }],
  });
  await until('the sheet is through', 20_000, async () => {
    const { body } = await client.request('GET', `/api/vend-batches/${sheetId}`);
    return (body as VendBatch).state === 'done';
  });
  const order = { kind: 'protect' };
  const command = await post<Command>('/api/commands', { commandId: randomUUID(), meterId: meter.id, order, reason });
  const batch = await post<CommandBatch>('/api/command-batches', {
    ...{ batchId: randomUUID(), meterIds: [meter.id], order: { kind: 'read' }, reason },
  });
  const idOf = async (statement: Sql): Promise<string> => {
    const [row] = await db.query<{ id: bigint }>(statement);
    return String(row?.id ?? '');
  };
  const [stream] = await db.query<{ id: bigint }>(sql`
    update charge_stream set hold = 'noTariffVersion', held_at = now() where account_id = ${account.id} returning id`);
  await db.query(sql`
    insert into arrears_state (account_id, property_id, level, balance_minor, since, evaluated_at)
    values (${account.id}, ${propertyId}, 'alarm1', 1, now(), now())
    on conflict (account_id) do update set level = 'alarm1'`);
  await post('/api/ledger/periods', { propertyId, month: '2026-01' });
  const chargeId = await idOf(sql`
    insert into charge (property_id, account_id, meter_id, epoch, stream_id, from_at, to_at, period, reason, quantity_wh, amount_minor,
      lines, txn_id, charged_at)
    values (${propertyId}, ${account.id}, ${meter.id}, 1, ${stream?.id}, '2026-01-01', '2026-01-02', '2026-01-01', 'reading', 1, 5, '[]', 1,
      now()) returning id`);
  await readsAndNotices(db, { propertyId, accountId: account.id, meterId: meter.id, name });
  const readId = await idOf(sql`
    insert into quarantine (property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh, cap_wh, raised_at)
    values (${propertyId}, ${account.id}, ${meter.id}, ${stream?.id}, 'backward', now(), 5, now(), 4, 1, now()) returning id`);
  const runId = await idOf(sql`
    insert into reconciliation_run (property_id, day, user_id, actor_name, started_at, finished_at)
    values (${propertyId}, '2026-01-01', 1, ${name}, now(), now()) returning id`);
  const rowId = await idOf(sql`
    insert into reconciliation_row (run_id, property_id, side, cause, account_id, meter_id, expected, found, difference_minor, detail)
    values (${runId}, ${propertyId}, 'meter', 'balanceDiffers', ${account.id}, ${meter.id}, '1', '2', 1, ${name}) returning id`);
  return {
    ...{ propertyId, placeId: rooms[0].id, meterId: meter.id, otherMeterId: other.id, tariffId: tariff.id },
    ...{
      versionId: draft.id,
      customerId: customer.id,
      otherCustomerId: another.id,
      accountId: account.id,
      caseId,
      saleId: sale.saleId,
      sheetId,
    },
    ...{ commandId: command.id, batchId: batch.id, chargeId, readId, runId, rowId },
  };
}

interface Of {
  readonly propertyId: number;
  readonly accountId: number;
  readonly meterId: number;
  readonly name: string;
}
/** A reading that may be corrected, one that was, what was charged anew, and a warning. */
async function readsAndNotices(db: Db, { propertyId, accountId, meterId, name }: Of): Promise<void> {
  // At the instant that samples name.
  await db.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
    values (${meterId}, '2026-01-01T00:00Z', '2026-01-01T00:00Z', 'measured', 'registers', 5)`);
  await db.query(sql`
    insert into register_edit (property_id, meter_id, instant, raw_wh, before_wh, after_wh, user_id, actor_name, reason, edited_at)
    values (${propertyId}, ${meterId}, '2025-12-31T00:00Z', 5, 5, 4, 1, ${name}, ${name}, now())`);
  await db.query(sql`
    insert into correction (property_id, account_id, meter_id, stream_id, cause, from_at, to_at, charge_ids, lines, corrected_at)
    values (${propertyId}, ${accountId}, ${meterId}, 1, 'lateRead', '2026-01-01', '2026-01-02', '{}', '[]', now())`);
  await db.query(sql`
    insert into notice (property_id, account_id, level, balance_minor, line_minor, raised_at)
    values (${propertyId}, ${accountId}, 'alarm1', 1, 2, now())`);
}
