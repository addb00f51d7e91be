import { raw } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violatedConstraint } from '#server/platform/db/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** Guards that are constraints and triggers: what they refuse goes through once they are dropped, and is taken back. */
interface Attack {
  /** As it is told: a constraint's name, or words of the trigger. */
  readonly guard: string;
  readonly off: string;
  readonly does: readonly string[];
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const ID = (n: number) => `'00000000-0000-4000-8000-00000000000${n}'`;
const customer = `insert into customer (id, property_id, name, initials, request_id, request_hash) overriding system value
  values (1, 1, 'Shop', 'S', ${ID(9)}, '')`;
const account = (
  more = '100, 50, 0',
) => `insert into account (id, property_id, customer_id, state, custody, deduction, tariff_id,
  alarm1_minor, alarm2_minor, cut_line_minor, opened_at) overriding system value
  values (1, 1, 1, 'open', 'meter', 'realTime', 1, ${more}, now())`;
const accountCase = (
  n: number,
  by = 'null',
) => `insert into account_case (id, property_id, account_id, kind, state, step, input,
  input_hash, user_id, user_name, approved_by, at) values (${ID(n)}, 1, 1, 'closing', 'running', 'x', '{}', '', 7, 'x', ${by}, now())`;
const epoch = (n: number) => `insert into account_meter (account_id, meter_id, epoch, from_at, ct_ratio, pt_ratio,
  opening_registers, opening_quality) values (1, 5, ${n}, now(), 1, 1, '{}', 'measured')`;
const batch = (
  by: string,
) => `insert into command_batch (id, property_id, kind, command_order, reason, meter_ids, approval,
  decided_by, given_by, given_name, given_at) values (${ID(1)}, 1, 'trip', '{}', 'x', '{5}', 'agreed', ${by}, 7, 'x', now())`;
const command = (
  n: number,
  state: string,
  by = 'null',
) => `insert into command (id, property_id, meter_id, line_id, kind,
  command_order, reason, urgency, state, given_by, given_name, decided_by, given_at, due_at, expires_at)
  values (${ID(n)}, 1, 5, 1, 'trip', '{}', 'x', 1, '${state}', 7, 'x', ${by}, now(), now(), now())`;
const protection = (n: number) => `insert into protection (id, meter_id, property_id, reason, from_at, given_name)
  values (${ID(n)}, 5, 1, 'lift', now(), 'x')`;
const stream = (
  from: string,
) => `insert into charge_stream (property_id, account_id, meter_id, epoch, custody, mode, utility,
  multiplier, tariffs, began_at, began_wh, cursor_at, cursor_wh, charged_to)
  values (1, 1, 5, 1, 'platform', 'realTime', 'electricity', 1, '[]', ${from}, 0, ${from}, 0, ${from})`;
const segment = `insert into segment (stream_id, from_at, to_at, from_wh, to_wh, delta_wh, quality, tariff_version_id, period, lines)
  values (1, '2026-01-01', '2026-01-02', 0, 1, 1, 'measured', 1, '2026-01-01', '[]')`;
const charge = (
  amount = 5,
) => `insert into charge (property_id, account_id, meter_id, epoch, stream_id, from_at, to_at, period,
  reason, quantity_wh, amount_minor, lines, txn_id, charged_at)
  values (1, 1, 5, 1, 1, '2026-01-01', '2026-01-02', '2026-01-01', 'reading', 1, ${amount}, '[]', 1, now())`;
const quarantine = `insert into quarantine (property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh,
  cap_wh, raised_at) values (1, 1, 5, 1, 'backward', now(), 5, now(), 4, 1, now())`;
const notice = `insert into notice (property_id, account_id, level, balance_minor, line_minor, raised_at)
  values (1, 1, 'alarm1', 1, 2, now())`;
const night = `insert into reconciliation_run (property_id, day, actor_name, started_at) values (1, '2026-01-01', 'x', now())`;
const drift = `insert into drift_decision (row_id, property_id, meter_id, amount_minor, txn_id, decided_at, user_id, actor_name, reason)
  values (1, 1, 5, 1, 1, now(), 7, 'x', 'x')`;
const tariff = `insert into tariff (id, property_id, name, medium) overriding system value values (1, 1, 'Single', 'electricity')`;
const version = `insert into tariff_version (id, tariff_id, effective_from, body, created_name) overriding system value
  values (1, 1, now(), '{}', 'x')`;
const decision = (published = true) => `insert into tariff_decision (version_id, published, decided_name, decided_at)
  values (1, ${published}, 'x', now())`;
const vend = (
  n: number,
  more = "'sale', 'UNKNOWN', 5, null",
) => `insert into vend (id, property_id, account_id, meter_id,
  meter_number, customer_name, epoch, kind, state, seq, original_id, custody, path, fence, paid_minor, fee_minor, fee_ppm, net_minor,
  user_name, business_day, input_hash, at, finished_at) select ${ID(n)}, 1, 1, 5, 'x', 'x', 1, k.kind, k.state, k.seq::int, k.original::uuid,
  'meter', 'checked', 'zero', 1, 0, 0, 1, 'x', '2026-01-01', '', now(), case k.state when 'CONFIRMED' then now() end from (values (${more})) k (kind, state, seq, original)`;
const sheet = (
  by: string,
) => `insert into vend_batch (id, property_id, kind, reason, state, input_hash, user_id, user_name, at,
  decided_by) values (${ID(1)}, 1, 'refund', 'x', 'running', '', 7, 'x', now(), ${by})`;

const twice = (statement: string): readonly string[] => [statement, statement];
const index = (guard: string, ...does: readonly string[]): Attack => ({ guard, off: `drop index ${guard}`, does });
const constraint = (table: string, guard: string, ...does: readonly string[]): Attack => ({
  ...{ guard, does, off: `alter table ${table} drop constraint ${guard}` },
});
const trigger = (table: string, name: string, says: string, ...does: readonly string[]): Attack => ({
  ...{ guard: says, does, off: `drop trigger ${name} on ${table}` },
});
const kept = (table: string, row: readonly string[], change: string): Attack =>
  trigger(table, `${table}_append_only`, 'append-only', ...row, change);

const OPENED = [customer, account()];
const PRICED = [tariff, version, decision()];
const GUARDS: Record<string, Record<string, Attack>> = {
  'modules/commands': {
    'a batch: who agrees is not who gave it': constraint('command_batch', 'command_batch_second_person', batch('7')),
    'a command: who agrees is not who gave it': constraint(
      'command',
      'command_second_person',
      command(1, 'queued', '7'),
    ),
    'one command at a time for a meter': index(
      'command_one_under_way_key',
      command(1, 'sent'),
      command(2, 'confirming'),
    ),
    'protection is there once, and ends once': index('protection_one_key', protection(1), protection(2)),
  },
  'modules/accounts': {
    'one open case of an account': index('account_case_one_open_key', ...OPENED, accountCase(1), accountCase(2)),
    'two persons in a case': constraint('account_case', 'account_case_two_persons', ...OPENED, accountCase(1, '7')),
    'the same request is one case': constraint(
      'account_case',
      'account_case_pkey',
      ...OPENED,
      accountCase(1),
      `update account_case set state = 'done', step = null`,
      accountCase(1),
    ),
    'a case that ended is history': trigger(
      'account_case',
      'account_case_history',
      'is history',
      ...OPENED,
      accountCase(1),
      `update account_case set state = 'done', step = null`,
      `update account_case set reason = 'another'`,
    ),
    'no case disappears': trigger(
      'account_case',
      'account_case_kept',
      'append-only',
      ...OPENED,
      accountCase(1),
      'delete from account_case',
    ),
    'a meter has one account at a time': index('account_meter_running_key', ...OPENED, epoch(1), epoch(2)),
    'an epoch of a meter is there once': constraint(
      'account_meter',
      'account_meter_pkey',
      ...OPENED,
      epoch(1),
      `update account_meter set to_at = now(), closing_registers = '{}'`,
      epoch(1),
    ),
    'an epoch that ended is history': trigger(
      'account_meter',
      'account_meter_history',
      'is history',
      ...OPENED,
      epoch(1),
      `update account_meter set to_at = now(), closing_registers = '{}'`,
      'update account_meter set ct_ratio = 9',
    ),
    'no epoch disappears': trigger(
      'account_meter',
      'account_meter_kept',
      'append-only',
      ...OPENED,
      epoch(1),
      'delete from account_meter',
    ),
    'warnings come before the cut': constraint('account', 'account_lines_in_order', customer, account('50, 100, 0')),
  },
  'modules/settlement': {
    'one running stream of a meter': index('charge_stream_running_key', stream(`'2026-01-01'`), stream(`'2026-01-02'`)),
    'a stream does not go back': constraint(
      'charge_stream',
      'charge_stream_forward',
      stream(`'2026-01-01'`),
      `update charge_stream set cursor_at = '2025-12-31'`,
    ),
    'a segment is there once': constraint('segment', 'segment_key', ...twice(segment)),
    'a segment is not changed': kept('segment', [segment], 'update segment set delta_wh = 2'),
    'one charge for what was used': constraint('charge', 'charge_key', ...twice(charge())),
    'a charge is not changed': kept('charge', [charge()], 'update charge set amount_minor = 4'),
    'one open doubt about the reads of a stream': index('quarantine_open_key', ...twice(quarantine)),
    'one warning at a time': index('notice_open_key', ...twice(notice)),
    'a night is compared once': index('reconciliation_run_nightly_key', ...twice(night)),
    'a difference goes into the books once': constraint('drift_decision', 'drift_decision_pkey', ...twice(drift)),
  },
  'modules/tariffs': {
    'a published version is not changed': kept(
      'tariff_version',
      PRICED,
      `update tariff_version set body = '{"price": "9"}'`,
    ),
    'nor taken back': kept('tariff_decision', PRICED, 'delete from tariff_decision'),
    'nor does its tariff get another meaning': kept('tariff', PRICED, `update tariff set medium = 'water'`),
    'a draft is decided once': constraint('tariff_decision', 'tariff_decision_pkey', ...PRICED, decision(false)),
    'a name is one tariff': constraint('tariff', 'tariff_name_key', tariff, tariff.replace('(1, 1,', '(2, 1,')),
  },
  'modules/vending': {
    'one open vend of a meter': index('vend_one_open_key', vend(1), vend(2)),
    'a sale is reversed once': index(
      'vend_reversed_once_key',
      vend(1, "'sale', 'CONFIRMED', 1, null"),
      ...[2, 3].map((n) => vend(n, `'reversal', 'PAID', null, ${ID(1)}`)),
    ),
    'a sheet: who agrees is not who gave it': constraint('vend_batch', 'vend_batch_second_person', sheet('7')),
  },
};

/** What refuses it: the constraint, or what the trigger says; undefined where nothing does. Nothing of it stays. */
async function refusedBy(statements: readonly string[]): Promise<string | undefined> {
  const takenBack = new Error('taken back');
  try {
    await database.owner.tx(async (tx) => {
      for (const statement of statements) await tx.query(raw(statement));
      throw takenBack;
    });
  } catch (error) {
    if (error === takenBack) return undefined;
    return violatedConstraint(error) ?? (error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

describe.for(Object.entries(GUARDS))('%s', ([, attacks]) => {
  test.for(Object.entries(attacks))('%s', async ([, { guard, off, does }]) => {
    // All but the last are in good order.
    expect(await refusedBy(does.slice(0, -1))).toBeUndefined();
    expect(await refusedBy(does)).toContain(guard);
    expect(await refusedBy([off, ...does])).toBeUndefined();
  });
});
