import { type Static, Type } from 'typebox';
import { ChargeCorrection, RegisterEdit } from './chargeCorrections.ts';
import { closed, Id, Instant, MinorUnits, page, pageQuery } from './common.ts';
import { route } from './route.ts';
import { EnergyWh, Medium, Month, Price, Reason, RowId, subject } from './settlementParts.ts';

export { RowId } from './settlementParts.ts';

const tag = 'settlement';

/** What a charge adds to one line of the month's bill. */
export const ChargeLineDto = Type.Object({
  tariffVersionId: Id,
  label: Type.String({ description: 'energy, a rate (sharp, peak, flat, valley, deepValley) or step1, step2 …' }),
  component: Type.Optional(Type.String()),
  price: Price,
  quantityWh: EnergyWh,
  amountMinor: MinorUnits,
  /** Of a correction: the month whose line it puts right. */
  month: Type.Optional(Month),
});

/** A charge: what left the wallet, or what a meter is known to have taken out of its own balance. */
export const Charge = Type.Object({
  id: RowId,
  propertyId: Id,
  accountId: Id,
  meterId: Id,
  ...subject,
  epoch: Type.Integer(),
  custody: Type.Union([Type.Literal('meter'), Type.Literal('platform')]),
  from: Instant,
  to: Instant,
  month: Month,
  reason: Type.Union([
    Type.Literal('reading'),
    Type.Literal('monthEnd'),
    Type.Literal('modeSwitch'),
    Type.Literal('closing'),
    /** What was charged before is put right: a read came late, or a person corrected one. */
    Type.Literal('correction'),
  ]),
  medium: Medium,
  quantityWh: EnergyWh,
  amountMinor: MinorUnits,
  lines: Type.Array(ChargeLineDto),
  /** The posting in the book. */
  ledgerTxnId: RowId,
  chargedAt: Instant,
  /** Of a correction: see /api/corrections. */
  correctionId: Type.Optional(RowId),
  /** A correction has put it right since. */
  corrected: Type.Optional(Type.Literal(true)),
});
export type Charge = Static<typeof Charge>;

/** The difference of two registers at one price. */
export const SegmentDto = Type.Object({
  from: Instant,
  to: Instant,
  fromWh: EnergyWh,
  toWh: EnergyWh,
  deltaWh: EnergyWh,
  /** CT × PT, which these registers already contain. */
  multiplier: Type.String(),
  tariffVersionId: Id,
  /** `prorated`: an end was not read but computed by time. `rolledOver`: the register began anew in between. */
  quality: Type.Union([Type.Literal('measured'), Type.Literal('rolledOver'), Type.Literal('prorated')]),
  /** The registers as they were read, where they were. */
  fromRead: Type.Optional(Type.Object({ readAt: Instant, quality: Type.String(), source: Type.String() })),
  toRead: Type.Optional(Type.Object({ readAt: Instant, quality: Type.String(), source: Type.String() })),
  lines: Type.Array(
    Type.Object({
      label: Type.String(),
      component: Type.Optional(Type.String()),
      price: Price,
      quantityWh: EnergyWh,
      /** Exact, eleven decimals of the currency. */
      exact: Type.String(),
    }),
  ),
});

export const listCharges = route({
  method: 'GET',
  path: '/api/charges',
  access: 'account.view',
  tag,
  summary: 'Charges, newest first, by property, account, meter and when they were charged',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    accountId: Type.Optional(Id),
    meterId: Type.Optional(Id),
    /** Charged at or after. */
    from: Type.Optional(Instant),
    /** Exclusive. */
    to: Type.Optional(Instant),
    ...pageQuery,
  }),
  response: page(Charge),
});

export const getCharge = route({
  method: 'GET',
  path: '/api/charges/:chargeId',
  access: 'account.view',
  tag,
  summary: 'A charge with its segments: registers, multiplier and tariff version of each',
  params: Type.Object({ chargeId: RowId }),
  response: Type.Object({
    charge: Charge,
    segments: Type.Array(SegmentDto),
    /** Of a correction: the segments in whose place those above are. */
    replaced: Type.Optional(Type.Array(SegmentDto)),
    /** Its own, or those that put it right since, oldest first. */
    corrections: Type.Array(ChargeCorrection),
    /** What persons said, where they made those corrections. */
    edits: Type.Array(RegisterEdit),
  }),
});

