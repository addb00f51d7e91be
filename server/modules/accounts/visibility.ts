import type { Permission } from '#contract/index.ts';
import type { EstateReader } from '#server/modules/estate/index.ts';
import { type Actor, AppError, scopeCovers } from '#server/platform/http/index.ts';
import type { AccountsContext } from './context.ts';
import type { CustomerRow } from './customerStore.ts';
import type { AccountView } from './types.ts';

/** The building that a place is or stands in. */
export function buildingOf(estate: EstateReader, placeId: number): number | undefined {
  let place = estate.place(placeId);
  while (place !== undefined && place.kind !== 'building')
    place = place.parentId === undefined ? undefined : estate.place(place.parentId);
  return place?.id;
}

/** A right in the whole property, or in every building where the account has rooms. */
export function accountCovered(
  estate: EstateReader,
  actor: Actor,
  permission: Permission,
  { propertyId, placeIds }: Pick<AccountView, 'propertyId' | 'placeIds'>,
): boolean {
  const scope = actor.scope(permission);
  if (scopeCovers(scope, propertyId)) return true;
  if (scope.buildingIds.length === 0 || placeIds.length === 0) return false;
  return placeIds.every((placeId) => scopeCovers(scope, propertyId, buildingOf(estate, placeId)));
}

/** What one may not see is not found; what one sees but may not change is refused. */
export function demandAccount(
  { book, estate }: AccountsContext,
  actor: Actor,
  permission: Permission,
  accountId: number,
): AccountView {
  const account = book.account(accountId);
  const covered = (wanted: Permission) => account !== undefined && accountCovered(estate, actor, wanted, account);
  if (account === undefined || !(covered('account.view') || covered(permission)))
    throw new AppError('not-found', `There is no account ${accountId}.`);
  if (!covered(permission))
    throw new AppError('permission.missing', `This needs the permission ${permission} for all rooms of the account.`);
  return account;
}

/** A right in the property or in any building of it: customers are made before anybody knows where they will be. */
export function propertyTouched(
  estate: EstateReader,
  actor: Actor,
  permission: Permission,
  propertyId: number,
): boolean {
  const scope = actor.scope(permission);
  const holdsBuilding = () => scope.buildingIds.some((id) => estate.place(id)?.propertyId === propertyId);
  return scopeCovers(scope, propertyId) || holdsBuilding();
}

/** A right in the property, or in every building where the customer has accounts. */
export function customerCovered(
  { book, estate }: AccountsContext,
  actor: Actor,
  permission: Permission,
  customer: Pick<CustomerRow, 'id' | 'property_id'>,
): boolean {
  if (scopeCovers(actor.scope(permission), customer.property_id)) return true;
  if (!propertyTouched(estate, actor, permission, customer.property_id)) return false;
  return book.accountsOfCustomer(customer.id).every((account) => accountCovered(estate, actor, permission, account));
}

export function demandCustomer(
  context: AccountsContext,
  actor: Actor,
  permission: Permission,
  customerId: number,
): CustomerRow {
  const customer = context.book.customer(customerId);
  if (customer === undefined || !customerCovered(context, actor, permission, customer))
    throw new AppError('not-found', `There is no customer ${customerId}.`);
  return customer;
}

/** `request.invalid` about one field. */
export function invalidField(field: string, message: string): AppError {
  return new AppError('request.invalid', `The request is not valid: ${field} ${message}.`, [{ field, message }]);
}
