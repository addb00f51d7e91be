-- Money on its way into and out of meters and wallets: one row for each sale, refund, reversal, makeup and move.

create table vend (
  id uuid primary key,
  -- In the order in which they were asked for; the number on the receipt.
  serial bigint generated always as identity constraint vend_serial_key unique,
  property_id int not null,
  building_id int,
  account_id int not null,
  meter_id int not null,
  -- Copied, not referenced: the row outlives whom and what it names.
  meter_number text not null,
  customer_name text not null,
  epoch int not null,
  kind text not null check (kind in ('sale', 'refund', 'reversal', 'makeup', 'moveOut', 'moveIn')),
  custody text not null check (custody in ('meter', 'platform')),
  state text not null check (state in ('DRAFT', 'PAID', 'QUEUED', 'RESERVED', 'SENT', 'UNKNOWN', 'FENCING', 'CONFIRMED',
    'CANCELLED', 'REJECTED', 'QUARANTINED')),
  path text not null check (path in ('checked', 'writeOnce', 'absolute', 'wallet')),
  fence text not null check (fence in ('zero', 'cent', 'quiet')),
  -- paid = fee + net; negative where money goes out, paid and fee 0 without payment.
  paid_minor bigint not null,
  fee_minor bigint not null,
  fee_ppm int not null,
  -- What the meter's balance changes by; 0 only for a move that has not read its meter yet.
  net_minor bigint not null check (net_minor <> 0 or kind = 'moveOut'),
  method text check (method in ('cash', 'wechat', 'alipay', 'bankCard', 'transfer')),
  channel_trade_no text,
  reason text,
  original_id uuid references vend,
  batch_id uuid,
  move_id uuid,
  user_id int,
  user_name text not null,
  business_day date not null,
  -- sha256 of what was asked: the same id with another content is refused.
  input_hash bytea not null,
  at timestamptz not null,
  finished_at timestamptz,
  -- The purchase count that belongs to it, and what the meter held when it was chosen.
  seq int,
  bound_balance_minor bigint,
  bound_cumulative_minor bigint,
  bound_energy_wh bigint,
  attempts int not null default 0,
  -- Reads in a row that failed or brought nothing new: how long the next one waits.
  tries int not null default 0,
  doubts int not null default 0,
  cancel_asked boolean not null default false,
  resend_asked boolean not null default false,
  last_hint text,
  last_evidence text,
  last_sent_at timestamptz,
  cause text,
  last_read jsonb,
  balance_after_minor bigint,
  weak_fence boolean not null default false,
  -- When somebody looks at it next, and until when it belongs to a worker.
  next_at timestamptz,
  lease_until timestamptz,
  version int not null default 1,
  paid_txn bigint,
  confirmed_txn bigint,
  reversed_by uuid,
  prints int not null default 0,
  constraint vend_bound check (seq is not null or state in ('DRAFT', 'PAID', 'QUEUED', 'CONFIRMED', 'CANCELLED')),
  constraint vend_finished check ((finished_at is not null) = (state in ('CONFIRMED', 'CANCELLED')))
);
-- One open vend a meter, whatever the program believes.
create unique index vend_one_open_key on vend (meter_id)
  where state in ('RESERVED', 'SENT', 'UNKNOWN', 'FENCING', 'REJECTED', 'QUARANTINED');
create unique index vend_reversed_once_key on vend (original_id) where kind = 'reversal' and state <> 'CANCELLED';
create index vend_account_idx on vend (account_id, serial desc);
create index vend_day_idx on vend (property_id, business_day);
create index vend_under_way_idx on vend (meter_id, serial)
  where state not in ('CONFIRMED', 'CANCELLED');
create index vend_due_idx on vend (next_at) where next_at is not null;
create index vend_batch_idx on vend (batch_id) where batch_id is not null;

-- What has ended stays as it ended.
create function vend_ends_once() returns trigger language plpgsql as $$
begin
  if old.state in ('CONFIRMED', 'CANCELLED') and
      (to_jsonb(new) - '{prints,reversed_by,version}'::text[]) <> (to_jsonb(old) - '{prints,reversed_by,version}'::text[]) then
    raise exception 'vend % is history', old.id using errcode = 'MW010';
  end if;
  return new;
end $$;
create trigger vend_history before update on vend for each row execute function vend_ends_once();
create trigger vend_kept before delete or truncate on vend for each statement execute function refuse_change();

-- Every purchase count that ever belonged to a vend, whatever became of it: it is never given a second time. Only a count
-- that was proven to be unused in the meter is released.
create table vend_seq (
  meter_id int not null,
  epoch int not null,
  seq int not null,
  vend_id uuid not null references vend,
  released boolean not null default false
);
create unique index vend_seq_once_key on vend_seq (meter_id, epoch, seq) where not released;

-- What happened to each, with what the meter said: the log that people read.
create table vend_step (
  vend_id uuid not null references vend,
  no int not null,
  at timestamptz not null,
  event text not null,
  from_state text not null,
  to_state text not null,
  cause text,
  seq int,
  read jsonb,
  user_name text,
  primary key (vend_id, no)
);
create trigger vend_step_append_only before update or delete or truncate on vend_step
  for each statement execute function refuse_change();

-- What persons decided: one proposes with evidence, another agrees.
create table vend_decision (
  id uuid primary key,
  vend_id uuid not null references vend,
  outcome text not null check (outcome in ('approve', 'decline', 'confirm', 'cancel')),
  reason text not null,
  evidence text not null,
  user_id int not null,
  user_name text not null,
  at timestamptz not null,
  -- State of the vend for which it was said: a proposal does not outlive it.
  for_state text not null,
  input_hash bytea not null
);
create index vend_decision_vend_idx on vend_decision (vend_id, at);
create trigger vend_decision_append_only before update or delete or truncate on vend_decision
  for each statement execute function refuse_change();

