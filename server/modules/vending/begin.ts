import { audit } from '#server/modules/access/index.ts';
import { type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type Context, keyReused, posterOf } from './context.ts';
import { toError } from './refusals.ts';
import type { VendRow } from './rows.ts';
import { insertVend, type NewVend, selectVend } from './store.ts';

/** The vend that the same request made before; undefined for a new id. Throws where the id belongs to another request. */
export async function repeated({ db }: Context, id: string, inputHash: Buffer): Promise<VendRow | undefined> {
  const row = await selectVend(db, id);
  if (row !== undefined && !row.input_hash.equals(inputHash)) throw keyReused();
  return row;
}

/**
 * Stores a vend with its audit row and lets it begin: wallets have it at once, meters get it in the background, a DRAFT waits
 * for a second person.
 */
export async function begin(context: Context, tx: Tx, actor: Actor, vend: NewVend): Promise<VendRow> {
  const row = await insertVend(tx, vend).catch((error: unknown) => {
    const constraint = violatedConstraint(error);
    if (constraint === 'vend_pkey') throw keyReused();
    if (constraint === 'vend_reversed_once_key')
      throw new AppError('reversal.already', 'The sale was reversed before.');
    throw error;
  });
  await audit(tx, {
    actor,
    action: `vend.${vend.kind}`,
    subjectKind: 'vend',
    subjectId: vend.id,
    propertyId: vend.propertyId,
    after: { meterId: vend.meterId, netMinor: String(vend.netMinor), state: vend.state, reason: vend.reason },
  });
  tx.afterCommit(context.wake);
  if (row.state !== 'PAID') return row;
  return accept(context, tx, row, actor);
}

/** PAID goes on its way. */
export async function accept(context: Context, tx: Tx, row: VendRow, actor: Actor): Promise<VendRow> {
  const stepped = await context.stepper
    .step(tx, row, { event: { kind: 'accept' }, by: posterOf(actor) })
    .catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'ledger.limit')
        throw toError({ code: 'refund.exceeds-balance', message: 'The wallet does not hold that much.' });
      throw error;
    });
  return stepped?.row ?? row;
}
