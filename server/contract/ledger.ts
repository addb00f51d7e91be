import { type Static, Type } from 'typebox';
import { closed, Id, Instant, MinorUnits, page, pageQuery } from './common.ts';
import { route } from './route.ts';

const tag = 'ledger';

/** Debit +, credit −. What each is for: server/modules/ledger/types.ts. */
const Kind = Type.String({ maxLength: 40, description: 'cash, wallet, vendSuspense, prepaidInMeter …' });
const Subject = Type.String({
  maxLength: 80,
  description: '"account:12", "meter:7", "vend:<uuid>"; empty for the property',
});
const Count = Type.String({ pattern: '^[0-9]+$' });
const Month = Type.String({ pattern: '^20[0-9]{2}-(0[1-9]|1[0-2])$', description: 'e.g. 2026-11' });

export const LedgerTxn = Type.Object({
  id: Count,
  kind: Type.String(),
  key: Type.String(),
  refKind: Type.String(),
  refId: Type.String(),
  reverses: Type.Optional(Count),
  reversedBy: Type.Optional(Count),
  eventAt: Instant,
  postedAt: Instant,
  /** Booked in this month of the property. */
  month: Month,
  actor: Type.String(),
  reason: Type.Optional(Type.String()),
  entries: Type.Array(
    Type.Object({
      kind: Kind,
      subject: Subject,
      amountMinor: MinorUnits,
      /** Where the account keeps a balance. */
      balanceAfterMinor: Type.Optional(MinorUnits),
    }),
  ),
});
export type LedgerTxn = Static<typeof LedgerTxn>;

export const LedgerProof = Type.Object({
  txns: Count,
  entries: Count,
  /** "0" when sound. */
  sumMinor: Type.String(),
  /** Empty = proven. */
  faults: Type.Array(Type.Object({ kind: Type.String(), subject: Type.String(), detail: Type.String() })),
});
export type LedgerProof = Static<typeof LedgerProof>;

export const proveLedger = route({
  method: 'GET',
  path: '/api/ledger/proof',
  access: 'ledger.view',
  tag,
  summary:
    'Count the whole book again (of the properties within the right): sums, balances, versions, reversals, closed months',
  response: LedgerProof,
});

export const listLedgerTxns = route({
  method: 'GET',
  path: '/api/ledger/transactions',
  access: 'ledger.view',
  tag,
  summary: 'Postings newest first, by account (kind and subject) or by what they refer to',
  query: Type.Object({
    propertyId: Id,
    kind: Type.Optional(Kind),
    subject: Type.Optional(Subject),
    refKind: Type.Optional(Type.String({ maxLength: 40 })),
    refId: Type.Optional(Type.String({ maxLength: 80 })),
    ...pageQuery,
  }),
  response: page(LedgerTxn),
});

export const listLedgerTotals = route({
  method: 'GET',
  path: '/api/ledger/totals',
  access: 'ledger.view',
  tag,
  summary: 'Debit and credit of every kind of account of a property',
  query: Type.Object({ propertyId: Id }),
  response: Type.Object({
    items: Type.Array(
      Type.Object({ kind: Kind, accounts: Type.Integer(), debitMinor: MinorUnits, creditMinor: MinorUnits }),
    ),
  }),
});

const ClosedPeriod = Type.Object({ month: Month, closedAt: Instant, closedBy: Type.String(), txns: Count });

export const listClosedPeriods = route({
  method: 'GET',
  path: '/api/ledger/periods',
  access: 'ledger.view',
  tag,
  summary: 'Months whose books are closed, newest first',
  query: Type.Object({ propertyId: Id }),
  response: Type.Object({ items: Type.Array(ClosedPeriod) }),
});

export const closeLedgerPeriod = route({
  method: 'POST',
  path: '/api/ledger/periods',
  access: 'money.settings',
  tag,
  summary: 'Close the books up to and with a past month; what comes later is booked in the next one. Cannot be undone',
  body: Type.Object({ propertyId: Id, month: Month }, closed),
  response: ClosedPeriod,
});
