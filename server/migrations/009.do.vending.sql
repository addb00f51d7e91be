-- Sales and what becomes of them come here.
select 1;
