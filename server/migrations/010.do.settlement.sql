-- What was consumed, what it cost, who was told that money runs out, and what does not match. Registers stay in
-- register_reading. Ids of other modules are not foreign keys: history outlives what it is about.

-- One meter epoch of one account, charged from where it began to where it has come.
create table charge_stream (
  id bigint generated always as identity primary key,
  property_id int not null,
  account_id int not null,
  meter_id int not null,
  epoch int not null,
  -- Where the balance is: what is charged leaves the wallet, or is what the meter took by itself.
  custody text not null check (custody in ('meter', 'platform')),
  -- When charges are posted: as it is read, or at the end of the month. The accumulation runs in both.
  mode text not null check (mode in ('realTime', 'monthEnd')),
  utility text not null check (utility in ('electricity', 'water')),
  multiplier bigint not null check (multiplier > 0),
  -- [{"fromMs": 0, "tariffId": 1}], oldest first: which tariff holds from when.
  tariffs jsonb not null,
  began_at timestamptz not null,
  began_wh bigint not null,
  cursor_at timestamptz not null,
  cursor_wh bigint not null,
  charged_to timestamptz not null,
  -- Used since then, not yet charged.
  uncharged_wh bigint not null default 0,
  -- The last register of the epoch, once it has ended; all is charged when `closed`.
  ended_at timestamptz,
  ended_wh bigint,
  closed boolean not null default false,
  -- Why nothing is charged now.
  hold text check (hold in ('noTariffVersion', 'quarantine')),
  held_at timestamptz,
  constraint charge_stream_key unique (account_id, meter_id, epoch, began_at),
  constraint charge_stream_end check ((ended_at is null) = (ended_wh is null)),
  constraint charge_stream_forward check (cursor_at >= began_at and (ended_at is null or ended_at >= cursor_at))
);
create unique index charge_stream_running_key on charge_stream (meter_id) where ended_at is null;
create index charge_stream_open_idx on charge_stream (property_id, id) where not closed;
create index charge_stream_account_idx on charge_stream (account_id);
create index charge_stream_held_idx on charge_stream (property_id, id) where hold is not null and not closed;

-- The difference of two registers at one price.
create table segment (
  id bigint generated always as identity primary key,
  stream_id bigint not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  from_wh bigint not null,
  to_wh bigint not null,
  delta_wh bigint not null,
  quality text not null check (quality in ('measured', 'rolledOver', 'prorated')),
  tariff_version_id int not null,
  -- First day of the month, on the property's calendar.
  period date not null,
  -- [{"label", "component", "price", "quantity", "parts"}], numbers as text.
  lines jsonb not null,
  constraint segment_key unique (stream_id, from_at),
  constraint segment_forward check (to_at > from_at)
);

-- A line of a month's bill as it grows.
create table charge_line (
  stream_id bigint not null,
  period date not null,
  tariff_version_id int not null,
  label text not null,
  component text not null,
  price bigint not null,
  quantity_wh bigint not null,
  parts numeric(40, 0) not null,
  charged_wh bigint not null,
  charged_minor bigint not null,
  primary key (stream_id, period, tariff_version_id, label, component, price)
);

