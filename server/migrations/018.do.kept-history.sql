-- Rows that change on their way to an end keep what they are about while they are open, and all of it from then on: purchase counts,
-- reads in doubt, warnings, comparisons. None of them goes away. So far only the program saw to that.

create function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % is history', tg_table_name using errcode = 'MW010';
end $$;

-- The condition stands at the trigger: who changes what may change does not pay for a function.

-- A count that was proven to be unused is free for another vend: it is not taken back for the first one.
create trigger vend_seq_history before update on vend_seq for each row
  when ((old.released and not new.released)
    or (old.meter_id, old.seq, old.vend_id) is distinct from (new.meter_id, new.seq, new.vend_id))
  execute function refuse_rewriting();
create trigger vend_seq_kept before delete or truncate on vend_seq for each statement execute function refuse_change();

-- One open row a stream, about its newest read in doubt: the read goes on until somebody decides.
create trigger quarantine_history before update on quarantine for each row
  when ((old.decided_at is not null and old.* is distinct from new.*)
    or (old.id, old.property_id, old.account_id, old.meter_id, old.stream_id, old.raised_at)
      is distinct from (new.id, new.property_id, new.account_id, new.meter_id, new.stream_id, new.raised_at))
  execute function refuse_rewriting();
create trigger quarantine_kept before delete or truncate on quarantine for each statement execute function refuse_change();

create trigger notice_history before update on notice for each row
  when ((old.cleared_at is not null and old.* is distinct from new.*)
    or (old.id, old.property_id, old.account_id, old.level, old.balance_minor, old.line_minor, old.raised_at)
      is distinct from (new.id, new.property_id, new.account_id, new.level, new.balance_minor, new.line_minor, new.raised_at))
  execute function refuse_rewriting();
create trigger notice_kept before delete or truncate on notice for each statement execute function refuse_change();

create trigger reconciliation_run_history before update on reconciliation_run for each row
  when ((old.finished_at is not null and old.* is distinct from new.*)
    or (old.id, old.property_id, old.day, old.user_id, old.actor_name, old.started_at)
      is distinct from (new.id, new.property_id, new.day, new.user_id, new.actor_name, new.started_at))
  execute function refuse_rewriting();
create trigger reconciliation_run_kept before delete or truncate on reconciliation_run
  for each statement execute function refuse_change();

-- Of what may change, the server writes no other column.
revoke update on vend_seq, quarantine, notice, reconciliation_run from meterwall_server;
grant update (released) on vend_seq to meterwall_server;
grant update (cause, after_at, after_wh, read_at, read_wh, cap_wh, decided_at, decision, user_id, actor_name, reason)
  on quarantine to meterwall_server;
grant update (cleared_at) on notice to meterwall_server;
grant update (finished_at, meters, matched, differing, explained, payments) on reconciliation_run to meterwall_server;
