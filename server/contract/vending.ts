import { type Static, Type } from 'typebox';
import { closed, Id, Instant, MinorUnits, PaymentMethod, page, pageQuery, RequestId } from './common.ts';
import { route } from './route.ts';

const tag = 'vending';

/** Minor units above zero. */
const Amount = Type.String({ pattern: '^[1-9][0-9]{0,11}$', description: 'minor units > 0, e.g. "10000" = 100.00' });
/** Minor units, not zero. */
export const SignedAmount = Type.String({ pattern: '^-?[1-9][0-9]{0,11}$', description: 'minor units, not 0' });
/** Two letters are a reason in Chinese (退租). */
export const REASON_LEAST = 2;
export const REASON_MOST = 500;
export const VendReason = Type.String({ minLength: REASON_LEAST, maxLength: REASON_MOST });
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'business day of the property' });

/**
 * sale, refund, reversal (the whole of a sale, same business day), makeup (a correction without payment), moveOut and
 * moveIn (what a meter held, at its replacement or the closing of its account)
 */
export const VEND_KINDS = ['sale', 'refund', 'reversal', 'makeup', 'moveOut', 'moveIn'] as const;
export type VendKind = (typeof VEND_KINDS)[number];

/**
 * DRAFT        waits for a second person; no money yet
 * PAID, QUEUED money is here, the meter has not been asked yet
 * RESERVED     a purchase count of the meter belongs to it
 * SENT         bytes may be under way
 * UNKNOWN      sent; only what the meter holds can tell what became of it
 * FENCING      being cancelled: its purchase count is being used up
 * CONFIRMED    read back in the meter (or, platform custody, in the wallet)
 * CANCELLED    proven not to be in the meter
 * REJECTED     the meter refuses it and does not have it; still blocks the meter
 * QUARANTINED  what the meter holds contradicts what we know; two persons decide
 */
export const VEND_STATES = [
  'DRAFT',
  'PAID',
  'QUEUED',
  'RESERVED',
  'SENT',
  'UNKNOWN',
  'FENCING',
  'CONFIRMED',
  'CANCELLED',
  'REJECTED',
  'QUARANTINED',
] as const;
export type VendState = (typeof VEND_STATES)[number];
export const VendState = Type.Enum([...VEND_STATES]);

/** What the meter said last, as far as it was read. */
export const VendRead = Type.Object({
  at: Instant,
  count: Type.Integer(),
  balanceMinor: MinorUnits,
  cumulativeMinor: Type.Optional(MinorUnits),
  /** Amount that came with this vend's purchase count, where the meter remembers it. */
  amountAtCountMinor: Type.Optional(MinorUnits),
});

export const Sale = Type.Object({
  saleId: RequestId,
  /** Number for receipts and the telephone. */
  serial: Type.String(),
  kind: Type.Enum([...VEND_KINDS]),
  state: VendState,
  custody: Type.Enum(['meter', 'platform']),
  propertyId: Id,
  accountId: Id,
  meterId: Type.Optional(Id),
  meterNumber: Type.Optional(Type.String()),
  customerName: Type.String(),
  /** Money that came in; negative where it went out. "0" without payment. */
  paidMinor: MinorUnits,
  /** Share of `paidMinor` that is the service fee. */
  feeMinor: MinorUnits,
  feePpm: Type.Integer(),
  /** What the meter or wallet gets; negative where it gives. */
  netMinor: MinorUnits,
  method: Type.Optional(PaymentMethod),
  channelTradeNo: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  /** The sale that a refund or reversal is about. */
  originalId: Type.Optional(RequestId),
  batchId: Type.Optional(RequestId),
  operator: Type.String(),
  businessDay: Day,
  at: Instant,
  finishedAt: Type.Optional(Instant),
  /** The purchase count that belongs to it. */
  count: Type.Optional(Type.Integer()),
  balanceBeforeMinor: Type.Optional(MinorUnits),
  balanceAfterMinor: Type.Optional(MinorUnits),
  /** Frames sent so far. */
  attempts: Type.Integer(),
  /** Catalogue key `vend.cause.<cause>`: why it stands where it stands; of a DRAFT why a second person must agree. */
  cause: Type.Optional(Type.String()),
  lastRead: Type.Optional(VendRead),
  nextTryAt: Type.Optional(Instant),
  cancelAsked: Type.Boolean(),
  /** Cancelled by waiting longer than a frame can live, not by a used-up count. */
  weakFence: Type.Boolean(),
  /** Somebody has said how it ended; a second person must agree. */
  proposal: Type.Optional(
    Type.Object({
      outcome: Type.Enum(['confirm', 'cancel']),
      by: Type.String(),
      reason: Type.String(),
      evidence: Type.String(),
      at: Instant,
    }),
  ),
  reversedBy: Type.Optional(RequestId),
  /** Cancelled, and what was taken for it is still to be given back: `POST …/payout`. */
  owedMinor: Type.Optional(MinorUnits),
  /** When and how it was given back. */
  paidOutAt: Type.Optional(Instant),
  paidOutMethod: Type.Optional(PaymentMethod),
  /** Two persons may say how it ended (`POST /api/vends/:vendId/decisions`); else its meter says so. */
  decidable: Type.Optional(Type.Boolean()),
  version: Type.Integer(),
});
export type Sale = Static<typeof Sale>;

