-- Days that were named, or named no more, when they had begun already: what was charged of them is computed anew.

create table changed_day (
  id bigint generated always as identity primary key,
  property_id int not null,
  list text not null,
  day date not null,
  -- False: it was taken off the list.
  named boolean not null,
  -- Of the settings that have it so.
  settings_version int not null,
  user_id int not null,
  actor_name text not null,
  changed_at timestamptz not null,
  -- Streams are looked at in the order of their ids: up to here it is done.
  at_stream bigint not null default 0,
  settled_at timestamptz
);
create index changed_day_open_idx on changed_day (property_id, id) where settled_at is null;

alter table correction drop constraint correction_cause_check,
  add constraint correction_cause_check check (cause in ('lateRead', 'edit', 'dayList'));

create trigger changed_day_history before update on changed_day for each row
  when ((old.settled_at is not null and old.* is distinct from new.*) or new.at_stream < old.at_stream
    or (old.id, old.property_id, old.list, old.day, old.named, old.settings_version, old.user_id, old.actor_name, old.changed_at)
      is distinct from
      (new.id, new.property_id, new.list, new.day, new.named, new.settings_version, new.user_id, new.actor_name, new.changed_at))
  execute function refuse_rewriting();
create trigger changed_day_kept before delete or truncate on changed_day for each statement execute function refuse_change();

grant select, insert on changed_day to meterwall_server;
grant update (at_stream, settled_at) on changed_day to meterwall_server;
