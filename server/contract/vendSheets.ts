import { type Static, Type } from 'typebox';
import { closed, Id, MinorUnits, PaymentMethod, RequestId } from './common.ts';
import { route } from './route.ts';
import { SignedAmount, VendReason, VendState } from './vending.ts';

const tag = 'vending';

/** Rows of one sheet. */
export const BATCH_ROWS_MAX = 1_000;
const BatchRow = Type.Object(
  {
    meterNumber: Type.String({ minLength: 1, maxLength: 40 }),
    amountMinor: SignedAmount,
    reason: Type.Optional(VendReason),
  },
  closed,
);
export const VendBatch = Type.Object({
  batchId: RequestId,
  propertyId: Id,
  kind: Type.Enum(['refund', 'makeup']),
  /** `awaitingApproval`: a second person must agree; `dry`: nothing was stored. */
  state: Type.Enum(['dry', 'awaitingApproval', 'declined', 'running', 'done']),
  rows: Type.Array(
    Type.Object({
      no: Type.Integer(),
      meterNumber: Type.String(),
      amountMinor: Type.String(),
      /** `waiting`, then `accepted` (see the vend's own state) or `refused` with a code. */
      outcome: Type.Enum(['waiting', 'accepted', 'refused']),
      vendId: Type.Optional(RequestId),
      vendState: Type.Optional(VendState),
      code: Type.Optional(Type.String()),
      message: Type.Optional(Type.String()),
    }),
  ),
  accepted: Type.Integer(),
  refused: Type.Integer(),
  acceptedMinor: MinorUnits,
  reason: Type.String(),
  givenBy: Type.String(),
  /** Who may not agree to it. */
  givenById: Id,
  decidedBy: Type.Optional(Type.String()),
});
export type VendBatch = Static<typeof VendBatch>;

export const runVendBatch = route({
  method: 'POST',
  path: '/api/vend-batches',
  access: 'vend.refund',
  tag,
  summary:
    'Refunds or makeups from a sheet, as rows or as pasted text (meter number, amount in the currency, reason). `dryRun`: the same work, taken back',
  body: Type.Object(
    {
      batchId: RequestId,
      propertyId: Id,
      kind: Type.Enum(['refund', 'makeup']),
      dryRun: Type.Boolean(),
      method: Type.Optional(PaymentMethod),
      reason: VendReason,
      rows: Type.Optional(Type.Array(BatchRow, { minItems: 1, maxItems: BATCH_ROWS_MAX })),
      /** Lines of a spreadsheet, separated by tab, comma or semicolon. */
      text: Type.Optional(Type.String({ minLength: 1, maxLength: 200_000 })),
    },
    closed,
  ),
  response: VendBatch,
});

export const getVendBatch = route({
  method: 'GET',
  path: '/api/vend-batches/:batchId',
  access: 'account.view',
  tag,
  summary: 'A sheet with the outcome of each row',
  params: Type.Object({ batchId: RequestId }),
  response: VendBatch,
});

export const decideVendBatch = route({
  method: 'POST',
  path: '/api/vend-batches/:batchId/decisions',
  access: 'vend.decide',
  tag,
  summary: 'A second person approves or declines a large sheet',
  params: Type.Object({ batchId: RequestId }),
  body: Type.Object({ outcome: Type.Enum(['approve', 'decline']), reason: VendReason }, closed),
  response: VendBatch,
});

export const stopVendBatch = route({
  method: 'POST',
  path: '/api/vend-batches/:batchId/stop',
  access: 'vend.refund',
  tag,
  summary: 'Take back the rows of a sheet whose turn has not come; those that were made stay made',
  params: Type.Object({ batchId: RequestId }),
  body: Type.Object({}, closed),
  response: VendBatch,
});
