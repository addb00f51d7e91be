-- What meters are told: each order of a person or a rule, what became of it, and what is wanted of a relay.

create table command_batch (
  id uuid primary key,
  number bigint generated always as identity,
  property_id int not null,
  -- Where all meters stand in one building.
  building_id int,
  kind text not null,
  command_order jsonb not null,
  reason text not null,
  meter_ids int[] not null,
  -- Refused and expired ones never ran.
  approval text not null check (approval in ('none', 'waiting', 'agreed', 'refused', 'expired')),
  approve_before timestamptz,
  decided_by int,
  decided_name text,
  decided_at timestamptz,
  decision_reason text,
  stopped_by int,
  stopped_name text,
  stopped_at timestamptz,
  -- The batch whose failures this one tries again.
  retry_of uuid,
  given_by int,
  given_name text not null,
  given_at timestamptz not null,
  constraint command_batch_second_person check (decided_by is null or decided_by <> given_by)
);
create index command_batch_property_idx on command_batch (property_id, number desc);
create index command_batch_waiting_idx on command_batch (approve_before) where approval = 'waiting';

create table command (
  id uuid primary key,
  -- In the order in which they were given, or agreed to by a second person; the version of what is wanted of a relay.
  number bigint generated always as identity,
  batch_id uuid,
  property_id int not null,
  building_id int,
  meter_id int not null,
  -- The line at that time: paces what is sent, decides nothing.
  line_id int not null,
  kind text not null check (kind in
    ('trip', 'close', 'protect', 'restorePrepaid', 'prices', 'settings', 'clock', 'read')),
  command_order jsonb not null,
  reason text not null,
  -- 0 supply comes back, 1 it goes, 2 the rest; more by 4 within batches.
  urgency smallint not null,
  state text not null check (state in ('awaitingApproval', 'queued', 'sent', 'confirming', 'verified', 'rejected',
    'failed', 'inDoubt', 'held', 'stopped')),
  -- Why it stands as it does: a word of the contract, with a sentence for people where there is one.
  why text[] not null default '{}',
  detail text,
  -- What the guard of cuts was asked last, and its answer: the facts and rules that a trip rests on.
  weighed jsonb,
  -- What the relay was told, once that was decided.
  relay_mode text check (relay_mode in ('automatic', 'forcedClosed', 'forcedOpen')),
  exception_code int,
  attempts int not null default 0,
  reads int not null default 0,
  -- In a row.
  failed_reads int not null default 0,
  unreached int not null default 0,
  given_by int,
  given_name text not null,
  rule text,
  given_at timestamptz not null,
  -- Not sent, or not read back, before this instant.
  due_at timestamptz not null,
  -- Not sent any more after it.
  expires_at timestamptz not null,
  approve_before timestamptz,
  decided_by int,
  decided_name text,
  decided_at timestamptz,
  sent_at timestamptz,
  finished_at timestamptz,
  constraint command_second_person check (decided_by is null or decided_by <> given_by)
);
create unique index command_number_key on command (number);
-- One command at a time for each meter, whatever the program believes.
create unique index command_one_under_way_key on command (meter_id) where state in ('sent', 'confirming');
create index command_queued_idx on command (line_id, urgency, number) where state = 'queued';
create index command_unread_idx on command (due_at) where state in ('confirming', 'inDoubt');
create index command_doubt_idx on command (meter_id) where state = 'inDoubt';
create index command_waiting_idx on command (approve_before) where state = 'awaitingApproval';
create index command_meter_idx on command (meter_id, number desc);
create index command_property_idx on command (property_id, number desc);
create index command_batch_idx on command (batch_id, number) where batch_id is not null;

-- What is wanted of a relay: what was verified last. Whatever lands later than that is put right again.
create table relay_wish (
  meter_id int primary key,
  mode text not null check (mode in ('automatic', 'forcedClosed', 'forcedOpen')),
  -- Number of the command that it came from: an older one never overwrites a newer one.
  version bigint not null,
  command_id uuid not null,
  repairs int not null default 0,
  wished_at timestamptz not null
);

-- The protective list: no cut while one holds, whether or not the meter has heard of it.
create table protection (
  -- Of the command that began it.
  id uuid primary key,
  meter_id int not null,
  property_id int not null,
  building_id int,
  reason text not null,
  from_at timestamptz not null,
  until_at timestamptz,
  given_by int,
  given_name text not null,
  ended_at timestamptz,
  ended_by int,
  ended_name text,
  constraint protection_ends_later check (until_at is null or until_at > from_at)
);
create unique index protection_one_key on protection (meter_id) where ended_at is null;
create index protection_property_idx on protection (property_id, from_at desc);

-- What a model with this firmware was found to do with money; '' is any firmware.
create table meter_capability (
  model_id text not null,
  firmware text not null,
  simulated boolean not null,
  capabilities jsonb not null,
  note text,
  found_at timestamptz not null,
  found_by int,
  found_name text not null,
  primary key (model_id, firmware, simulated)
);

grant select, insert, update on command_batch, command, protection, meter_capability to meterwall_server;
grant select, insert, update, delete on relay_wish to meterwall_server;
