import type { Tariff, TariffPrice, TariffSettings, TariffVersion, TariffWarning } from '#contract/index.ts';
import { formatDecimal, PRICE_DECIMALS } from '#domain/money/amount.ts';
import { checkComposition } from '#domain/tariff/composition.ts';
import { driftOf, METER_PRICE_DECIMALS, meterPriceOf, meterPricesOf } from '#domain/tariff/meterPrice.ts';
import { RATES, type TariffBody } from '#domain/tariff/types.ts';
import { parseComposition } from './bodyText.ts';
import type { BookVersion, Settings } from './book.ts';
import type { TariffFacts } from './types.ts';

/** 71568600n → `"0.715686"`: a price as people write it. */
export function priceText(price: bigint): string {
  return trimmed(formatDecimal(price, PRICE_DECIMALS));
}

export function toTariff(tariff: TariffFacts, versionCount: number, currentVersionId: number | undefined): Tariff {
  return { ...tariff, versionCount, ...(currentVersionId === undefined ? {} : { currentVersionId }) };
}

export function toTariffVersion(version: BookVersion): TariffVersion {
  const { body, composition, note, decision } = version;
  return {
    id: version.id,
    tariffId: version.tariffId,
    effectiveFrom: new Date(version.effectiveFromMs).toISOString(),
    state: decision === undefined ? 'draft' : decision.published ? 'published' : 'dropped',
    body: version.bodyText,
    ...toPrices(body),
    warnings: composition === undefined ? [] : toWarnings(body, composition),
    createdBy: version.createdByName,
    createdAt: new Date(version.createdAtMs).toISOString(),
    ...(composition === undefined ? {} : { composition }),
    ...(note === undefined ? {} : { note }),
    ...(decision === undefined ? {} : { decidedBy: decision.byName, decidedAt: new Date(decision.atMs).toISOString() }),
  };
}

/** Every price of a body beside the one that a meter can hold. */
export function toPrices(body: TariffBody): { prices: TariffPrice[]; fitsMeters: boolean } {
  return {
    prices: pricesOf(body).map(({ label, price }) => ({
      label,
      published: priceText(price),
      meter: formatDecimal(meterPriceOf(price), METER_PRICE_DECIMALS),
      drift: priceText(driftOf(price)),
    })),
    fitsMeters: meterPricesOf(body) !== undefined,
  };
}

export function toWarnings(body: TariffBody, composition: Parameters<typeof parseComposition>[0]): TariffWarning[] {
  return checkComposition(body, parseComposition(composition).value).map(({ code, rate, published, computed }) => ({
    code,
    rate,
    published: priceText(published),
    computed: priceText(computed),
    difference: priceText(computed - published),
  }));
}

export function toSettings({ propertyId, secondPerson, dayLists, version }: Settings): TariffSettings {
  return { propertyId, secondPerson, version, dayLists: dayLists.map(({ name, days }) => ({ name, days: [...days] })) };
}

function pricesOf(body: TariffBody): readonly { readonly label: string; readonly price: bigint }[] {
  if (body.kind === 'single') return [{ label: 'energy', price: body.price }];
  const steps = body.steps?.steps.map(({ price }, index) => ({ label: `step${index + 1}`, price })) ?? [];
  if (body.kind === 'stepped') return steps;
  return [...RATES.map((rate) => ({ label: rate, price: body.prices[rate] })), ...steps];
}

function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
