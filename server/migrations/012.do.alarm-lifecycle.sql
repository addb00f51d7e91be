-- The life of an alarm after ISA-18.2: states, shelves, outages of sources, everything that happened, settings of a property.

alter table alarm
  add column state text check (state in
    ('unacknowledged', 'acknowledged', 'returned', 'shelved', 'suppressed', 'outOfService', 'closed')),
  -- An alarm that comes again before anybody closed it is the same one.
  add column last_raised_at timestamptz,
  add column occurrences int not null default 1,
  add column assigned_to int,
  add column assigned_name text,
  add column shelved_at timestamptz,
  add column shelved_until timestamptz,
  add column shelved_name text,
  add column shelf_note text,
  add column suppressed_by text check (suppressed_by in ('cause', 'notOpened')),
  add column outage_id int,
  add column chattering_since timestamptz,
  add column closed_at timestamptz,
  add column closed_name text,
  -- Closed by hand while its condition held: it is not raised again before that has gone.
  add column still_holds boolean not null default false,
  -- From the property down to the room.
  add column place_ids int[] not null default '{}',
  -- The most meters that were gone with it.
  add column child_peak int not null default 0;

update alarm set
  state = case
    when cleared_at is null and acknowledged_at is null then 'unacknowledged'
    when cleared_at is null then 'acknowledged'
    when acknowledged_at is null then 'returned'
    else 'closed' end,
  last_raised_at = raised_at,
  closed_at = case when cleared_at is not null and acknowledged_at is not null
    then greatest(cleared_at, acknowledged_at) end,
  place_ids = array_remove(array[property_id, building_id], null),
  child_peak = child_count;

alter table alarm
  alter column state set not null,
  alter column last_raised_at set not null,
  add constraint alarm_closed_once check ((state = 'closed') = (closed_at is not null)),
  add constraint alarm_shelf_ends check ((state = 'shelved') <= (shelved_until is not null)),
  add constraint alarm_suppression_named check ((state = 'suppressed') <= (suppressed_by is not null)),
  add constraint alarm_outage_named check ((state = 'outOfService') <= (outage_id is not null));

drop index alarm_current_idx;
create index alarm_current_idx on alarm (property_id, id) where state <> 'closed';
create index alarm_uncleared_idx on alarm (source_kind, source_id, kind) where state <> 'closed';
create index alarm_shelf_idx on alarm (shelved_until) where state = 'shelved';
create index alarm_chattering_idx on alarm (last_raised_at) where chattering_since is not null;
create index alarm_cause_idx on alarm (cause_id) where cause_id is not null;
create index alarm_assigned_idx on alarm (assigned_to, id) where assigned_to is not null;
create index alarm_place_idx on alarm using gin (place_ids);
create index alarm_raised_idx on alarm (property_id, last_raised_at);

-- Everything that happened to alarms, in the order in which it was committed: writers take turns.
create table alarm_event (
  id bigint generated always as identity primary key,
  alarm_id int not null,
  property_id int,
  building_id int,
  kind text not null,
  source_kind text not null,
  source_id int not null,
  event text not null check (event in ('raised', 'cleared', 'acknowledged', 'noted', 'assigned', 'shelved', 'unshelved',
    'suppressed', 'unsuppressed', 'outOfService', 'inService', 'chattering', 'rested', 'closed')),
  at timestamptz not null,
  -- When the person did it, where the action waited for signal.
  done_at timestamptz,
  user_id int,
  user_name text,
  -- After it.
  state text not null,
  note text,
  until_at timestamptz,
  assignee_id int,
  assignee_name text,
  value double precision,
  limit_value double precision,
  unit text,
  -- What people are to be told by mail, push and webhook.
  announce text check (announce in ('raised', 'returned')),
  constraint alarm_event_done_before check (done_at is null or done_at <= at)
);
create index alarm_event_alarm_idx on alarm_event (alarm_id, id desc);
create index alarm_event_raised_idx on alarm_event (property_id, at) where event = 'raised';
create index alarm_event_source_idx on alarm_event (source_kind, source_id, kind, at) where event = 'raised';
-- What a person had to do with.
create index alarm_event_user_idx on alarm_event (user_id, alarm_id) where user_id is not null;
create index alarm_event_announce_idx on alarm_event (id) where announce is not null;

insert into alarm_event (alarm_id, property_id, building_id, kind, source_kind, source_id, event, at, user_id, user_name,
  state, note, value, limit_value, unit)
select a.id, a.property_id, a.building_id, a.kind, a.source_kind, a.source_id, e.event, e.at,
  case when e.event = 'acknowledged' then a.acknowledged_by end,
  case when e.event = 'acknowledged' then a.acknowledged_name end,
  e.state,
  case when e.event = 'acknowledged' then a.note end,
  case when e.event = 'raised' then a.value end,
  case when e.event = 'raised' then a.limit_value end,
  case when e.event = 'raised' then a.unit end
from alarm a cross join lateral (values
  ('raised', a.raised_at, 'unacknowledged'),
  ('acknowledged', a.acknowledged_at,
    case when a.cleared_at <= a.acknowledged_at then 'closed' else 'acknowledged' end),
  ('cleared', a.cleared_at,
    case when a.acknowledged_at < a.cleared_at then 'closed' else 'returned' end)
) e (event, at, state)
where e.at is not null
order by e.at, a.id;

create trigger alarm_event_append_only before update or delete or truncate on alarm_event
  for each statement execute function refuse_change();

-- Answers of actions by the id that the client made: a queue that is sent twice changes nothing the second time.
create table alarm_request (
  id uuid primary key,
  user_id int not null,
  input_hash bytea not null,
  outcomes jsonb not null,
  at timestamptz not null
);
create index alarm_request_at_idx on alarm_request (at);

-- Meters, lines and gateways that a person took out of alarm service.
create table alarm_outage (
  id int generated always as identity primary key,
  property_id int not null,
  building_id int,
  source_kind text not null check (source_kind in ('gateway', 'line', 'meter')),
  source_id int not null,
  -- As it was called then.
  path jsonb not null,
  label jsonb,
  reason text not null,
  from_at timestamptz not null,
  by_id int not null,
  by_name text not null,
  until_at timestamptz,
  ended_at timestamptz,
  -- Nobody where it ended by itself.
  ended_by int,
  ended_name text,
  end_note text,
  constraint alarm_outage_ends_later check (until_at is null or until_at > from_at)
);
create unique index alarm_outage_one_key on alarm_outage (source_kind, source_id) where ended_at is null;
create index alarm_outage_property_idx on alarm_outage (property_id, id desc);

create table alarm_setting (
  property_id int primary key,
  version int not null,
  -- kind → {"raiseAfterMs", "clearAfterMs"}; a kind that is not named has its default
  delays jsonb not null,
  chatter_times int not null check (chatter_times between 2 and 50),
  chatter_window_minutes int not null check (chatter_window_minutes between 1 and 240),
  suppress_not_opened boolean not null,
  shift_starts text[] not null check (cardinality(shift_starts) between 1 and 6),
  operators int not null check (operators between 1 and 20)
);

grant select, insert on alarm_event to meterwall_server;
grant select, insert, delete on alarm_request to meterwall_server;
grant select, insert, update on alarm_outage, alarm_setting to meterwall_server;
