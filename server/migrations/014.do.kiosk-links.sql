-- Links that open a wall without signing in: filled by its owner.
select 1;
