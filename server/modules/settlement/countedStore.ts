import { raw, type Sql } from 'sql-template-tag';

type Alias = 'a' | 'b' | 'r';

/** What counts of a row of `register_reading`: what a person said instead of the meter, where somebody did. */
export function counted(row: Alias): Sql {
  return raw(`coalesce(${row}.edited_wh, ${row}.energy_wh)`);
}

/** Whether a row of `register_reading` counts for money: really read, and not taken out by a person. */
export function counts(row: Alias): Sql {
  return raw(`${row}.energy_wh is not null and ${row}.quality <> 'estimated' and not ${row}.voided`);
}
