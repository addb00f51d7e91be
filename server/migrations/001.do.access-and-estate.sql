-- Who may do what, what stands where, and who changed it.

create table role (
  name text primary key,
  permissions text[] not null,
  built_in boolean not null
);

create table app_user (
  id int generated always as identity primary key,
  name text not null,
  display_name text not null,
  -- scrypt with its parameters, see modules/access/password.ts
  password_hash text not null,
  disabled boolean not null default false,
  demo boolean not null default false,
  created_at timestamptz not null default now()
);
create unique index app_user_name_key on app_user (lower(name));

create table place (
  id int generated always as identity primary key,
  kind text not null check (kind in ('property', 'building', 'floor', 'room')),
  parent_id int,
  parent_kind text generated always as (
    case kind when 'building' then 'property' when 'floor' then 'building' when 'room' then 'floor' end
  ) stored,
  -- A property names itself.
  property_id int not null,
  names jsonb not null,
  position int not null default 0,
  shape text check (shape in ('tower', 'row', 'block')),
  time_zone text,
  currency text check (currency ~ '^[A-Z]{3}$'),
  polling jsonb,
  -- Key in the simulated plant's manifest; null for what people made.
  plant_key text constraint place_plant_key_key unique,
  constraint place_id_kind_key unique (id, kind),
  constraint place_parent_fkey foreign key (parent_id, parent_kind) references place (id, kind),
  constraint place_property_fkey foreign key (property_id) references place (id) deferrable initially deferred,
  constraint place_root_is_property check ((kind = 'property') = (parent_id is null)),
  constraint place_property_of_itself check ((kind = 'property') = (property_id = id)),
  constraint place_property_settings check (kind <> 'property' or (time_zone is not null and currency is not null))
);
create index place_parent_idx on place (parent_id);

create table user_grant (
  id int generated always as identity primary key,
  user_id int not null references app_user on delete cascade,
  role text not null constraint user_grant_role_fkey references role,
  scope text not null check (scope in ('group', 'property', 'building')),
  place_id int,
  place_kind text generated always as (case scope when 'group' then null else scope end) stored,
  constraint user_grant_place_fkey foreign key (place_id, place_kind) references place (id, kind) on delete cascade,
  constraint user_grant_place_given check ((scope = 'group') = (place_id is null)),
  constraint user_grant_once unique nulls not distinct (user_id, role, scope, place_id)
);

create table session (
  -- sha256 of the cookie: a stolen table opens nothing.
  token_hash bytea primary key,
  id uuid not null unique default gen_random_uuid(),
  user_id int not null references app_user on delete cascade,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ip text not null,
  user_agent text
);
create index session_user_idx on session (user_id);
create index session_created_idx on session (created_at);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  -- Copied, not referenced: the row outlives whom and what it names.
  user_id int,
  user_name text,
  ip text,
  action text not null,
  subject_kind text not null,
  subject_id text,
  property_id int,
  before jsonb,
  after jsonb
);
create index audit_property_idx on audit (property_id, id desc);
create index audit_subject_idx on audit (subject_kind, subject_id, id desc);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function audit_is_append_only();

create table gateway (
  id int generated always as identity primary key,
  property_id int not null constraint gateway_property_fkey references place,
  code text not null,
  names jsonb,
  place_id int constraint gateway_place_fkey references place on delete set null,
  polling jsonb,
  simulated boolean not null default false,
  enabled boolean not null default true,
  version int not null default 1,
  created_at timestamptz not null default now(),
  constraint gateway_code_key unique (property_id, code)
);

create table line (
  id int generated always as identity primary key,
  gateway_id int not null references gateway on delete cascade,
  name text not null,
  transport jsonb not null,
  serial jsonb not null,
  response_timeout_ms int not null,
  turnaround_ms int not null,
  constraint line_name_key unique (gateway_id, name)
);

create table meter (
  id int generated always as identity primary key,
  -- Null only once removed: the history of a removed meter outlives its line, its place and its property.
  property_id int constraint meter_property_fkey references place on delete set null,
  place_id int constraint meter_place_fkey references place on delete set null,
  line_id int constraint meter_line_fkey references line on delete set null,
  model_id text not null,
  unit_address int not null check (unit_address between 1 and 247),
  meter_number text not null,
  role text not null check (role in ('tenant', 'public', 'substation')),
  names jsonb,
  ct_ratio int not null default 1 check (ct_ratio > 0),
  pt_ratio int not null default 1 check (pt_ratio > 0),
  circuit text,
  overload_limit_w int check (overload_limit_w > 0),
  energy_category text,
  polling jsonb,
  version int not null default 1,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  constraint meter_hangs_somewhere check (
    removed_at is not null or (property_id is not null and place_id is not null and line_id is not null))
);
create unique index meter_unit_address_key on meter (line_id, unit_address) where removed_at is null;
create unique index meter_number_key on meter (property_id, meter_number) where removed_at is null;
create index meter_place_idx on meter (place_id);