/** Why a sale would not be accepted now; texts by the error's code. */
const Refusal = Type.Object({ code: Type.String(), message: Type.String(), limitMinor: Type.Optional(MinorUnits) });

export const previewSale = route({
  method: 'POST',
  path: '/api/sales/preview',
  access: 'vend.sell',
  tag,
  summary: 'What a sale would bring: fee, net, balance before and after as far as known, and what speaks against it',
  body: Type.Object({ meterId: Id, paidMinor: Amount }, closed),
  response: Type.Object({
    paidMinor: MinorUnits,
    feeMinor: MinorUnits,
    netMinor: MinorUnits,
    custody: Type.Enum(['meter', 'platform']),
    balanceBeforeMinor: Type.Optional(MinorUnits),
    balanceAfterMinor: Type.Optional(MinorUnits),
    /** Sold and not in the meter yet. */
    underWayMinor: MinorUnits,
    refusals: Type.Array(Refusal),
  }),
});

export const sell = route({
  method: 'POST',
  path: '/api/sales',
  access: 'vend.sell',
  tag,
  status: 201,
  summary: 'Take money for a meter. Wallet: done at once. Meter: delivered in the background, CONFIRMED when read back',
  body: Type.Object(
    {
      saleId: RequestId,
      meterId: Id,
      paidMinor: Amount,
      method: PaymentMethod,
      channelTradeNo: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    },
    closed,
  ),
  response: Sale,
});

export const getSale = route({
  method: 'GET',
  path: '/api/sales/:saleId',
  access: 'account.view',
  tag,
  summary: 'One sale, refund, reversal, makeup or move as it stands',
  params: Type.Object({ saleId: RequestId }),
  response: Sale,
});

export const listSales = route({
  method: 'GET',
  path: '/api/sales',
  access: 'account.view',
  tag,
  summary: 'Sales and everything like them, newest first; `open`: money under way; `late`: under way for a day',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    accountId: Type.Optional(Id),
    meterId: Type.Optional(Id),
    kind: Type.Optional(Type.Enum([...VEND_KINDS])),
    state: Type.Optional(Type.Union([VendState, Type.Literal('open'), Type.Literal('late')])),
    operator: Type.Optional(Type.String({ maxLength: 80 })),
    day: Type.Optional(Day),
    batchId: Type.Optional(RequestId),
    ...pageQuery,
  }),
  response: page(Sale),
});

export const cancelSale = route({
  method: 'POST',
  path: '/api/sales/:saleId/cancel',
  access: 'vend.sell',
  tag,
  summary:
    'Ask for the cancelling of what is not confirmed. Never sent: done at once. Else its purchase count is used up first; CONFIRMED if the meter has it after all',
  params: Type.Object({ saleId: RequestId }),
  body: Type.Object({ reason: VendReason }, closed),
  response: Sale,
});

export const retrySale = route({
  method: 'POST',
  path: '/api/sales/:saleId/retry',
  access: 'vend.sell',
  tag,
  summary: 'The cause of the refusal is gone: try a REJECTED one again; others are read again at once',
  params: Type.Object({ saleId: RequestId }),
  body: Type.Object({ reason: VendReason }, closed),
  response: Sale,
});

export const payOutSale = route({
  method: 'POST',
  path: '/api/sales/:saleId/payout',
  access: 'vend.refund',
  tag,
  status: 201,
  summary:
    'Give back what a cancelled sale left owing, at most once. By the way it was paid; another way needs a reason and, where more would go back by it than came by it, a second person (`POST /api/vends/:vendId/decisions`, approve). Cash comes out of the drawer of who pays it',
  params: Type.Object({ saleId: RequestId }),
  body: Type.Object(
    {
      payoutId: RequestId,
      method: PaymentMethod,
      channelTradeNo: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      reason: Type.Optional(VendReason),
    },
    closed,
  ),
  response: Sale,
});

export const reverseSale = route({
  method: 'POST',
  path: '/api/sales/:saleId/reverse',
  access: 'vend.refund',
  tag,
  status: 201,
  summary:
    'Take back a confirmed sale in full on its own business day (冲正), at most once, if nothing of it is consumed',
  params: Type.Object({ saleId: RequestId }),
  body: Type.Object({ reversalId: RequestId, reason: VendReason }, closed),
  response: Sale,
});