-- What was taken out of a wallet (or is known to have left the meter's own balance), with the posting that did it.
create table charge (
  id bigint generated always as identity primary key,
  property_id int not null,
  account_id int not null,
  meter_id int not null,
  epoch int not null,
  stream_id bigint not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  period date not null,
  reason text not null check (reason in ('reading', 'monthEnd', 'modeSwitch', 'closing')),
  quantity_wh bigint not null,
  amount_minor bigint not null check (amount_minor <> 0),
  -- [{"versionId", "label", "component", "price", "quantity", "amountMinor"}], numbers as text: what this charge added.
  lines jsonb not null,
  txn_id bigint not null,
  charged_at timestamptz not null,
  constraint charge_key unique (account_id, meter_id, epoch, period, to_at, reason)
);
create index charge_property_idx on charge (property_id, id);
create index charge_account_idx on charge (account_id, id);

-- What was used in a tier period, over all meters and versions of the tariff.
create table tier_use (
  account_id int not null,
  tariff_id int not null,
  period text not null check (period in ('month', 'year')),
  began_on date not null,
  used_wh bigint not null check (used_wh >= 0),
  primary key (account_id, tariff_id, period, began_on)
);

create table charge_run (
  id bigint generated always as identity primary key,
  property_id int not null,
  to_at timestamptz not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  streams int not null default 0,
  charges int not null default 0,
  amount_minor bigint not null default 0,
  held int not null default 0
);
create index charge_run_property_idx on charge_run (property_id, id);

create table mode_switch (
  id bigint generated always as identity primary key,
  property_id int not null,
  account_id int not null,
  from_mode text not null,
  to_mode text not null,
  at timestamptz not null
);

-- Reads that cannot follow the last good one. One open row a stream, for a person to decide.
create table quarantine (
  id bigint generated always as identity primary key,
  property_id int not null,
  account_id int not null,
  meter_id int not null,
  stream_id bigint not null,
  cause text not null check (cause in ('backward', 'implausible')),
  after_at timestamptz not null,
  after_wh bigint not null,
  read_at timestamptz not null,
  read_wh bigint not null,
  cap_wh bigint not null,
  raised_at timestamptz not null,
  decided_at timestamptz,
  -- ignored: the read was wrong; rebased: counting goes on from it, and what flowed in between is corrected by a makeup;
  -- passed: a later read followed the last good one after all.
  decision text check (decision in ('ignored', 'rebased', 'passed')),
  user_id int,
  actor_name text,
  reason text
);
create unique index quarantine_open_key on quarantine (stream_id) where decided_at is null;
create index quarantine_property_idx on quarantine (property_id, id);

-- What the arrears rule knows of an account.
create table arrears_state (
  account_id int primary key,
  property_id int not null,
  level text not null check (level in ('normal', 'alarm1', 'alarm2', 'arrears')),
  balance_minor bigint not null,
  since timestamptz not null,
  -- The guard's answer: cut or hold with why; null where nothing is to be cut.
  decision text,
  -- Commands of the last trip or close, one a meter.
  wanted text check (wanted in ('open', 'closed')),
  wanted_at timestamptz,
  evaluated_at timestamptz not null
);
create index arrears_state_not_normal_idx on arrears_state (property_id, account_id) where level <> 'normal' or wanted = 'open';

-- Warnings, stored when their line is crossed; how they reach people is told elsewhere.
create table notice (
  id bigint generated always as identity primary key,
  property_id int not null,
  account_id int not null,
  level text not null check (level in ('alarm1', 'alarm2', 'arrears')),
  balance_minor bigint not null,
  line_minor bigint not null,
  raised_at timestamptz not null,
  cleared_at timestamptz
);
create unique index notice_open_key on notice (account_id, level) where cleared_at is null;
create index notice_property_idx on notice (property_id, id);

create table reconciliation_run (
  id bigint generated always as identity primary key,
  property_id int not null,
  -- The local day that it is about; it looks at all that is known when it runs.
  day date not null,
  -- Null: by itself at night.
  user_id int,
  actor_name text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  meters int not null default 0,
  matched int not null default 0,
  differing int not null default 0,
  -- Sums of the day by drawer: what was sold, what the book has.
  payments jsonb not null default '[]'
);
create unique index reconciliation_run_nightly_key on reconciliation_run (property_id, day) where user_id is null;
create index reconciliation_run_property_idx on reconciliation_run (property_id, id);

create table reconciliation_row (
  id bigint generated always as identity primary key,
  run_id bigint not null,
  property_id int not null,
  side text not null check (side in ('meter', 'payments', 'book')),
  cause text not null,
  account_id int,
  meter_id int,
  method text,
  expected text not null,
  found text not null,
  difference_minor bigint,
  detail text not null
);
create index reconciliation_row_run_idx on reconciliation_row (run_id, id);

-- A difference of a meter that a person took into the books.
create table drift_decision (
  row_id bigint primary key,
  property_id int not null,
  meter_id int not null,
  amount_minor bigint not null,
  txn_id bigint not null,
  decided_at timestamptz not null,
  user_id int not null,
  actor_name text not null,
  reason text not null
);

create trigger charge_append_only before update or delete or truncate on charge
  for each statement execute function refuse_change();
create trigger segment_append_only before update or delete or truncate on segment
  for each statement execute function refuse_change();
create trigger mode_switch_append_only before update or delete or truncate on mode_switch
  for each statement execute function refuse_change();
create trigger reconciliation_row_append_only before update or delete or truncate on reconciliation_row
  for each statement execute function refuse_change();
create trigger drift_decision_append_only before update or delete or truncate on drift_decision
  for each statement execute function refuse_change();

grant select, insert on segment, charge, mode_switch, reconciliation_row, drift_decision to meterwall_server;
grant select, insert, update on charge_stream, charge_line, tier_use, charge_run, quarantine, arrears_state, notice,
  reconciliation_run to meterwall_server;
