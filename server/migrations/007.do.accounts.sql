-- Who pays for which meters and rooms, by which rules, and everything that was done about it.

create table customer (
  id int generated always as identity primary key,
  property_id int not null,
  name text not null,
  phone text,
  note text,
  -- First letters of the name's pinyin.
  initials text not null,
  version int not null default 1,
  -- The key of the request that made it, and what it asked for: the same again gets the same customer.
  request_id uuid not null constraint customer_request_key unique,
  request_hash bytea not null,
  created_at timestamptz not null default now()
);
create index customer_property_idx on customer (property_id, id);

create table account (
  id int generated always as identity primary key,
  property_id int not null,
  customer_id int not null references customer,
  state text not null check (state in ('open', 'paused', 'closing', 'closed')),
  custody text not null check (custody in ('meter', 'platform')),
  deduction text not null check (deduction in ('realTime', 'monthEnd')),
  tariff_id int not null,
  alarm1_minor bigint not null,
  alarm2_minor bigint not null,
  cut_line_minor bigint not null check (cut_line_minor <= 0),
  hoarding_limit_minor bigint check (hoarding_limit_minor > 0),
  overload_limit_w int check (overload_limit_w > 0),
  opened_at timestamptz not null,
  closed_at timestamptz,
  version int not null default 1,
  constraint account_lines_in_order check (alarm1_minor >= alarm2_minor and alarm2_minor >= cut_line_minor),
  constraint account_closed_once check ((state = 'closed') = (closed_at is not null))
);
create index account_property_idx on account (property_id, id);
create index account_customer_idx on account (customer_id);

create table account_place (
  account_id int not null references account,
  place_id int not null,
  primary key (account_id, place_id)
);

-- One row a meter and epoch: a replacement, new ratios, another customer or the closing ends it.
create table account_meter (
  account_id int not null references account,
  meter_id int not null,
  epoch int not null check (epoch > 0),
  from_at timestamptz not null,
  to_at timestamptz,
  ct_ratio int not null check (ct_ratio > 0),
  pt_ratio int not null check (pt_ratio > 0),
  -- Counters by quantity, Wh on the primary side, as decimal text.
  opening_registers jsonb not null,
  opening_quality text not null check (opening_quality in ('measured', 'stated', 'estimated')),
  closing_registers jsonb,
  closing_quality text check (closing_quality in ('measured', 'stated', 'estimated')),
  -- What was in the meter when the account took it over; custody in the meter only.
  opening_balance_minor bigint,
  opening_count int,
  constraint account_meter_pkey primary key (meter_id, epoch),
  constraint account_meter_order check (to_at is null or to_at >= from_at),
  constraint account_meter_ended_whole check ((to_at is null) = (closing_registers is null))
);
create unique index account_meter_running_key on account_meter (meter_id) where to_at is null;
create index account_meter_account_idx on account_meter (account_id, from_at);

-- Every use case with its own row: what was asked, what it rests on, how far it is.
create table account_case (
  id uuid primary key,
  no bigint generated always as identity unique,
  property_id int not null,
  account_id int not null references account,
  kind text not null check (kind in ('opening', 'change', 'pause', 'resume', 'transfer', 'closing', 'meterReplacement',
    'ratioChange', 'custodyChange', 'settlement')),
  state text not null check (state in ('awaitingApproval', 'running', 'done', 'refused')),
  -- What is done next.
  step text,
  input jsonb not null,
  -- sha256 of what was asked: the same key with another content is refused.
  input_hash bytea not null,
  -- Registers, balances and amounts that it rests on; grows with the steps.
  facts jsonb not null default '{}',
  waiting text,
  reason text,
  -- Copied, not referenced: the row outlives whom it names.
  user_id int not null,
  user_name text not null,
  approved_by int,
  approved_name text,
  at timestamptz not null,
  done_at timestamptz,
  version int not null default 1,
  constraint account_case_step_while_open check ((step is null) = (state in ('done', 'refused'))),
  constraint account_case_two_persons check (approved_by is null or approved_by <> user_id)
);
create unique index account_case_one_open_key on account_case (account_id) where state in ('awaitingApproval', 'running');
create index account_case_account_idx on account_case (account_id, no desc);

create function account_case_ends_once() returns trigger language plpgsql as $$
begin
  if old.state in ('done', 'refused') then
    raise exception 'what was done to account % is history', old.account_id using errcode = 'MW010';
  end if;
  return new;
end $$;
create trigger account_case_history before update on account_case for each row execute function account_case_ends_once();
create trigger account_case_kept before delete or truncate on account_case
  for each statement execute function refuse_change();

create function account_meter_ends_once() returns trigger language plpgsql as $$
begin
  if old.to_at is not null then
    raise exception 'epoch % of meter % is history', old.epoch, old.meter_id using errcode = 'MW010';
  end if;
  return new;
end $$;
create trigger account_meter_history before update on account_meter
  for each row execute function account_meter_ends_once();
create trigger account_meter_kept before delete or truncate on account_meter
  for each statement execute function refuse_change();

-- Money settings that differ from the defaults; one document a property.
create table money_policy (
  property_id int primary key,
  settings jsonb not null
);

grant select, insert, update on customer, account, account_meter, account_case, money_policy to meterwall_server;
grant select, insert, delete on account_place to meterwall_server;