export const getRefundLimits = route({
  method: 'GET',
  path: '/api/refund-limits',
  access: 'vend.refund',
  tag,
  summary:
    'What may go back to who pays for a meter: in all, and by each way; beyond what came by a way a second person agrees first',
  query: Type.Object({ meterId: Id }),
  response: Type.Object({
    /** What came by each way less what went back by it; the way with most of it first. */
    methods: Type.Array(Type.Object({ method: PaymentMethod, leftMinor: MinorUnits })),
    /** In the wallet, or in the meter when it was read last, less what is on its way out. */
    heldMinor: Type.Optional(MinorUnits),
    /** Bought and not given back yet: nothing beyond it goes back. */
    boughtMinor: MinorUnits,
    /** Above this amount a second person agrees first. */
    secondPersonMinor: MinorUnits,
  }),
});

export const refund = route({
  method: 'POST',
  path: '/api/refunds',
  access: 'vend.refund',
  tag,
  status: 201,
  summary:
    'Give money back out of the meter or wallet (退). Cash leaves when the meter has been read back. More than came by this way (`GET /api/refund-limits`) waits for a second person',
  body: Type.Object(
    {
      refundId: RequestId,
      meterId: Id,
      amountMinor: Amount,
      method: PaymentMethod,
      /** The sale whose fee is returned in proportion, where the property does so. */
      saleId: Type.Optional(RequestId),
      reason: VendReason,
    },
    closed,
  ),
  response: Sale,
});

export const makeUp = route({
  method: 'POST',
  path: '/api/makeups',
  access: 'vend.refund',
  tag,
  status: 201,
  summary: 'Correct what a meter or wallet holds without payment (退补), up or down',
  body: Type.Object({ makeupId: RequestId, meterId: Id, amountMinor: SignedAmount, reason: VendReason }, closed),
  response: Sale,
});

export const decideVend = route({
  method: 'POST',
  path: '/api/vends/:vendId/decisions',
  access: 'vend.decide',
  tag,
  summary:
    'DRAFT: a second person approves or declines. CANCELLED and owed: approves another way of paying back. QUARANTINED (and, once no frame can be under way, REJECTED or UNKNOWN in a meter without a fence): the first says how it ended, the second agrees; nothing is cancelled while a frame can be under way. Never the same person twice',
  params: Type.Object({ vendId: RequestId }),
  body: Type.Object(
    {
      decisionId: RequestId,
      outcome: Type.Enum(['approve', 'decline', 'confirm', 'cancel']),
      reason: VendReason,
      /** What was seen and where it is kept: photo of the display, number of the report. */
      evidence: Type.String({ minLength: 2, maxLength: 2_000 }),
    },
    closed,
  ),
  response: Sale,
});

/** One step of a vend: what happened, what the meter said, why. */
export const VendStep = Type.Object({
  no: Type.Integer(),
  at: Instant,
  event: Type.String(),
  from: VendState,
  to: VendState,
  cause: Type.Optional(Type.String()),
  count: Type.Optional(Type.Integer()),
  read: Type.Optional(VendRead),
  by: Type.Optional(Type.String()),
});
export type VendStep = Static<typeof VendStep>;

export const listVendSteps = route({
  method: 'GET',
  path: '/api/vends/:vendId/steps',
  access: 'account.view',
  tag,
  summary: 'Everything that happened to a vend, oldest first (the last thousand)',
  params: Type.Object({ vendId: RequestId }),
  response: Type.Object({ items: Type.Array(VendStep) }),
});

export const printReceipt = route({
  method: 'POST',
  path: '/api/sales/:saleId/receipts',
  access: 'account.view',
  tag,
  summary: 'What is to be printed; counts how often it was',
  params: Type.Object({ saleId: RequestId }),
  response: Type.Object({
    sale: Sale,
    propertyNames: Type.Object({ zh: Type.Optional(Type.String()), en: Type.Optional(Type.String()) }),
    currency: Type.String(),
    /** 壹佰元整 */
    paidInChinese: Type.String(),
    netInChinese: Type.String(),
    feeMinor: MinorUnits,
    /** 1 = the first print. */
    printNo: Type.Integer(),
  }),
});

/** Sums of finished things by kind, method and operator; the totals of the three agree. */
const DayRow = Type.Object({
  name: Type.String(),
  count: Type.Integer(),
  paidMinor: MinorUnits,
  feeMinor: MinorUnits,
  netMinor: MinorUnits,
});
export const getSalesDay = route({
  method: 'GET',
  path: '/api/sales-days/:day',
  access: 'account.view',
  tag,
  summary: 'The business day of a property: counts and sums by kind, method and operator',
  params: Type.Object({ day: Day }),
  query: Type.Object({ propertyId: Id }),
  response: Type.Object({
    propertyId: Id,
    day: Day,
    byKind: Type.Array(DayRow),
    byMethod: Type.Array(DayRow),
    byOperator: Type.Array(DayRow),
    total: DayRow,
  }),
});
