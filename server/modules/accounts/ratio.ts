import type { Account, BodyOf, changeRatio } from '#contract/index.ts';
import { registerAtRatio } from '#domain/account/deadMeter.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { toMeter } from './book.ts';
import { type AccountsContext, noteAccount } from './context.ts';
import { finishEpoch, whyNotCharged } from './epochs.ts';
import { NotYet } from './notYet.ts';
import { readMeters, type Snapshot, snapshotFacts } from './reads.ts';
import { insertEpoch, type StoredRegisters } from './store.ts';
import type { AccountMeter } from './types.ts';
import { type CaseRequest, demandIdle, demandNoOpenVend, lockIn, once, storeCase } from './useCase.ts';
import { demandAccount, invalidField } from './visibility.ts';

type RatioBody = BodyOf<typeof changeRatio>;

/**
 * New transformer ratios: what was used up to the read counts with the old ones, what comes after with the new ones. The
 * meter's row in the estate changes in the same transaction.
 */
export function changeRatios(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  body: RatioBody,
): Promise<Account> {
  const { changeId: id, ...asked } = body;
  const request: CaseRequest = { id, field: 'changeId', kind: 'ratioChange', actor, input: { accountId, ...asked } };
  return once(context, request, async (inputHash) => {
    const { meters } = demandAccount(context, actor, 'account.edit', accountId);
    const meter = meters.find(({ meterId }) => meterId === body.meterId);
    if (meter === undefined) throw invalidField('meterId', 'is no meter of this account');
    if (meter.ctRatio === body.ctRatio && meter.ptRatio === body.ptRatio)
      throw invalidField('ctRatio', 'and ptRatio are those that hold already');
    const stated = body.stated === undefined ? [] : [{ meterId: body.meterId, ...body.stated }];
    const [read] = await readMeters(context, [body.meterId], { purse: false, stated });
    if (read === undefined) throw new Error('a meter was read and said nothing');
    return context.estate.changeRatios(body, (tx) => change(context, tx, request, inputHash, accountId, body, read));
  });
}

async function change(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  inputHash: Buffer,
  accountId: number,
  { meterId, ctRatio, ptRatio }: RatioBody,
  read: Snapshot,
): Promise<number> {
  const account = await lockIn(tx, accountId, ['open', 'paused']);
  await demandIdle(tx, accountId);
  await demandNoOpenVend(context, tx, [meterId]);
  const before = account.meters.find((meter) => meter.meterId === meterId);
  if (before === undefined)
    throw new AppError('conflict.changed-meanwhile', 'The meter left the account: read it again.');
  const ended = await finishEpoch(context, tx, account, read);
  if (ended?.settled === false) throw new NotYet(whyNotCharged(ended.why));
  const registers = atNewRatio(read.registers, before, BigInt(ctRatio * ptRatio));
  const epoch = await insertEpoch(tx, {
    ...{ accountId, meterId, ctRatio, ptRatio, registers, quality: read.quality },
    ...{ fromAt: new Date(read.atMs), balanceMinor: undefined, count: undefined },
  });
  await storeCase(context, tx, request, {
    ...{ accountId, propertyId: account.propertyId, inputHash, state: 'done' },
    facts: { meters: [snapshotFacts(read)], registersAfter: registers },
    before: { meterId, ctRatio: before.ctRatio, ptRatio: before.ptRatio },
    after: { meterId, ctRatio, ptRatio },
  });
  const after = await noteAccount(context, tx, accountId, 'ratioChanged');
  await context.charging().begin(tx, after, toMeter(epoch));
  return accountId;
}

function atNewRatio(registers: StoredRegisters, before: AccountMeter, after: bigint): StoredRegisters {
  const multiplier = BigInt(before.ctRatio * before.ptRatio);
  return Object.fromEntries(
    Object.entries(registers).map(([quantity, wh]) => [
      quantity,
      registerAtRatio(BigInt(wh), multiplier, after).toString(),
    ]),
  );
}