-- What others must hear of; written with the change itself, removed when told.
create table vend_outbox (
  id bigint generated always as identity primary key,
  vend_id uuid not null,
  property_id int not null,
  account_id int not null,
  meter_id int not null,
  state text not null
);

-- What a meter holds goes to another meter, or out at closing.
create table vend_move (
  id uuid primary key,
  property_id int not null,
  account_id int not null,
  from_meter_id int not null,
  to_meter_id int,
  state text not null check (state in ('running', 'done', 'quarantined')),
  amount_minor bigint,
  tries int not null default 0,
  out_vend uuid,
  in_vend uuid,
  user_id int,
  user_name text not null,
  at timestamptz not null,
  done_at timestamptz
);

create table vend_batch (
  id uuid primary key,
  property_id int not null,
  kind text not null check (kind in ('refund', 'makeup')),
  method text,
  reason text not null,
  state text not null check (state in ('awaitingApproval', 'declined', 'running', 'done')),
  input_hash bytea not null,
  user_id int not null,
  user_name text not null,
  at timestamptz not null,
  decided_by int,
  decided_name text,
  constraint vend_batch_second_person check (decided_by is null or decided_by <> user_id)
);
create table vend_batch_row (
  batch_id uuid not null references vend_batch,
  no int not null,
  vend_id uuid not null,
  meter_number text not null,
  amount text not null,
  reason text,
  outcome text not null check (outcome in ('waiting', 'accepted', 'refused')),
  code text,
  message text,
  primary key (batch_id, no)
);

-- A sale in one round trip: account, row, posting, audit, news. `outcome`: created, repeated (the same was asked before),
-- reused (the id belongs to something else), notOpen (the account is closed to sales at this moment).
create function vend_sell(
  in_id uuid, in_hash bytea, in_property int, in_building int, in_account int, in_meter int, in_number text, in_customer text,
  in_epoch int, in_custody text, in_path text, in_fence text, in_paid bigint, in_fee bigint, in_ppm int, in_net bigint,
  in_method text, in_trade_no text, in_user int, in_user_name text, in_ip text, in_day date, in_at timestamptz, in_period date,
  in_post_kind text, in_post_hash bytea, in_kinds text[], in_subjects text[], in_amounts bigint[],
  out outcome text, out new_serial bigint, out txn bigint
) language plpgsql as $$
declare
  done boolean := in_custody = 'platform';
begin
  select case when v.input_hash = in_hash then 'repeated' else 'reused' end into outcome from vend v where v.id = in_id;
  if found then
    return;
  end if;
  -- Use cases of the account lock it: either they see this sale, or this sale sees them.
  perform from account a where a.id = in_account and a.state = 'open' for key share;
  if not found or exists (select from account_case c
      where c.account_id = in_account and c.state in ('awaitingApproval', 'running')) then
    outcome := 'notOpen';
    return;
  end if;
  select p.txn_id into txn from ledger_post(in_property, in_post_kind, in_id || ':paid', in_post_hash, 'vend', in_id::text, null,
    in_at, in_period, in_user, in_user_name, null, in_kinds, in_subjects, in_amounts,
    array_fill(false, array[cardinality(in_amounts)])) p;
  insert into vend (id, property_id, building_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody, state,
      path, fence, paid_minor, fee_minor, fee_ppm, net_minor, method, channel_trade_no, user_id, user_name, business_day,
      input_hash, at, finished_at, next_at, paid_txn, confirmed_txn)
    values (in_id, in_property, in_building, in_account, in_meter, in_number, in_customer, in_epoch, 'sale', in_custody,
      case when done then 'CONFIRMED' else 'QUEUED' end, in_path, in_fence, in_paid, in_fee, in_ppm, in_net, in_method,
      in_trade_no, in_user, in_user_name, in_day, in_hash, in_at, case when done then in_at end,
      case when not done then in_at end, txn, case when done then txn end)
    on conflict (id) do nothing returning serial into new_serial;
  if new_serial is null then
    select case when v.input_hash = in_hash then 'repeated' else 'reused' end into outcome from vend v where v.id = in_id;
    return;
  end if;
  outcome := 'created';
  insert into audit (user_id, user_name, ip, action, subject_kind, subject_id, property_id, after)
    values (in_user, in_user_name, in_ip, 'vend.sale', 'vend', in_id::text, in_property,
      jsonb_build_object('meterId', in_meter, 'paidMinor', in_paid::text, 'method', in_method));
  if done then
    insert into vend_outbox (vend_id, property_id, account_id, meter_id, state)
      values (in_id, in_property, in_account, in_meter, 'CONFIRMED');
  end if;
end $$;

-- A connection keeps the plan of a function that it used first: made while the tables were empty it would read them whole from
-- then on, until somebody counts them. All of these look single rows up by an index.
alter function vend_sell set enable_seqscan = off;
alter function ledger_post set enable_seqscan = off;
alter function ledger_txn_is_whole set enable_seqscan = off;
alter function ledger_entries_are_complete set enable_seqscan = off;

grant select, insert, update on vend, vend_seq, vend_move, vend_batch, vend_batch_row to meterwall_server;
grant select, insert on vend_step, vend_decision to meterwall_server;
grant select, insert, delete on vend_outbox to meterwall_server;
