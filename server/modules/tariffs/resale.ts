import type { BodyOf, checkResale, ResponseOf } from '#contract/index.ts';
import { checkResale as check } from '#domain/tariff/resale.ts';
import { type Fault, PRICE_ADVICE, parsePrice } from '#domain/tariff/validate.ts';
import type { Actor } from '#server/platform/http/index.ts';
import { parseQuantity } from './bodyText.ts';
import { priceText } from './dto.ts';
import { demandProperty, refuseFaults, type TariffDeps } from './service.ts';

/** What tenants paid beside what the grid took, by the two rules of resale. */
export function resaleCheck(
  deps: TariffDeps,
  actor: Actor,
  input: BodyOf<typeof checkResale>,
): ResponseOf<typeof checkResale> {
  demandProperty(deps, actor, 'tariff.view', input.propertyId);
  const [gridBillMinor, tenantMinor] = [BigInt(input.gridBillMinor), BigInt(input.tenantMinor)];
  const { value: gridQuantity, faults } = parseQuantity(input.gridQuantity, 'gridQuantity');
  const tenantPrice = parsePrice(input.tenantPrice);
  const own: Fault[] = [...faults];
  if (faults.length === 0 && gridQuantity === 0n) own.push({ field: 'gridQuantity', message: 'must be above 0' });
  if (gridBillMinor < 0n) own.push({ field: 'gridBillMinor', message: 'must not be negative' });
  if (tenantMinor < 0n) own.push({ field: 'tenantMinor', message: 'must not be negative' });
  if (tenantPrice === undefined) own.push({ field: 'tenantPrice', message: PRICE_ADVICE });
  refuseFaults(own);
  const { floatPpm } = input;
  const found = check({ gridBillMinor, gridQuantity, tenantMinor, tenantPrice: tenantPrice ?? 0n, floatPpm });
  const { ok, capPrice, overPrice } = found.float;
  return {
    averagePrice: priceText(found.averagePrice),
    noMarkup: { ok: found.noMarkup.ok, overMinor: String(found.noMarkup.overMinor) },
    float: { ok, capPrice: priceText(capPrice), overPrice: priceText(overPrice) },
  };
}
