import type { BodyOf, previewTariff, ResponseOf } from '#contract/index.ts';
import { formatDecimal } from '#domain/money/amount.ts';
import { localDay, ruleOfDay, tableOfDay } from '#domain/tariff/dayTable.ts';
import { meterAmountOf } from '#domain/tariff/meterPrice.ts';
import { rateConsumption, totalOf } from '#domain/tariff/rate.ts';
import { RATES, type TariffBody } from '#domain/tariff/types.ts';
import { type Fault, faultsOf } from '#domain/tariff/validate.ts';
import type { Actor } from '#server/platform/http/index.ts';
import { parseBody, parseComposition, parseQuantity, QUANTITY_DECIMALS } from './bodyText.ts';
import { priceText, toPrices, toWarnings } from './dto.ts';
import { demandProperty, prefixed, refuseFaults, type TariffDeps } from './service.ts';

type Input = BodyOf<typeof previewTariff>;
type Preview = ResponseOf<typeof previewTariff>;

/** What a body would do; the same checks as for a version of it. */
export function preview(deps: TariffDeps, actor: Actor, input: Input): Preview {
  demandProperty(deps, actor, 'tariff.view', input.propertyId);
  const { value: body, faults } = parseBody(input.body);
  const names = new Set(deps.book.settings(input.propertyId).dayLists.map(({ name }) => name));
  const compositionFaults = input.composition === undefined ? [] : parseComposition(input.composition).faults;
  refuseFaults([
    ...prefixed('body', faults.length > 0 ? faults : faultsOf(body, names)),
    ...prefixed('composition', compositionFaults),
  ]);
  const day = dayOf(deps, input, body);
  const charge = input.consumption === undefined ? undefined : chargeOf(body, input.consumption);
  return {
    ...toPrices(body),
    warnings: input.composition === undefined ? [] : toWarnings(body, input.composition),
    ...(day === undefined ? {} : { day }),
    ...(charge === undefined ? {} : { charge }),
  };
}

function dayOf(deps: TariffDeps, { day: date, propertyId }: Input, body: TariffBody): Preview['day'] {
  if (date === undefined) return undefined;
  const day = localDay(date);
  if (day === undefined) {
    refuseFaults([{ field: 'day', message: 'must be a day like 2026-10-01' }]);
    return undefined;
  }
  if (body.kind !== 'timeOfUse') return undefined;
  const lists = deps.book.dayLists(propertyId);
  // The last rule matches every day, and every rule has its table: both were checked.
  const rule = ruleOfDay(body.days, lists, day) ?? 0;
  return { date, rule, table: body.days.rules[rule]?.table ?? 0, rates: [...tableOfDay(body.days, lists, day)] };
}

function chargeOf(body: TariffBody, input: NonNullable<Input['consumption']>): Preview['charge'] {
  const faults: Fault[] = [];
  const quantity = (text: string, field: string) => {
    const parsed = parseQuantity(text, `consumption.${field}`);
    faults.push(...parsed.faults);
    return parsed.value;
  };
  const total = quantity(input.total, 'total');
  const usedBefore = quantity(input.usedBefore ?? '0', 'usedBefore');
  const rates = RATES.map((rate) => [rate, quantity(input.byRate?.[rate] ?? '0', `byRate.${rate}`)] as const);
  if (body.kind === 'timeOfUse' && rates.reduce((sum, [, part]) => sum + part, 0n) !== total)
    faults.push({ field: 'consumption.byRate', message: 'must add up to the total' });
  refuseFaults(faults);
  const lines = rateConsumption(body, { total, byRate: Object.fromEntries(rates) }, usedBefore);
  return {
    lines: lines.map(({ label, component, quantity: used, price, amountMinor }) => ({
      label,
      quantity: formatDecimal(used, QUANTITY_DECIMALS),
      price: priceText(price),
      amountMinor: String(amountMinor),
      ...(component === undefined ? {} : { component }),
    })),
    totalMinor: String(totalOf(lines)),
    meterMinor: String(meterAmountOf(lines)),
  };
}
