-- What meters say of their own purchases, asked once a night, and the seals of the audit log.

-- A visit of a meter's prepaid side: what it says of itself, whatever we believe that we sold.
create table purse_reading (
  meter_id int not null,
  read_at timestamptz not null,
  property_id int not null,
  purchase_count int not null,
  balance_minor bigint not null,
  -- All that was ever bought, less refunds; null where the meter does not tell.
  cumulative_minor bigint,
  primary key (meter_id, read_at)
);
create trigger purse_reading_append_only before update or delete or truncate on purse_reading
  for each statement execute function refuse_change();

-- Differences that rounding explains, beside those that nothing does.
alter table reconciliation_run add column explained int not null default 0;

-- The audit log in blocks, each sealed over the one before: the last hash of a block stands for every row up to there.
create table audit_seal (
  no bigint primary key,
  first_id bigint not null,
  last_id bigint not null,
  rows int not null check (rows > 0),
  hash bytea not null check (length(hash) = 32),
  sealed_at timestamptz not null,
  constraint audit_seal_forward check (last_id >= first_id)
);
create trigger audit_seal_append_only before update or delete or truncate on audit_seal
  for each statement execute function refuse_change();

grant select, insert on purse_reading, audit_seal to meterwall_server;
