-- Who is told of alarms, by which way, and what became of it.

-- The pair by which push services know this server; made once, since every device's subscription is bound to it.
create table notification_push_key (
  only_one boolean primary key default true check (only_one),
  public_key text not null,
  private_key text not null
);

-- What a person wants to hear of. Rights are asked for anew each time: this only narrows them.
create table notification_person (
  user_id int primary key references app_user on delete cascade,
  language text not null check (language in ('zh', 'en')),
  -- Of the quiet hours.
  time_zone text not null,
  email text,
  email_on boolean not null default false,
  -- Null: everything that the person may see.
  property_ids int[],
  severity int not null check (severity between 1 and 3),
  -- Null: all kinds.
  kinds text[],
  -- Also when the condition is gone.
  returned boolean not null,
  quiet_from_minute int check (quiet_from_minute between 0 and 1439),
  quiet_to_minute int check (quiet_to_minute between 0 and 1439),
  -- High alarms come through quiet hours.
  quiet_except_high boolean not null default true,
  version int not null default 1,
  constraint notification_person_email_given check (not email_on or email is not null),
  constraint notification_person_quiet_both check ((quiet_from_minute is null) = (quiet_to_minute is null))
);

create table push_device (
  id int generated always as identity primary key,
  user_id int not null references app_user on delete cascade,
  endpoint text not null constraint push_device_endpoint_key unique,
  p256dh text not null,
  auth text not null,
  name text not null,
  created_at timestamptz not null,
  last_sent_at timestamptz
);
create index push_device_user_idx on push_device (user_id);

create table webhook (
  id int generated always as identity primary key,
  name text not null,
  url text not null,
  -- Signs what is sent; as it is, since both sides must know it.
  secret text not null,
  language text not null check (language in ('zh', 'en')),
  -- Null: the whole group, the platform's own alarms included.
  property_ids int[],
  severity int not null check (severity between 1 and 3),
  kinds text[],
  returned boolean not null,
  disabled boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null
);

-- How far the events of alarms have been looked at. What was there before is not told.
create table notification_cursor (
  only_one boolean primary key default true check (only_one),
  event_id bigint not null
);
insert into notification_cursor (event_id) select coalesce(max(id), 0) from alarm_event;

-- Something to tell: an alarm that was raised, or returned. Facts are those of that moment; the alarm may go its way.
create table notification (
  id bigint generated always as identity primary key,
  event_id bigint not null constraint notification_once_key unique,
  alarm_id int not null,
  what text not null check (what in ('raised', 'returned')),
  property_id int,
  building_id int,
  facts jsonb not null,
  made_at timestamptz not null
);
create index notification_alarm_idx on notification (alarm_id, id);
create index notification_made_idx on notification (made_at);

-- One message to one receiver by one way.
create table notification_delivery (
  id bigint generated always as identity primary key,
  -- By which a receiver knows a twin: at least once is what is promised.
  key uuid not null unique default gen_random_uuid(),
  what text not null check (what in ('raised', 'returned', 'bundle', 'test')),
  notification_id bigint references notification,
  -- Of a flood: the one message in which this one went.
  bundle_id bigint references notification_delivery,
  property_id int,
  building_id int,
  channel text not null check (channel in ('push', 'email', 'webhook')),
  user_id int,
  device_id int,
  webhook_id int,
  -- `push:7`: whom one at a time goes to, and whose flood is bundled.
  receiver text not null,
  -- For people: an address, the name of a device or webhook.
  address text not null,
  state text not null check (state in ('waiting', 'failed', 'sent', 'givenUp', 'suppressed', 'bundled')),
  -- Why it was not sent.
  reason text,
  attempts int not null default 0,
  next_at timestamptz not null,
  claimed_at timestamptz,
  last_error text,
  made_at timestamptz not null,
  ended_at timestamptz,
  constraint notification_delivery_reason_given check ((state = 'suppressed') = (reason is not null)),
  constraint notification_delivery_about check ((what in ('raised', 'returned')) = (notification_id is not null))
);
create index notification_delivery_due_idx on notification_delivery (channel, next_at)
  where state in ('waiting', 'failed');
create index notification_delivery_receiver_idx on notification_delivery (receiver, made_at);
create index notification_delivery_notification_idx on notification_delivery (notification_id);
create index notification_delivery_bundle_idx on notification_delivery (bundle_id) where bundle_id is not null;
create index notification_delivery_property_idx on notification_delivery (property_id, id);
create index notification_delivery_made_idx on notification_delivery (made_at);

grant select, insert, update, delete on notification_push_key, notification_person, push_device, webhook,
  notification_cursor, notification, notification_delivery to meterwall_server;
