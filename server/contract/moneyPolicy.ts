import { type Static, Type } from 'typebox';
import { closed, Id, MinorUnits } from './common.ts';
import { route } from './route.ts';

const tag = 'accounts';

/** What law or contract allows this; shown beside the setting and kept in the audit log. */
const LegalBasis = Type.String({ minLength: 5, maxLength: 500 });
const LocalDate = Type.String({
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
  description: 'local date',
});

/** Hours in which supply may be cut, local time. `toMinute` is exclusive, 1440 = midnight. */
export const CutWindow = Type.Object(
  {
    weekdays: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
      minItems: 1,
      maxItems: 7,
      uniqueItems: true,
      description: '1 Monday … 7 Sunday',
    }),
    fromMinute: Type.Integer({ minimum: 0, maximum: 1_439 }),
    toMinute: Type.Integer({ minimum: 1, maximum: 1_440 }),
  },
  closed,
);

const PolicyFields = {
  /** Share of a sale in 10⁻⁶, taken as a line of its own; more than 0 needs a legal basis. */
  serviceFeePpm: Type.Integer({ minimum: 0, maximum: 500_000 }),
  serviceFeeLegalBasis: Type.Optional(LegalBasis),
  /** Meters whose firmware is not proven to check the purchase count. */
  unprovenMeters: Type.Union([Type.Literal('writeOnce'), Type.Literal('platform')]),
  saleMinMinor: MinorUnits,
  saleMaxMinor: MinorUnits,
  /** Refunds above it need a second person. */
  refundSecondPersonMinor: MinorUnits,
  /** Batches above so many meters need a second person. */
  batchSecondPersonMeters: Type.Integer({ minimum: 0, maximum: 100_000 }),
  refundFee: Type.Union([Type.Literal('notRefunded'), Type.Literal('proportionalDown')]),
  /** Empty: at any hour. */
  cutAllowed: Type.Array(CutWindow, { maxItems: 21 }),
  /** Days on which supply is not cut. */
  holidays: Type.Array(LocalDate, { maxItems: 400, uniqueItems: true }),
  /** Saturdays and Sundays that count as workdays. */
  extraWorkdays: Type.Array(LocalDate, { maxItems: 400, uniqueItems: true }),
  /** Between the notice and the cut. */
  noticeHours: Type.Integer({ minimum: 0, maximum: 720 }),
  /** Civil Code Art. 944 ¶3 forbids it; true needs a legal basis. */
  cutForPropertyFees: Type.Boolean(),
  cutForPropertyFeesLegalBasis: Type.Optional(LegalBasis),
};
export const MoneyPolicyBody = Type.Object(PolicyFields, closed);
export const MoneyPolicyDto = Type.Object({ propertyId: Id, ...PolicyFields });
export type MoneyPolicyDto = Static<typeof MoneyPolicyDto>;

const params = Type.Object({ propertyId: Id });

export const getMoneyPolicy = route({
  method: 'GET',
  path: '/api/properties/:propertyId/money-policy',
  access: 'account.view',
  tag,
  summary: 'Money settings of a property; the defaults for mainland China until somebody changes them',
  params,
  response: MoneyPolicyDto,
});
export const putMoneyPolicy = route({
  method: 'PUT',
  path: '/api/properties/:propertyId/money-policy',
  access: 'money.settings',
  tag,
  summary: 'Set the money settings of a property, all of them at once',
  params,
  body: MoneyPolicyBody,
  response: MoneyPolicyDto,
});
