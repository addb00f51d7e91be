-- Money on its way into and out of meters and wallets: one row for each sale, refund, reversal, makeup and move.

-- Words as domains: a connection prepares the check of a domain once, that of a column for each statement.
create domain vend_kind as text check (value in ('sale', 'refund', 'reversal', 'makeup', 'moveOut', 'moveIn'));
create domain vend_custody as text check (value in ('meter', 'platform'));
create domain vend_state as text check (value in ('DRAFT', 'PAID', 'QUEUED', 'RESERVED', 'SENT', 'UNKNOWN', 'FENCING', 'CONFIRMED',
  'CANCELLED', 'REJECTED', 'QUARANTINED'));
create domain vend_path as text check (value in ('checked', 'writeOnce', 'absolute', 'wallet'));
create domain vend_fence as text check (value in ('zero', 'cent', 'quiet'));
create domain vend_method as text check (value in ('cash', 'wechat', 'alipay', 'bankCard', 'transfer'));

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
  kind vend_kind not null,
  custody vend_custody not null,
  state vend_state not null,
  path vend_path not null,
  fence vend_fence not null,
  -- paid = fee + net; negative where money goes out, paid and fee 0 without payment.
  paid_minor bigint not null,
  fee_minor bigint not null,
  fee_ppm int not null,
  -- What the meter's balance changes by; 0 only for a move that has not read its meter yet.
  net_minor bigint not null check (net_minor <> 0 or kind = 'moveOut'),
  method vend_method,
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

-- Every purchase count that ever belonged to a vend, whatever became of it: it is never given a second time. A meter counts on
-- when its account, its ratios or its custody change, so no epoch is part of the key; another device is another meter. Only a
-- count that was proven to be unused in the meter is released.
create table vend_seq (
  meter_id int not null,
  seq int not null,
  vend_id uuid not null references vend,
  released boolean not null default false
);
create unique index vend_seq_once_key on vend_seq (meter_id, seq) where not released;

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
  state text not null check (state in ('running', 'done', 'quarantined', 'kept')),
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

-- Sales in one round trip, all or none, each with its posting, its audit row and its news. `outcome`: created, repeated (the same
-- was asked before), reused (the id belongs to something else), notOpen (the account is closed to sales at this moment), hoarding
-- (with what is on its way the meter would hold more than it may; `in_room`: what it takes besides, null: any amount). Where one
-- is not created none is: the others' outcome is null, and they are asked for again without it.
create function vend_sell_many(
  in_id uuid[], in_hash bytea[], in_property int[], in_building int[], in_account int[], in_meter int[], in_number text[],
  in_customer text[], in_epoch int[], in_custody text[], in_path text[], in_fence text[], in_paid bigint[], in_fee bigint[],
  in_ppm int[], in_net bigint[], in_room bigint[], in_method text[], in_trade_no text[], in_user int[], in_user_name text[], in_ip text[],
  in_day date[], in_at timestamptz[], in_period date[], in_post_key text[], in_post_hash bytea[], in_entries int[],
  e_posting int[], e_no int[], e_kind text[], e_subject text[], e_amount bigint[]
) returns table (sale uuid, outcome text, new_serial bigint, txn bigint) language plpgsql as $$
declare
  sales int := cardinality(in_id);
  outcomes text[];
  posted record;
  txns bigint[];
