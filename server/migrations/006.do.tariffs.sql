-- What a kWh or m³ costs, from when on. Nothing here is ever changed: a price that was charged stays to be looked up.

create table tariff (
  id int generated always as identity primary key,
  property_id int not null,
  name text not null,
  medium text not null check (medium in ('electricity', 'water')),
  created_at timestamptz not null default now(),
  constraint tariff_name_key unique (property_id, name)
);

create table tariff_version (
  id int generated always as identity primary key,
  tariff_id int not null references tariff,
  effective_from timestamptz not null,
  -- Prices as they were published, text with up to eight decimals.
  body jsonb not null,
  -- The same prices as a meter holds them, 10⁻⁴ of the currency; null where no meter can hold them.
  meter_prices jsonb,
  -- What a published price is said to be made of; for display and checks only.
  composition jsonb,
  note text,
  -- Copied, not referenced: the row outlives whom it names. Null: the program itself.
  created_by int,
  created_name text not null,
  created_at timestamptz not null default now()
);
create index tariff_version_tariff_idx on tariff_version (tariff_id, effective_from);

-- A draft is published or dropped, once.
create table tariff_decision (
  version_id int primary key references tariff_version,
  published boolean not null,
  decided_by int,
  decided_name text not null,
  -- Of two versions with the same instant the one published later holds.
  no bigint generated always as identity,
  decided_at timestamptz not null
);

-- Named days (holidays, hot days …) and who may publish.
create table tariff_setting (
  property_id int primary key,
  second_person boolean not null default false,
  day_lists jsonb not null default '[]',
  version int not null default 1
);

create trigger tariff_append_only before update or delete or truncate on tariff
  for each statement execute function refuse_change();
create trigger tariff_version_append_only before update or delete or truncate on tariff_version
  for each statement execute function refuse_change();
create trigger tariff_decision_append_only before update or delete or truncate on tariff_decision
  for each statement execute function refuse_change();

grant select, insert on tariff, tariff_version, tariff_decision to meterwall_server;
grant select, insert, update on tariff_setting to meterwall_server;
