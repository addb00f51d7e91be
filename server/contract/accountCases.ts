import { Type } from 'typebox';
import { params, Reason, StatedRegisters, stated, tag } from './accountParts.ts';
import { Account, Custody } from './accounts.ts';
import { closed, Id, MinorUnits, PaymentMethod, RequestId } from './common.ts';
import { route } from './route.ts';

/* Use cases that read meters, move money and may wait for a second person. */

const Ratio = Type.Integer({ minimum: 1, maximum: 10_000 });

export const transferAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/transfer',
  access: 'account.edit',
  tag,
  status: 201,
  summary:
    'Hand the meters over to another customer at a read: the old account is settled and closed, a new one opened',
  params,
  body: Type.Object(
    {
      transferId: RequestId,
      toCustomerId: Id,
      /** What becomes of the wallet and the deposit; what a meter holds stays in it. */
      balance: Type.Union([Type.Literal('carry'), Type.Literal('refund')]),
      deposit: Type.Union([Type.Literal('carry'), Type.Literal('refund')]),
      refundMethod: Type.Optional(PaymentMethod),
      reason: Reason,
      stated,
    },
    closed,
  ),
  /** The new account. */
  response: Account,
});
export const closeAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/close',
  access: 'account.edit',
  tag,
  status: 202,
  summary:
    'Close: empty the meters, read them for the last time, settle, pay out or collect; follow it at the account. A meter that gives nothing back needs two persons',
  params,
  body: Type.Object(
    {
      closingId: RequestId,
      /** How what is left is paid out. */
      refundMethod: PaymentMethod,
      /** How a debt is paid; `receivable`: it stays a claim on the customer. */
      collectMethod: Type.Union([PaymentMethod, Type.Literal('receivable')]),
      reason: Reason,
      stated,
    },
    closed,
  ),
  response: Account,
});
export const replaceMeter = route({
  method: 'POST',
  path: '/api/accounts/:accountId/replace-meter',
  access: 'account.edit',
  tag,
  status: 202,
  summary:
    'Replace a meter by another one of the estate; the balance in it is carried over. A meter that is dead, or gives nothing back, needs two persons',
  params,
  body: Type.Object(
    {
      replacementId: RequestId,
      oldMeterId: Id,
      newMeterId: Id,
      reason: Reason,
      /** Only for a meter that does not answer any more: what its display shows, read by eye. */
      dead: Type.Optional(
        Type.Object(
          {
            ...StatedRegisters,
            /** Left out: estimated from the last balance that was read and the energy since, at the tariff's price. */
            balanceMinor: Type.Optional(MinorUnits),
            evidence: Type.String({ minLength: 3, maxLength: 300 }),
          },
          closed,
        ),
      ),
      /** For a new meter that does not answer yet. */
      statedNew: Type.Optional(Type.Object({ ...StatedRegisters, reason: Reason }, closed)),
    },
    closed,
  ),
  response: Account,
});
export const changeRatio = route({
  method: 'POST',
  path: '/api/accounts/:accountId/change-ratio',
  access: 'account.edit',
  tag,
  summary: 'New transformer ratios from a read on; what was used before keeps the old ones',
  params,
  body: Type.Object(
    {
      changeId: RequestId,
      meterId: Id,
      ctRatio: Ratio,
      ptRatio: Ratio,
      reason: Reason,
      /** Registers before the change, with the old ratios. */
      stated: Type.Optional(Type.Object({ ...StatedRegisters, reason: Reason }, closed)),
    },
    closed,
  ),
  response: Account,
});
export const changeCustody = route({
  method: 'POST',
  path: '/api/accounts/:accountId/custody',
  access: 'account.edit',
  tag,
  status: 202,
  summary:
    'Keep the balance elsewhere: out of the meters into the wallet, or from an empty wallet back to the meters. A meter that gives nothing back needs two persons',
  params,
  body: Type.Object({ changeId: RequestId, custody: Custody, reason: Reason, stated }, closed),
  response: Account,
});
export const stateCaseRegisters = route({
  method: 'POST',
  path: '/api/accounts/:accountId/cases/:caseId/registers',
  access: 'account.edit',
  tag,
  summary:
    'A closing waits for the last read of a meter that is silent now: say what it shows; a second person decides',
  params: Type.Object({ accountId: Id, caseId: RequestId }),
  body: Type.Object(
    {
      statementId: RequestId,
      stated: Type.Array(Type.Object({ meterId: Id, ...StatedRegisters, reason: Reason }, closed), {
        minItems: 1,
        maxItems: 50,
      }),
    },
    closed,
  ),
  response: Account,
});
export const decideAccountCase = route({
  method: 'POST',
  path: '/api/accounts/:accountId/cases/:caseId/decision',
  access: 'vend.decide',
  tag,
  summary: 'The second person agrees or refuses',
  params: Type.Object({ accountId: Id, caseId: RequestId }),
  body: Type.Object({ agree: Type.Boolean(), reason: Reason }, closed),
  response: Account,
});