begin
  -- Use cases of an account lock it: either they see these sales, or these sales see them.
  perform from account a where a.id = any(in_account) order by a.id for key share;
  -- Where a meter may hold only so much they come one after the other: each sees what is on its way by the ones before.
  if num_nonnulls(variadic in_room) > 0 then
    perform from account a
      where a.id = any(array(select in_account[i] from generate_series(1, sales) as i where in_room[i] is not null))
      order by a.id for no key update;
  end if;
  outcomes := array(
    select case
        when s.stored = in_hash[s.i] then 'repeated'
        when s.stored is not null then 'reused'
        when s.state is distinct from 'open' or s.case_no is not null then 'notOpen'
        when in_net[s.i] > s.room - (
          select coalesce(sum(in_net[j]), 0) from generate_series(1, s.i - 1) as j
          where in_meter[j] = in_meter[s.i] and in_net[j] <= s.room and not exists (select from vend v where v.id = in_id[j])
        ) then 'hoarding'
      end
    from (
      -- `offset 0` keeps a lookup that is read twice from being done twice.
      select i, (select v.input_hash from vend v where v.id = in_id[i]) as stored,
        (select a.state from account a where a.id = in_account[i]) as state,
        (select c.no from account_case c
          where c.account_id = in_account[i] and c.state in ('awaitingApproval', 'running')) as case_no,
        case when in_room[i] is not null then in_room[i] - (
          select coalesce(sum(v.net_minor), 0) from vend v
          where v.meter_id = in_meter[i] and v.state not in ('CONFIRMED', 'CANCELLED') and v.net_minor > 0) end as room
      from generate_series(1, sales) as i offset 0) s);
  if num_nonnulls(variadic outcomes) > 0 then
    return query select in_id[i], outcomes[i], null::bigint, null::bigint from generate_series(1, sales) as i;
    return;
  end if;
  posted := ledger_post_many(in_property, array_fill('sale.paid'::text, array[sales]), in_post_key, in_post_hash,
    array_fill('vend'::text, array[sales]), in_id::text[], array_fill(null::bigint, array[sales]), in_at, in_period, in_user,
    in_user_name, array_fill(null::text, array[sales]), in_entries, e_posting, e_no, e_kind, e_subject, e_amount,
    array_fill(false, array[cardinality(e_no)]));
  if true = any(posted.repeated) then
    raise exception 'one of these sales was stored a moment ago' using errcode = '40001';
  end if;
  txns := posted.txns;
  return query
    with noted as (
      insert into audit (user_id, user_name, ip, action, subject_kind, subject_id, property_id, after)
        select in_user[i], in_user_name[i], in_ip[i], 'vend.sale', 'vend', in_id[i]::text, in_property[i],
          jsonb_build_object('meterId', in_meter[i], 'paidMinor', in_paid[i]::text, 'method', in_method[i])
        from generate_series(1, sales) as i),
    told as (
      insert into vend_outbox (vend_id, property_id, account_id, meter_id, state)
        select in_id[i], in_property[i], in_account[i], in_meter[i], 'CONFIRMED'
        from generate_series(1, sales) as i where in_custody[i] = 'platform')
    insert into vend (id, property_id, building_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody, state,
        path, fence, paid_minor, fee_minor, fee_ppm, net_minor, method, channel_trade_no, user_id, user_name, business_day,
        input_hash, at, finished_at, next_at, paid_txn, confirmed_txn)
      select in_id[i], in_property[i], in_building[i], in_account[i], in_meter[i], in_number[i], in_customer[i], in_epoch[i],
        'sale', in_custody[i], case when s.done then 'CONFIRMED' else 'QUEUED' end, in_path[i], in_fence[i], in_paid[i], in_fee[i],
        in_ppm[i], in_net[i], in_method[i], in_trade_no[i], in_user[i], in_user_name[i], in_day[i], in_hash[i], in_at[i],
        case when s.done then in_at[i] end, case when not s.done then in_at[i] end, txns[i], case when s.done then txns[i] end
      from generate_series(1, sales) as i, lateral (select in_custody[i] = 'platform' as done) s
      returning id, 'created', serial, paid_txn;
end $$;

-- A connection keeps the plan of a function that it used first: made while the tables were empty it would read them whole from
-- then on, until somebody counts them. All of these look single rows up by an index.
alter function vend_sell_many set plan_cache_mode = force_generic_plan;
alter function ledger_post_many set plan_cache_mode = force_generic_plan;
alter function ledger_post_many set enable_seqscan = off;
alter function ledger_entries_are_complete set plan_cache_mode = force_generic_plan;
alter function vend_sell_many set enable_seqscan = off;
alter function ledger_txn_is_whole set enable_seqscan = off;
alter function ledger_entries_are_complete set enable_seqscan = off;

grant select, insert, update on vend, vend_seq, vend_move, vend_batch, vend_batch_row to meterwall_server;
grant select, insert on vend_step, vend_decision to meterwall_server;
grant select, insert, delete on vend_outbox to meterwall_server;
