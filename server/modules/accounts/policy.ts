import type { BodyOf, MoneyPolicyDto, putMoneyPolicy } from '#contract/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { MoneyPolicy } from './types.ts';

type PolicyBody = BodyOf<typeof putMoneyPolicy>;
type PolicySettings = Omit<MoneyPolicy, 'propertyId'>;

/**
 * Mainland China, where nobody says otherwise: no service fee on electricity and no cut for property fees (Civil Code
 * Art. 944 ¶3), nothing sold into a meter that is not proven to count its purchases.
 */
const DEFAULTS: PolicySettings = {
  serviceFeePpm: 0,
  serviceFeeLegalBasis: undefined,
  unprovenMeters: 'platform',
  saleMinMinor: 1_00n,
  saleMaxMinor: 50_000_00n,
  refundSecondPersonMinor: 500_00n,
  batchSecondPersonMeters: 20,
  refundFee: 'notRefunded',
  cutAllowed: [],
  holidays: [],
  extraWorkdays: [],
  noticeHours: 0,
  cutForPropertyFees: false,
  cutForPropertyFeesLegalBasis: undefined,
};

export function defaultPolicy(propertyId: number): MoneyPolicy {
  return { propertyId, ...DEFAULTS };
}

export function toPolicyDto({
  serviceFeeLegalBasis,
  cutForPropertyFeesLegalBasis,
  ...policy
}: MoneyPolicy): MoneyPolicyDto {
  return {
    ...policy,
    ...(serviceFeeLegalBasis === undefined ? {} : { serviceFeeLegalBasis }),
    ...(cutForPropertyFeesLegalBasis === undefined ? {} : { cutForPropertyFeesLegalBasis }),
    saleMinMinor: policy.saleMinMinor.toString(),
    saleMaxMinor: policy.saleMaxMinor.toString(),
    refundSecondPersonMinor: policy.refundSecondPersonMinor.toString(),
    cutAllowed: policy.cutAllowed.map((window) => ({ ...window, weekdays: [...window.weekdays] })),
    holidays: [...policy.holidays],
    extraWorkdays: [...policy.extraWorkdays],
  };
}

export function toPolicy(propertyId: number, body: PolicyBody): MoneyPolicy {
  return {
    propertyId,
    ...body,
    serviceFeeLegalBasis: body.serviceFeeLegalBasis,
    cutForPropertyFeesLegalBasis: body.cutForPropertyFeesLegalBasis,
    saleMinMinor: BigInt(body.saleMinMinor),
    saleMaxMinor: BigInt(body.saleMaxMinor),
    refundSecondPersonMinor: BigInt(body.refundSecondPersonMinor),
  };
}

/** As it stands in the database: the body that was checked when it came; what a newer release added has its default. */
export function fromStored(propertyId: number, settings: Readonly<Record<string, unknown>>): MoneyPolicy {
  return toPolicy(propertyId, { ...toPolicyDto(defaultPolicy(propertyId)), ...settings });
}

/** Throws `request.invalid` with the field that contradicts another. */
export function checkPolicy(policy: MoneyPolicy): void {
  const refuse = (field: string, message: string): never => {
    throw new AppError('request.invalid', `The settings are not valid: ${field} ${message}.`, [{ field, message }]);
  };
  if (policy.serviceFeePpm > 0 && policy.serviceFeeLegalBasis === undefined)
    refuse('serviceFeeLegalBasis', 'must say what law or contract allows a service fee on this property');
  if (policy.cutForPropertyFees && policy.cutForPropertyFeesLegalBasis === undefined)
    refuse('cutForPropertyFeesLegalBasis', 'must say what law allows a cut for property fees (Civil Code Art. 944)');
  if (policy.saleMinMinor < 1n) refuse('saleMinMinor', 'must be at least 1');
  if (policy.saleMaxMinor < policy.saleMinMinor) refuse('saleMaxMinor', 'must not be below saleMinMinor');
  if (policy.refundSecondPersonMinor < 0n) refuse('refundSecondPersonMinor', 'must not be negative');
  policy.cutAllowed.forEach((window, index) => {
    if (window.toMinute <= window.fromMinute)
      refuse(`cutAllowed.${index}.toMinute`, 'must be after fromMinute: split a window at midnight');
  });
  for (const field of ['holidays', 'extraWorkdays'] as const) {
    const wrong = policy[field].find((day) => !isDate(day));
    if (wrong !== undefined) refuse(field, `holds ${wrong}, which is no day of the calendar`);
  }
}

function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
