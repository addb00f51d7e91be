import { type Static, Type } from 'typebox';
import { closed, Id, Instant, MinorUnits, page, pageQuery } from './common.ts';
import { route } from './route.ts';
import { Reason, RowId } from './settlementParts.ts';

const tag = 'settlement';

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'day of the property, 2026-11-22' });

/** Sums of one day by where the money lies: what was sold, and what the book has. */
const PaymentSums = Type.Object({
  drawer: Type.String({ description: 'cash, bank, wechat or alipay' }),
  soldMinor: MinorUnits,
  bookedMinor: MinorUnits,
});
export const ReconciliationRun = Type.Object({
  id: RowId,
  propertyId: Id,
  day: Day,
  by: Type.String(),
  startedAt: Instant,
  finishedAt: Type.Optional(Instant),
  meters: Type.Integer(),
  matched: Type.Integer(),
  /** Rows that nothing explains. */
  differing: Type.Integer(),
  /** Rows of the cause `drift`. */
  explained: Type.Integer(),
  payments: Type.Array(PaymentSums),
});
export type ReconciliationRun = Static<typeof ReconciliationRun>;

/**
 * countDiffers     the meter counts another number of purchases than we confirmed
 * vendUnderWay     … and money was under way to it at that read: look again when that has ended
 * cumulativeDiffers  the meter's own sum of all purchases is not Σ net sold of its epoch
 * balanceDiffers   the meter holds another balance than what was sold less what was used
 * drift            … by no more than its four decimals, its steps and the rounding of the lines explain
 * notRead          the meter has not told its purchases, its balance, or the sum of its purchases though it can
 * paymentMissing   money was taken, the book does not have it
 * paymentDiffers   the book has another amount
 * paymentUnknown   the book has money of a sale that there is not
 * chargesDiffer    Σ charges is not what the book has as income
 * bookUnsound      the proof of the whole book found a fault
 */
export const RECONCILIATION_CAUSES = [
  'countDiffers',
  'vendUnderWay',
  'cumulativeDiffers',
  'balanceDiffers',
  'drift',
  'notRead',
  'paymentMissing',
  'paymentDiffers',
  'paymentUnknown',
  'chargesDiffer',
  'bookUnsound',
] as const;
export type ReconciliationCause = (typeof RECONCILIATION_CAUSES)[number];

export const ReconciliationRow = Type.Object({
  id: RowId,
  side: Type.Union([Type.Literal('meter'), Type.Literal('payments'), Type.Literal('book')]),
  cause: Type.Enum([...RECONCILIATION_CAUSES]),
  accountId: Type.Optional(Id),
  customerName: Type.Optional(Type.String()),
  meterId: Type.Optional(Id),
  meterNumber: Type.Optional(Type.String()),
  /** Minor units where there is a `differenceMinor`, else words: "31 purchases". */
  expected: Type.String(),
  found: Type.String(),
  differenceMinor: Type.Optional(MinorUnits),
  detail: Type.String(),
  /** A person took the difference into the books. */
  drift: Type.Optional(
    Type.Object({ amountMinor: MinorUnits, ledgerTxnId: RowId, at: Instant, by: Type.String(), reason: Type.String() }),
  ),
});
export type ReconciliationRow = Static<typeof ReconciliationRow>;

export const runReconciliation = route({
  method: 'POST',
  path: '/api/reconciliation-runs',
  access: 'ledger.view',
  tag,
  status: 201,
  summary: 'Compare meters, books and payments of a property now; it also runs every night by itself',
  body: Type.Object({ propertyId: Id }, closed),
  response: ReconciliationRun,
});

export const listReconciliationRuns = route({
  method: 'GET',
  path: '/api/reconciliation-runs',
  access: 'ledger.view',
  tag,
  summary: 'Comparisons of meters, books and payments, newest first',
  query: Type.Object({ propertyId: Type.Optional(Id), ...pageQuery }),
  response: page(ReconciliationRun),
});

export const getReconciliationRun = route({
  method: 'GET',
  path: '/api/reconciliation-runs/:runId',
  access: 'ledger.view',
  tag,
  summary: 'One comparison with its sums; what did not match by …/rows',
  params: Type.Object({ runId: RowId }),
  response: ReconciliationRun,
});

export const listReconciliationRows = route({
  method: 'GET',
  path: '/api/reconciliation-runs/:runId/rows',
  access: 'ledger.view',
  tag,
  summary: 'What did not match, with the cause',
  params: Type.Object({ runId: RowId }),
  query: Type.Object({
    cause: Type.Optional(Type.Enum([...RECONCILIATION_CAUSES])),
    /** Only what nothing explains and nobody has taken into the books. */
    open: Type.Optional(Type.Boolean()),
    ...pageQuery,
  }),
  response: page(ReconciliationRow),
});

export const postDrift = route({
  method: 'POST',
  path: '/api/reconciliation-rows/:rowId/drift',
  access: 'vend.decide',
  tag,
  summary: 'Take the difference of a meter’s balance into the books, at most once; nobody but a person does so',
  params: Type.Object({ rowId: RowId }),
  body: Type.Object({ reason: Reason }, closed),
  response: ReconciliationRow,
});
