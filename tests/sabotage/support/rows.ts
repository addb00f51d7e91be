/** Rows in good order, as few columns as the tables take; what a law is about is a parameter. */
export const ID = (n: number): string => `'00000000-0000-4000-8000-00000000000${n}'`;

export const customer = (n = 1): string => `
  insert into customer (id, property_id, name, initials, request_id, request_hash) overriding system value
  values (${n}, 1, 'Shop', 'S', ${ID(9)}, '')`;
export const account = (lines = '100, 50, 0', state = 'open', limits = 'null, null'): string => `
  insert into account (id, property_id, customer_id, state, custody, deduction, tariff_id,
    alarm1_minor, alarm2_minor, cut_line_minor, hoarding_limit_minor, overload_limit_w, opened_at) overriding system value
  values (1, 1, 1, '${state}', 'meter', 'realTime', 1, ${lines}, ${limits}, now())`;
export const accountPlace = 'insert into account_place (account_id, place_id) values (1, 1)';
export const accountCase = (n: number, by = 'null', step = `'x'`): string => `
  insert into account_case (id, property_id, account_id, kind, state, step, input, input_hash, user_id, user_name, approved_by, at)
  values (${ID(n)}, 1, 1, 'closing', 'running', ${step}, '{}', '', 7, 'x', ${by}, now())`;
export const epoch = (n: number, more = 'null, 1, 1', closing = 'null'): string => `
  insert into account_meter (account_id, meter_id, epoch, from_at, to_at, ct_ratio, pt_ratio, opening_registers, opening_quality,
    closing_registers)
  values (1, 5, ${n}, now(), ${more}, '{}', 'measured', ${closing})`;
export const policy = `insert into money_policy (property_id, settings) values (1, '{}')`;

export const batch = (by: string): string => `
  insert into command_batch (id, property_id, kind, command_order, reason, meter_ids, approval, decided_by, given_by, given_name, given_at)
  values (${ID(1)}, 1, 'trip', '{}', 'x', '{5}', 'agreed', ${by}, 7, 'x', now())`;
export const command = (n: number, state: string, by = 'null'): string => `
  insert into command (id, property_id, meter_id, line_id, kind, command_order, reason, urgency, state, given_by, given_name,
    decided_by, given_at, due_at, expires_at)
  values (${ID(n)}, 1, 5, 1, 'trip', '{}', 'x', 1, '${state}', 7, 'x', ${by}, now(), now(), now())`;
export const protection = (n: number, until = 'null', ended = 'null'): string => `
  insert into protection (id, meter_id, property_id, reason, from_at, until_at, ended_at, given_name)
  values (${ID(n)}, 5, 1, 'lift', now(), ${until}, ${ended}, 'x')`;
export const wish = `insert into relay_wish (meter_id, mode, version, command_id, wished_at) values (5, 'automatic', 1, ${ID(1)}, now())`;
export const capability = `insert into meter_capability (model_id, firmware, simulated, capabilities, found_at, found_name)
  values ('m', '', false, '{}', now(), 'x')`;

export const stream = (from: string, more = '1, null, null'): string => `
  insert into charge_stream (property_id, account_id, meter_id, epoch, custody, mode, utility, multiplier, ended_at, ended_wh,
    tariffs, began_at, began_wh, cursor_at, cursor_wh, charged_to)
  select 1, 1, 5, 1, 'platform', 'realTime', 'electricity', k.multiplier, k.ended_at::timestamptz, k.ended_wh::int8,
    '[]', ${from}, 0, ${from}, 0, ${from} from (values (${more})) k (multiplier, ended_at, ended_wh)`;
export const segment = (to = '2026-01-02'): string => `
  insert into segment (stream_id, from_at, to_at, from_wh, to_wh, delta_wh, quality, tariff_version_id, period, lines)
  values (1, '2026-01-01', '${to}', 0, 1, 1, 'measured', 1, '2026-01-01', '[]')`;
export const charge = (amount = 5): string => `
  insert into charge (property_id, account_id, meter_id, epoch, stream_id, from_at, to_at, period, reason, quantity_wh, amount_minor,
    lines, txn_id, charged_at)
  values (1, 1, 5, 1, 1, '2026-01-01', '2026-01-02', '2026-01-01', 'reading', 1, ${amount}, '[]', 1, now())`;
/** A charge by which one is put right. */
export const corrected = (n = 1, reason = 'correction', to = '2026-01-02'): string => `
  insert into charge (property_id, account_id, meter_id, epoch, stream_id, from_at, to_at, period, reason, quantity_wh, amount_minor,
    lines, txn_id, correction_id, charged_at)
  values (1, 1, 5, 1, 1, '2026-01-01', '${to}', '2026-01-01', '${reason}', 1, 5, '[]', 1, ${n}, now())`;
export const correction = (to = '2026-01-02', edit = 'null'): string => `
  insert into correction (property_id, account_id, meter_id, stream_id, cause, edit_id, from_at, to_at, charge_ids, lines, corrected_at)
  values (1, 1, 5, 1, 'lateRead', ${edit}, '2026-01-01', '${to}', '{}', '[]', now())`;
