import { type Static, Type } from 'typebox';
import { Id } from './common.ts';
import { route } from './route.ts';

/** Who stands behind the meters of a property, as columns of equal length; meters that nobody holds are left out. */
export const MeterTenants = Type.Object({
  propertyId: Id,
  meterId: Type.Array(Id),
  accountId: Type.Array(Id),
  customer: Type.Array(Type.String()),
  /** What one types for the name: 星河咖啡 → xhkf. */
  initials: Type.Array(Type.String()),
  tariff: Type.Array(Type.String()),
});
export type MeterTenants = Static<typeof MeterTenants>;
export const getMeterTenants = route({
  method: 'GET',
  path: '/api/properties/:propertyId/tenants',
  access: 'account.view',
  tag: 'accounts',
  summary: 'Customer and tariff of every meter that an account holds',
  params: Type.Object({ propertyId: Id }),
  response: MeterTenants,
});
