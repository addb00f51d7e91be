import { type Static, Type } from 'typebox';
import { Id, Instant } from './common.ts';
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

/** What each meter of a property took since its day began, as columns of equal length. */
export const EnergyToday = Type.Object({
  propertyId: Id,
  /** Begin of the day in the property's zone. */
  since: Instant,
  meterId: Type.Array(Id),
  /** Left out: meters without a register at that instant, or never read since. */
  energyWh: Type.Array(Type.Integer()),
});
export type EnergyToday = Static<typeof EnergyToday>;
export const getEnergyToday = route({
  method: 'GET',
  path: '/api/properties/:propertyId/energy-today',
  access: 'wall.view',
  tag: 'metering',
  summary:
    'Energy of every meter since the begin of the property’s day: its last reading less the register of midnight',
  params: Type.Object({ propertyId: Id }),
  response: EnergyToday,
});
