-- What the meters said. Ids are not foreign keys: history outlives the estate that it was measured in.

-- Last known values of each meter, so that a restart shows them (marked stale) before the first answer.
create table meter_latest (
  meter_id int primary key,
  read_at timestamptz not null,
  -- name → value in the unit that ends the name
  reading_values jsonb not null,
  balance_minor int8,
  status jsonb not null,
  meter_clock timestamptz,
  rejected jsonb not null,
  facts jsonb not null,
  since jsonb not null
);

-- The truth for money: exact counters at billing instants. One row a meter and instant, never changed.
create table register_reading (
  meter_id int not null,
  instant timestamptz not null,
  read_at timestamptz not null,
  quality text not null check (quality in ('measured', 'late', 'estimated')),
  source text not null check (source in ('live', 'registers', 'onDemand', 'backfill')),
  energy_wh int8,
  energy_sharp_wh int8,
  energy_peak_wh int8,
  energy_flat_wh int8,
  energy_valley_wh int8,
  energy_deep_valley_wh int8,
  energy_reverse_wh int8,
  balance_minor int8,
  purchase_count int,
  primary key (meter_id, instant)
);

-- Telemetry, for charts, never for money. A column a quantity, so that any tool can read it.
create table telemetry_raw (
  meter_id int not null,
  at timestamptz not null,
  voltage_l1_v double precision,
  voltage_l2_v double precision,
  voltage_l3_v double precision,
  current_l1_a double precision,
  current_l2_a double precision,
  current_l3_a double precision,
  active_power_l1_w double precision,
  active_power_l2_w double precision,
  active_power_l3_w double precision,
  active_power_w double precision,
  reactive_power_l1_var double precision,
  reactive_power_l2_var double precision,
  reactive_power_l3_var double precision,
  reactive_power_var double precision,
  apparent_power_va double precision,
  power_factor_l1 double precision,
  power_factor_l2 double precision,
  power_factor_l3 double precision,
  power_factor double precision,
  frequency_hz double precision,
  energy_wh double precision,
  energy_sharp_wh double precision,
  energy_peak_wh double precision,
  energy_flat_wh double precision,
  energy_valley_wh double precision,
  energy_deep_valley_wh double precision,
  energy_reverse_wh double precision,
  purchase_count double precision,
  overload_trip_count double precision,
  balance_minor double precision,
  primary key (meter_id, at)
) partition by range (at);
create index telemetry_raw_at_idx on telemetry_raw (at);

-- Roll-ups: the same place in each array is the same quantity (its code in platform/telemetry/columns.ts).
create table telemetry_15m (
  meter_id int not null,
  at timestamptz not null,
  counts int[] not null,
  sums double precision[] not null,
  mins double precision[] not null,
  maxs double precision[] not null,
  lasts double precision[] not null,
  primary key (meter_id, at)
) partition by range (at);
create index telemetry_15m_at_idx on telemetry_15m (at);

-- `at` is the start of the property's own day.
create table telemetry_1d (
  meter_id int not null,
  at timestamptz not null,
  counts int[] not null,
  sums double precision[] not null,
  mins double precision[] not null,
  maxs double precision[] not null,
  lasts double precision[] not null,
  primary key (meter_id, at)
);

-- Quarter hours whose raw rows are newer than their roll-up; `version` tells the roller that more came meanwhile.
create table telemetry_dirty_15m (
  at timestamptz primary key,
  version int not null default 1
);
create table telemetry_dirty_1d (
  time_zone text not null,
  at timestamptz not null,
  primary key (time_zone, at)
);

create table alarm (
  id int generated always as identity primary key,
  property_id int not null,
  building_id int,
  kind text not null,
  severity int not null check (severity between 1 and 3),
  source_kind text not null check (source_kind in ('gateway', 'line', 'meter')),
  source_id int not null,
  gateway_id int,
  line_id int,
  -- As it was called when the alarm was raised.
  path jsonb not null,
  label jsonb,
  search text not null,
  raised_at timestamptz not null,
  cleared_at timestamptz,
  -- The lost gateway or line that explained it away.
  cause_id int references alarm,
  acknowledged_at timestamptz,
  acknowledged_by int,
  acknowledged_name text,
  note text,
  value double precision,
  limit_value double precision,
  unit text,
  child_count int not null default 0,
  constraint alarm_acknowledged_by_someone check ((acknowledged_at is null) = (acknowledged_name is null))
);
create unique index alarm_one_open_key on alarm (source_kind, source_id, kind) where cleared_at is null;
create index alarm_current_idx on alarm (property_id, id) where cleared_at is null or acknowledged_at is null;
create index alarm_property_idx on alarm (property_id, id);
create index alarm_source_idx on alarm (source_kind, source_id, id);
