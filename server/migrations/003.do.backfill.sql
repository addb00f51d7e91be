-- History that was taken over completely from somebody who kept it; what was cut short is asked for again.
create table backfill (
  source text primary key,
  from_at timestamptz not null,
  to_at timestamptz not null,
  completed_at timestamptz not null
);
