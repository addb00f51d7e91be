import { raw } from 'sql-template-tag';
import { type Db, violatedConstraint } from '#server/platform/db/index.ts';

/** A guard of the database: what it refuses goes through once it is switched off, and is taken back. */
export interface Attack {
  /** As it is told: a constraint's name, or words of the trigger or function. */
  readonly guard: string;
  readonly off: readonly string[];
  /** All but the last are in good order. */
  readonly does: readonly string[];
}

export const index = (guard: string, ...does: readonly string[]): Attack => ({
  ...{ guard, does, off: [`drop index ${guard}`] },
});
/** Whatever rests on it (a foreign key) goes with it. */
export const constraint = (table: string, guard: string, ...does: readonly string[]): Attack => ({
  ...{ guard, does, off: [`alter table ${table} drop constraint ${guard} cascade`] },
});
export const trigger = (table: string, name: string, says: string, ...does: readonly string[]): Attack => ({
  ...{ guard: says, does, off: [`drop trigger ${name} on ${table}`] },
});
export const kept = (table: string, row: readonly string[], change: string): Attack =>
  trigger(table, `${table}_append_only`, 'append-only', ...row, change);
/** A column that the server may not write: said to itself, so that no other guard has a word in it. */
export const right = (table: string, column: string, ...row: readonly string[]): Attack => ({
  guard: `permission denied for table ${table}`,
  off: [`grant update on ${table} to meterwall_server`],
  does: [...row, 'set local role meterwall_server', `update ${table} set ${column} = ${column}`],
});
/** A sentence of a function, with what stands there when it is switched off. */
export const sentence = (
  [name, guard, off]: readonly [name: string, guard: string, off: string],
  says: string,
  ...does: readonly string[]
): Attack => ({ ...{ guard: says, does, off: [without(name, guard, off)] } });

/** Makes a function anew without one of its guards. Who changes the guard changes its sabotage, too. */
export function without(name: string, guard: string, off: string): string {
  return `do $sabotage$ declare
      source text := pg_get_functiondef('${name}'::regproc);
      guard text := $guard$${guard}$guard$;
    begin
      if cardinality(string_to_array(source, guard)) <> 2 then
        raise exception '${name} has this guard % times: %', cardinality(string_to_array(source, guard)) - 1, guard;
      end if;
      execute replace(source, guard, $off$${off}$off$);
    end $sabotage$`;
}

/** Refused with `says` where this holds: for guards that let something else happen instead of refusing. */
export const demand = (condition: string, says: string): string =>
  `do $demand$ begin if not (${condition}) then raise exception '${says}'; end if; end $demand$`;

/** What refuses it: the constraint, or what the trigger says; undefined where nothing does. Nothing of it stays. */
export async function refusedBy(db: Db, statements: readonly string[]): Promise<string | undefined> {
  const takenBack = new Error('taken back');
  try {
    await db.tx(async (tx) => {
      for (const statement of statements) await tx.query(raw(statement));
      await tx.query(raw('set constraints all immediate'));
      throw takenBack;
    });
  } catch (error) {
    if (error === takenBack) return undefined;
    return violatedConstraint(error) ?? (error instanceof Error ? error.message : String(error));
  }
  return undefined;
}
