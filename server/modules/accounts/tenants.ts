import type { MeterTenants } from '#contract/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import type { AccountsContext } from './context.ts';
import { accountCovered, propertyTouched } from './visibility.ts';

/** Customer and tariff behind each meter of a property, as far as the actor may see accounts. From memory. */
export function tenantsOf(context: AccountsContext, actor: Actor, propertyId: number): MeterTenants {
  const { book, estate, tariffs } = context;
  const known = estate.place(propertyId)?.kind === 'property';
  if (!known || !propertyTouched(estate, actor, 'account.view', propertyId))
    throw new AppError('not-found', `There is no property ${propertyId}.`);
  const found: MeterTenants = { propertyId, meterId: [], accountId: [], customer: [], initials: [], tariff: [] };
  const names = new Map<number, string>();
  for (const account of book.ofProperty(propertyId)) {
    if (account.state === 'closed' || !accountCovered(estate, actor, 'account.view', account)) continue;
    const { tariffId } = account;
    const tariff = names.get(tariffId) ?? tariffs.tariff(tariffId)?.name ?? '';
    names.set(tariffId, tariff);
    for (const { meterId } of account.meters) {
      found.meterId.push(meterId);
      found.accountId.push(account.id);
      found.customer.push(account.customerName);
      found.initials.push(book.customer(account.customerId)?.initials ?? '');
      found.tariff.push(tariff);
    }
  }
  return found;
}
