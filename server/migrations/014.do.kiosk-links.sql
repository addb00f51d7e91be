-- Links that open a wall without signing in. Each is a user of its own who cannot sign in, so that rights, sessions and
-- the live feed need no second way.

alter table app_user add column kiosk boolean not null default false;

create table kiosk_link (
  id int generated always as identity primary key,
  -- sha256 of what stands in the link: a stolen table opens nothing.
  token_hash bytea not null constraint kiosk_link_token_key unique,
  user_id int not null constraint kiosk_link_user_key unique references app_user,
  name text not null,
  tour jsonb not null,
  made_by text not null,
  made_at timestamptz not null,
  opened_at timestamptz,
  revoked_by text,
  revoked_at timestamptz,
  constraint kiosk_link_revoked_whole check ((revoked_at is null) = (revoked_by is null))
);

grant select, insert, update on kiosk_link to meterwall_server;
