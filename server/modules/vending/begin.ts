import type { Permission, Sale } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type Context, covers, keyReused, posterOf } from './context.ts';
import { toError } from './refusals.ts';
import { toSale, type VendRow } from './rows.ts';
import { insertVend, type NewVend, selectVend } from './store.ts';

/** What makes a request the same one again. */
interface Asked {
  readonly id: string;
  readonly inputHash: Buffer;
}

/**
 * The vend that the same request made before; undefined for a new id, and for one of a vend beyond the actor's right. Throws where
 * the id belongs to another request.
 */
export async function repeated(
  { db }: Context,
  actor: Actor,
  permission: Permission,
  { id, inputHash }: Asked,
): Promise<VendRow | undefined> {
  const row = await selectVend(db, id);
  if (row === undefined || !covers(actor, permission, row)) return undefined;
  if (!row.input_hash.equals(inputHash)) throw keyReused();
  return row;
}

/** What would be refused now may have been accepted before, or in this very moment: then that is the answer. Else throws `error`. */
export async function firstAnswer(
  context: Context,
  actor: Actor,
  permission: Permission,
  asked: Asked,
  error: unknown,
): Promise<Sale> {
  const row = error instanceof AppError ? await repeated(context, actor, permission, asked) : undefined;
  if (row === undefined) throw error;
  return toSale(row);
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
