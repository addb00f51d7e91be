-- Reads that come late or are corrected by a person: what was charged stays as it is, and the difference is a charge of its own.

-- What the meter said stays as it was read; what a person says instead stands beside it, and counts.
alter table register_reading
  add column edited_wh bigint check (edited_wh >= 0),
  add column voided boolean not null default false;
revoke update, delete on register_reading from meterwall_server;
grant update (edited_wh, voided) on register_reading to meterwall_server;

create table register_edit (
  id bigint generated always as identity primary key,
  property_id int not null,
  meter_id int not null,
  instant timestamptz not null,
  -- What the meter said; what counted before and what counts since, null where the reading counts for nothing.
  raw_wh bigint not null,
  before_wh bigint,
  after_wh bigint,
  user_id int not null,
  actor_name text not null,
  reason text not null,
  edited_at timestamptz not null,
  constraint register_edit_changes check (before_wh is distinct from after_wh)
);
create index register_edit_property_idx on register_edit (property_id, id);
create index register_edit_meter_idx on register_edit (meter_id, id);

-- Segments between two reads computed anew.
create table correction (
  id bigint generated always as identity primary key,
  property_id int not null,
  account_id int not null,
  meter_id int not null,
  stream_id bigint not null,
  cause text not null check (cause in ('lateRead', 'edit')),
  edit_id bigint,
  from_at timestamptz not null,
  to_at timestamptz not null,
  -- Charges that told of the old segments.
  charge_ids bigint[] not null,
  -- [{"month", "versionId", "label", "component", "price", "quantity"}], numbers as text: new lines less old ones.
  lines jsonb not null,
  corrected_at timestamptz not null,
  constraint correction_forward check (to_at > from_at),
  constraint correction_edit check ((cause = 'edit') = (edit_id is not null))
);
create index correction_property_idx on correction (property_id, id);
create index correction_account_idx on correction (account_id, id);

-- What took the place of a segment; a segment is replaced once.
create table segment_replaced (
  segment_id bigint primary key,
  correction_id bigint not null
);
create index segment_replaced_correction_idx on segment_replaced (correction_id);

-- Null: as it was first charged.
alter table segment add column correction_id bigint,
  drop constraint segment_key,
  add constraint segment_key unique nulls not distinct (stream_id, from_at, correction_id);
-- What was shared by time: only there can a late read change anything.
create index segment_prorated_idx on segment (to_at) where quality = 'prorated';

-- How many reads lay in a shared segment when it was last computed.
create table segment_look (
  segment_id bigint primary key,
  reads int not null,
  looked_at timestamptz not null
);

alter table charge add column correction_id bigint,
  drop constraint charge_reason_check,
  add constraint charge_reason_check check (reason in ('reading', 'monthEnd', 'modeSwitch', 'closing', 'correction')),
  add constraint charge_correction check ((reason = 'correction') = (correction_id is not null)),
  drop constraint charge_key,
  add constraint charge_key unique nulls not distinct (account_id, meter_id, epoch, period, to_at, reason, correction_id);
create unique index charge_correction_key on charge (correction_id) where correction_id is not null;

-- edited: a person said what the register was.
alter table quarantine drop constraint quarantine_decision_check,
  add constraint quarantine_decision_check check (decision in ('ignored', 'rebased', 'passed', 'edited'));

create trigger register_edit_append_only before update or delete or truncate on register_edit
  for each statement execute function refuse_change();
create trigger correction_append_only before update or delete or truncate on correction
  for each statement execute function refuse_change();
create trigger segment_replaced_append_only before update or delete or truncate on segment_replaced
  for each statement execute function refuse_change();

grant select, insert on register_edit, correction, segment_replaced to meterwall_server;
grant select, insert, update on segment_look to meterwall_server;
