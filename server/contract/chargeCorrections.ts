import { type Static, Type } from 'typebox';
import { closed, Id, Instant, MinorUnits, page, pageQuery } from './common.ts';
import { route } from './route.ts';
import { EnergyWh, Month, Price, Reason, RowId } from './settlementParts.ts';

const tag = 'settlement';

/** What was computed anew between two reads, and the charges that had told of it before. They stay as they are. */
export const ChargeCorrection = Type.Object({
  id: RowId,
  propertyId: Id,
  accountId: Id,
  meterId: Id,
  /** `lateRead`: a read came after it had been charged over. `edit`: a person corrected one. `dayList`: a day was named, or
   * named no more, after it had been charged. */
  cause: Type.Union([Type.Literal('lateRead'), Type.Literal('edit'), Type.Literal('dayList')]),
  editId: Type.Optional(RowId),
  from: Instant,
  to: Instant,
  chargeIds: Type.Array(RowId),
  /** By how much each line of a month's bill was wrong. */
  lines: Type.Array(
    Type.Object({
      month: Month,
      tariffVersionId: Id,
      label: Type.String(),
      component: Type.Optional(Type.String()),
      price: Price,
      quantityWh: EnergyWh,
    }),
  ),
  correctedAt: Instant,
  /** The charge that posted the difference; absent where nothing had been posted, or the difference is no minor unit. */
  chargeId: Type.Optional(RowId),
  amountMinor: MinorUnits,
});
export type ChargeCorrection = Static<typeof ChargeCorrection>;

export const listCorrections = route({
  method: 'GET',
  path: '/api/corrections',
  access: 'account.view',
  tag,
  summary: 'What was charged anew because reads came late or were corrected, newest first',
  query: Type.Object({ propertyId: Type.Optional(Id), accountId: Type.Optional(Id), ...pageQuery }),
  response: page(ChargeCorrection),
});

/** A register that a person corrected. What the meter said is kept. */
export const RegisterEdit = Type.Object({
  id: RowId,
  propertyId: Id,
  meterId: Id,
  at: Instant,
  /** What the meter said. */
  rawWh: EnergyWh,
  /** What counted before, and counts since; null: the reading counts for nothing. */
  beforeWh: Type.Union([EnergyWh, Type.Null()]),
  afterWh: Type.Union([EnergyWh, Type.Null()]),
  by: Type.String(),
  reason: Reason,
  editedAt: Instant,
  /** What it changed of what had been charged. */
  correctionId: Type.Optional(RowId),
});
export type RegisterEdit = Static<typeof RegisterEdit>;

export const editRegister = route({
  method: 'POST',
  path: '/api/register-edits',
  access: 'vend.decide',
  tag,
  status: 201,
  summary:
    'Say what a register was at a billing instant, or with null that the reading counts for nothing; what was charged over it is put right',
  body: Type.Object(
    {
      meterId: Id,
      at: Instant,
      energyWh: Type.Union([
        Type.String({
          pattern: '^(0|[1-9][0-9]{0,14})$',
          description: 'Wh (or litres) on the primary side, decimal text',
        }),
        Type.Null(),
      ]),
      reason: Reason,
    },
    closed,
  ),
  response: RegisterEdit,
});

export const listRegisterEdits = route({
  method: 'GET',
  path: '/api/register-edits',
  access: 'account.view',
  tag,
  summary: 'Registers that persons corrected, newest first',
  query: Type.Object({ propertyId: Type.Optional(Id), meterId: Type.Optional(Id), ...pageQuery }),
  response: page(RegisterEdit),
});
