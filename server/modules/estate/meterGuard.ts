import type { Meter } from '#contract/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';

/** Meters among these that somebody pays for now. Asked inside the change, behind the lock of their rows. */
export type MeterGuard = (tx: Tx, meterIds: readonly number[]) => Promise<readonly number[]>;

/** What an account rests on: the registers of a device in Wh, and the property whose books it is in. */
const HELD_FIELDS = ['ctRatio', 'ptRatio', 'modelId', 'propertyId'] as const satisfies readonly (keyof Meter)[];

const INSTEAD = {
  ctRatio: 'change the ratio at the account (POST /api/accounts/…/change-ratio), which takes a read first',
  ptRatio: 'change the ratio at the account (POST /api/accounts/…/change-ratio), which takes a read first',
  modelId: 'replace the meter at the account (POST /api/accounts/…/replace-meter)',
  propertyId: 'close the account first',
} as const satisfies Record<(typeof HELD_FIELDS)[number], string>;

/** Refuses a change that would make the registers of a meter with an account mean something else. */
export async function demandFreeToChange(guard: MeterGuard, tx: Tx, before: Meter, after: Meter): Promise<void> {
  const field = HELD_FIELDS.find((held) => before[held] !== after[held]);
  if (field === undefined || (await guard(tx, [before.id])).length === 0) return;
  throw new AppError('conflict.in-use', `Meter ${before.meterNumber} has an open account: ${INSTEAD[field]}.`, [
    { field, message: 'cannot be changed while an account is open' },
  ]);
}

/** Refuses to remove meters that somebody pays for. */
export async function demandFreeToGo(guard: MeterGuard, tx: Tx, meters: readonly Meter[]): Promise<void> {
  const held = new Set(
    await guard(
      tx,
      meters.map(({ id }) => id),
    ),
  );
  const names = meters.filter(({ id }) => held.has(id)).map(({ meterNumber }) => meterNumber);
  if (names.length === 0) return;
  const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  throw new AppError(
    'conflict.in-use',
    `Open accounts hold the meters ${shown}: close the accounts or replace the meters there first.`,
  );
}
