-- What a cancelled vend left us owing, and its way back to the customer.

alter table vend
  -- Taken for it and not in the meter: lies in refundPayable until it is paid out or settled with the account.
  add column owed_minor bigint not null default 0 check (owed_minor >= 0),
  add column paid_out_at timestamptz,
  add column paid_out_method text;

-- Those that were cancelled before there was such a column; history stands still otherwise.
alter table vend disable trigger vend_history;
update vend set owed_minor = e.owed
from (
  select t.ref_id, -sum(l.amount_minor) as owed
  from ledger_txn t join ledger_entry l on l.txn_id = t.id join ledger_account a on a.id = l.account_id
  where t.ref_kind = 'vend' and t.kind like '%.cancelled' and a.kind = 'refundPayable'
  group by t.ref_id
) e
where vend.id::text = e.ref_id and vend.state = 'CANCELLED';
alter table vend enable trigger vend_history;

-- At most one a vend, whoever asks.
create table vend_payout (
  id uuid primary key,
  vend_id uuid not null constraint vend_payout_once_key unique references vend,
  amount_minor bigint not null check (amount_minor > 0),
  method text not null check (method in ('cash', 'wechat', 'alipay', 'bankCard', 'transfer')),
  channel_trade_no text,
  reason text,
  user_id int not null,
  user_name text not null,
  at timestamptz not null,
  input_hash bytea not null,
  txn bigint not null
);
create trigger vend_payout_append_only before update or delete or truncate on vend_payout
  for each statement execute function refuse_change();

create or replace function vend_ends_once() returns trigger language plpgsql as $$
declare
  later constant text[] := '{prints,reversed_by,version,paid_out_at,paid_out_method}';
begin
  if old.state in ('CONFIRMED', 'CANCELLED') and (to_jsonb(new) - later) <> (to_jsonb(old) - later) then
    raise exception 'vend % is history', old.id using errcode = 'MW010';
  end if;
  if old.paid_out_at is not null and new.paid_out_at is distinct from old.paid_out_at then
    raise exception 'vend % is paid out', old.id using errcode = 'MW010';
  end if;
  return new;
end $$;

grant select, insert on vend_payout to meterwall_server;
