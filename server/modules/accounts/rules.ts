import { planDelivery, wasTried } from '#domain/vend/delivery.ts';
import { modelById } from '#drivers/models/index.ts';
import type { TariffFacts, TariffVersion } from '#server/modules/tariffs/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { AccountsContext } from './context.ts';
import type { Custody } from './types.ts';
import { invalidField } from './visibility.ts';

export interface Lines {
  readonly alarm1Minor: bigint;
  readonly alarm2Minor: bigint;
  readonly cutLineMinor: bigint;
  readonly hoardingLimitMinor: bigint | undefined;
}

/** Throws `request.invalid` when thresholds and limits are not in their order. */
export function checkLines({ alarm1Minor, alarm2Minor, cutLineMinor, hoardingLimitMinor }: Lines): void {
  if (alarm2Minor > alarm1Minor) throw invalidField('alarm2Minor', 'must not be above alarm1Minor');
  if (cutLineMinor > 0n || cutLineMinor > alarm2Minor)
    throw invalidField('cutLineMinor', 'must be 0 or negative, and not above alarm2Minor');
  if (hoardingLimitMinor !== undefined && hoardingLimitMinor <= alarm1Minor)
    throw invalidField('hoardingLimitMinor', 'must be above alarm1Minor, or the meter could never be filled');
}

/** The tariff of an account and the version that is in force now. */
export function demandTariff(
  { tariffs, clock }: AccountsContext,
  propertyId: number,
  tariffId: number,
): { readonly tariff: TariffFacts; readonly version: TariffVersion } {
  const tariff = tariffs.tariff(tariffId);
  if (tariff?.propertyId !== propertyId) throw invalidField('tariffId', 'is no tariff of this property');
  const version = tariffs.versionAt(tariffId, clock.nowMs());
  if (version === undefined) {
    throw new AppError('account.no-price', `The tariff ${tariff.name} has no price in force: publish a version first.`);
  }
  return { tariff, version };
}

/** Throws `account.custody-refused` with the reason when the balance cannot live in this meter. */
export function demandPurse(
  context: AccountsContext,
  propertyId: number,
  meterId: number,
  version: TariffVersion,
): void {
  const reason = whyNotInMeter(context, propertyId, meterId, version);
  if (reason === undefined) return;
  const number = context.estate.meter(meterId)?.meter.meterNumber ?? `#${meterId}`;
  throw new AppError('account.custody-refused', `The balance cannot be kept in meter ${number}: ${reason}.`, [
    { field: 'custody', message: reason },
  ]);
}

function whyNotInMeter(
  context: AccountsContext,
  propertyId: number,
  meterId: number,
  version: TariffVersion,
): string | undefined {
  const model = modelById(context.estate.meter(meterId)?.meter.modelId ?? '');
  if (model?.capabilities.prepaid !== true) return 'its model keeps no money; choose custody in the platform';
  if (version.meterPrices === undefined) return 'no meter holds a stepped tariff; choose custody in the platform';
  const capabilities = context.neighbours().capabilitiesOf(meterId);
  if (!wasTried(capabilities)) {
    if (context.book.policy(propertyId).unprovenMeters === 'writeOnce') return undefined;
    return (
      'nobody has proven what its firmware does with purchases (npm run bench-meter); ' +
      'choose custody in the platform, or let the property sell write-once'
    );
  }
  if (!capabilities.readBalance) return 'its balance cannot be read back; choose custody in the platform';
  if (!capabilities.seqChecked)
    return 'it does not check the purchase count, so that a repeated frame would count twice; choose custody in the platform';
  return undefined;
}

/** Whether what the meter says of its balance counts; of one that was found not to tell it, it does not. */
export function tellsBalance({ neighbours }: AccountsContext, meterId: number): boolean {
  const capabilities = neighbours().capabilitiesOf(meterId);
  return !wasTried(capabilities) || capabilities.readBalance;
}

/** Whether what the meter holds can be taken out of it again, as far as is known. */
export function givesBack(context: AccountsContext, propertyId: number, meterId: number): boolean {
  const writeOnce = context.book.policy(propertyId).unprovenMeters === 'writeOnce';
  const plan = planDelivery(-1n, context.neighbours().capabilitiesOf(meterId), writeOnce);
  return plan.ok && tellsBalance(context, meterId);
}

export function demandDeduction(custody: Custody, deduction: 'realTime' | 'monthEnd'): void {
  if (custody === 'meter' && deduction === 'monthEnd')
    throw invalidField('deduction', 'can only be monthEnd where the balance is kept in the platform');
}
