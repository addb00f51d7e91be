import { Type } from 'typebox';
import { params, Reason, tag } from './accountParts.ts';
import { Account } from './accounts.ts';
import { closed, PaymentMethod, RequestId } from './common.ts';
import { route } from './route.ts';

/** Where money goes: to the customer, or in from them. */
export const SETTLEMENT_WAYS = ['payOut', 'collect'] as const;

export const settleAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/settlement',
  access: 'vend.refund',
  tag,
  status: 201,
  summary:
    'Pay out what a closed account is still owed (`owedMinor`), or collect what it still owes; all of it or a part. Above the limit of refunds, and where more would go back by a way than came by it, a second person agrees first',
  params,
  body: Type.Object(
    {
      settlementId: RequestId,
      way: Type.Enum([...SETTLEMENT_WAYS]),
      amountMinor: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'minor units, at most what is left' }),
      /** Cash goes through the drawer of who asks for it. */
      method: PaymentMethod,
      channelTradeNo: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      reason: Reason,
    },
    closed,
  ),
  response: Account,
});