export const replaced = 'insert into segment_replaced (segment_id, correction_id) values (1, 1)';
export const look = 'insert into segment_look (segment_id, reads, looked_at) values (1, 1, now())';
export const edit = (after = 'null'): string => `
  insert into register_edit (property_id, meter_id, instant, raw_wh, before_wh, after_wh, user_id, actor_name, reason, edited_at)
  values (1, 5, now(), 5, 5, ${after}, 7, 'x', 'x', now())`;
export const chargeLine = `
  insert into charge_line (stream_id, period, tariff_version_id, label, component, price, quantity_wh, parts, charged_wh, charged_minor)
  values (1, '2026-01-01', 1, 'flat', '', 1, 1, 1, 1, 1)`;
export const tier = (used = 1): string => `
  insert into tier_use (account_id, tariff_id, period, began_on, used_wh) values (1, 1, 'month', '2026-01-01', ${used})`;
/** A day that was named when it had begun already. */
export const changedDay = `
  insert into changed_day (property_id, list, day, named, settings_version, user_id, actor_name, changed_at, at_stream)
  values (1, 'hot', '2026-08-01', true, 1, 7, 'x', now(), 5)`;
export const quarantine = `
  insert into quarantine (property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh, cap_wh, raised_at)
  values (1, 1, 5, 1, 'backward', now(), 5, now(), 4, 1, now())`;
export const arrears = `
  insert into arrears_state (account_id, property_id, level, balance_minor, since, evaluated_at) values (1, 1, 'normal', 1, now(), now())`;
export const notice = `
  insert into notice (property_id, account_id, level, balance_minor, line_minor, raised_at) values (1, 1, 'alarm1', 1, 2, now())`;
export const night = `insert into reconciliation_run (property_id, day, actor_name, started_at) values (1, '2026-01-01', 'x', now())`;
export const drift = `
  insert into drift_decision (row_id, property_id, meter_id, amount_minor, txn_id, decided_at, user_id, actor_name, reason)
  values (1, 1, 5, 1, 1, now(), 7, 'x', 'x')`;
export const purse = `
  insert into purse_reading (meter_id, read_at, property_id, purchase_count, balance_minor) values (5, '2026-01-01', 1, 1, 1)`;

export const tariff = (n = 1): string =>
  `insert into tariff (id, property_id, name, medium) overriding system value values (${n}, 1, 'Single', 'electricity')`;
export const version = `insert into tariff_version (id, tariff_id, effective_from, body, created_name) overriding system value
  values (1, 1, now(), '{}', 'x')`;
export const decision = (published = true): string => `
  insert into tariff_decision (version_id, published, decided_name, decided_at) values (1, ${published}, 'x', now())`;
export const tariffSetting = 'insert into tariff_setting (property_id) values (1)';

export interface VendRow {
  readonly kind?: string;
  readonly state?: string;
  readonly seq?: string;
  readonly original?: string;
  readonly net?: number;
  readonly finished?: string;
  readonly owed?: number;
}
/** An open sale unless said otherwise. */
export const vend = (n: number, row: VendRow = {}): string => {
  const { kind = 'sale', state = 'UNKNOWN', seq = '5', original = 'null', net = 1, owed = 0 } = row;
  const finished = row.finished ?? (state === 'CONFIRMED' || state === 'CANCELLED' ? 'now()' : 'null');
  return `insert into vend (id, property_id, account_id, meter_id, meter_number, customer_name, epoch, kind, state, seq, original_id,
    custody, path, fence, paid_minor, fee_minor, fee_ppm, net_minor, owed_minor, user_name, business_day, input_hash, at, finished_at)
  values (${ID(n)}, 1, 1, 5, 'x', 'x', 1, '${kind}', '${state}', ${seq}, ${original},
    'meter', 'checked', 'zero', 1, 0, 0, ${net}, ${owed}, 'x', '2026-01-01', '', now(), ${finished})`;
};
export const seq = (n: number): string => `insert into vend_seq (meter_id, seq, vend_id) values (5, 8, ${ID(n)})`;
export const vendStep = `insert into vend_step (vend_id, no, at, event, from_state, to_state) values (${ID(1)}, 1, now(), 'x', 'x', 'x')`;
export const vendDecision = `
  insert into vend_decision (id, vend_id, outcome, reason, evidence, user_id, user_name, at, for_state, input_hash)
  values (${ID(1)}, ${ID(1)}, 'confirm', 'x', 'x', 7, 'x', now(), 'UNKNOWN', '')`;
export const payout = (n: number, amount = 1): string => `
  insert into vend_payout (id, vend_id, amount_minor, method, user_id, user_name, at, input_hash, txn)
  values (${ID(n)}, ${ID(1)}, ${amount}, 'cash', 7, 'x', now(), '', 1)`;
export const move = `
  insert into vend_move (id, property_id, account_id, from_meter_id, state, user_name, at) values (${ID(1)}, 1, 1, 5, 'running', 'x', now())`;
export const sheet = (by: string): string => `
  insert into vend_batch (id, property_id, kind, reason, state, input_hash, user_id, user_name, at, decided_by)
  values (${ID(1)}, 1, 'refund', 'x', 'running', '', 7, 'x', now(), ${by})`;
export const sheetRow = `
  insert into vend_batch_row (batch_id, no, vend_id, meter_number, amount, outcome) values (${ID(1)}, 1, ${ID(1)}, 'x', '1', 'waiting')`;