export const runCharging = route({
  method: 'POST',
  path: '/api/charge-runs',
  access: 'money.settings',
  tag,
  summary: 'Charge now what was read up to now; twice is the same as once',
  body: Type.Object({ propertyId: Id }, closed),
  response: Type.Object({
    runId: RowId,
    propertyId: Id,
    to: Instant,
    streams: Type.Integer(),
    charges: Type.Integer(),
    amountMinor: MinorUnits,
    /** Meters that could not be charged up to their newest read: see /api/charge-holds. */
    held: Type.Integer(),
    /** Spans computed anew because reads came late: see /api/corrections. */
    corrections: Type.Integer(),
  }),
});

export const listChargeHolds = route({
  method: 'GET',
  path: '/api/charge-holds',
  access: 'account.view',
  tag,
  summary: 'Meters whose use is not charged now, and why',
  query: Type.Object({ propertyId: Type.Optional(Id), accountId: Type.Optional(Id), ...pageQuery }),
  response: page(
    Type.Object({
      id: RowId,
      propertyId: Id,
      accountId: Id,
      meterId: Id,
      ...subject,
      cause: Type.Union([Type.Literal('noTariffVersion'), Type.Literal('quarantine')]),
      since: Instant,
      /** Everything before it is charged. */
      chargedTo: Instant,
    }),
  ),
});

const QuarantinedRead = Type.Object({
  id: RowId,
  propertyId: Id,
  accountId: Id,
  meterId: Id,
  ...subject,
  /** `backward`: lower than before and no roll-over. `implausible`: more than can have flowed. */
  cause: Type.Union([Type.Literal('backward'), Type.Literal('implausible')]),
  lastGood: Type.Object({ at: Instant, energyWh: EnergyWh }),
  read: Type.Object({ at: Instant, energyWh: EnergyWh }),
  /** Most that could have flowed in between. */
  mostWh: EnergyWh,
  raisedAt: Instant,
  decidedAt: Type.Optional(Instant),
  decision: Type.Optional(
    Type.Union([Type.Literal('ignored'), Type.Literal('rebased'), Type.Literal('passed'), Type.Literal('edited')]),
  ),
  decidedBy: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
export type QuarantinedRead = Static<typeof QuarantinedRead>;

export const listQuarantinedReads = route({
  method: 'GET',
  path: '/api/quarantined-reads',
  access: 'account.view',
  tag,
  summary: 'Reads that nothing is charged over, newest first; `open`: not decided yet',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    accountId: Type.Optional(Id),
    open: Type.Optional(Type.Boolean()),
    ...pageQuery,
  }),
  response: page(QuarantinedRead),
});

export const decideQuarantinedRead = route({
  method: 'POST',
  path: '/api/quarantined-reads/:readId/decision',
  access: 'vend.decide',
  tag,
  summary:
    'ignored: the read was wrong, later ones count. rebased: go on from this read; what flowed in between is corrected by a makeup',
  params: Type.Object({ readId: RowId }),
  body: Type.Object(
    {
      decision: Type.Union([Type.Literal('ignored'), Type.Literal('rebased')]),
      /** `read.at` of what was looked at: a newer read of the meter may have taken its place. */
      readAt: Instant,
      reason: Reason,
    },
    closed,
  ),
  response: QuarantinedRead,
});

const Level = Type.Union([Type.Literal('alarm1'), Type.Literal('alarm2'), Type.Literal('arrears')]);
export const listNotices = route({
  method: 'GET',
  path: '/api/notices',
  access: 'account.view',
  tag,
  summary: 'Warnings to customers, newest first: a line was crossed; `open`: the wallet is still below it',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    accountId: Type.Optional(Id),
    open: Type.Optional(Type.Boolean()),
    ...pageQuery,
  }),
  response: page(
    Type.Object({
      id: RowId,
      propertyId: Id,
      accountId: Id,
      level: Level,
      balanceMinor: MinorUnits,
      lineMinor: MinorUnits,
      raisedAt: Instant,
      clearedAt: Type.Optional(Instant),
    }),
  ),
});

export const listArrears = route({
  method: 'GET',
  path: '/api/arrears',
  access: 'account.view',
  tag,
  summary: 'Accounts below one of their lines or not supplied again, with what the guard of cuts decided',
  query: Type.Object({ propertyId: Type.Optional(Id), ...pageQuery }),
  response: page(
    Type.Object({
      accountId: Id,
      propertyId: Id,
      /** `normal`: paid, and still without supply because a person tripped it. */
      level: Type.Union([Type.Literal('normal'), Level]),
      balanceMinor: MinorUnits,
      since: Instant,
      /** `cut <instant>`, `hold <reasons>` or, where the money is there, `leave trippedByPerson`. */
      decision: Type.Optional(Type.String()),
      /** What this rule wants of the relays since it first cut. */
      wanted: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')])),
    }),
  ),
});
