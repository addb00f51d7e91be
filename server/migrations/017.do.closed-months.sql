-- A month whose books are closed takes no transaction, whoever writes it. So far only the functions that post looked at that; what
-- went past them was seen by the proof alone.
create or replace function ledger_entries_are_complete() returns trigger language plpgsql as $$
declare
  fault text;
  state text;
begin
  select a.state, a.fault into state, fault from (
    select case
        when w.t is null or (w.entries, w.first_no, w.last_no) is distinct from ((w.t).n_entries::bigint, 1, (w.t).n_entries) then 'MW011'
        when w.known < w.entries or w.least <> w.most or w.least <> (w.t).property_id then 'MW013'
        when (w.t).reverses_id is not null and not ledger_is_mirror(w.txn_id, (w.t).property_id, (w.t).reverses_id) then 'MW014'
        when exists (
          select from ledger_closed_period c where c.property_id = (w.t).property_id and c.period >= (w.t).period) then 'MW015'
      end as state, coalesce((w.t).key, w.txn_id::text) as fault
    from (
      -- Looked up one by one: a join is planned once, for a book that is still empty, and would read the whole book ever after.
      select e.*, (select t from ledger_txn t where t.id = e.txn_id) as t
      from (
        select n.txn_id, count(*) as entries, min(n.no) as first_no, max(n.no) as last_no, count(n.property) as known,
          min(n.property) as least, max(n.property) as most
        from (
          select a.txn_id, a.no, (select l.property_id from ledger_account l where l.id = a.account_id) as property
          from arrived a offset 0) n
        group by n.txn_id) e
      offset 0) w) a
  where a.state is not null limit 1;
  case state
    when 'MW011' then
      raise exception 'transaction % does not count these entries', fault using errcode = state;
    when 'MW013' then
      raise exception 'transaction % books on accounts of another property', fault using errcode = state;
    when 'MW014' then
      raise exception 'transaction % is not the mirror of one that can be reversed', fault using errcode = state;
    when 'MW015' then
      raise exception 'transaction % is of a month that is closed', fault using errcode = state;
    else
  end case;
  return null;
end $$;

alter function ledger_entries_are_complete set plan_cache_mode = force_generic_plan;
alter function ledger_entries_are_complete set enable_seqscan = off;
