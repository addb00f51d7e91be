import type { Permission } from '#contract/permissions.ts';
import type { OrderKind } from '../grid/order/orderForm.ts';

/** Orders that this page gives, by the grid's dialog. */
export type MeterOrderKind = Extract<OrderKind, 'trip' | 'close' | 'protect' | 'restorePrepaid'>;
export type MeterActionKey = 'read' | 'sell' | MeterOrderKind;
export interface MeterAction {
  readonly key: MeterActionKey;
  /** Key that does the same, printed on the button; as in the grid. */
  readonly hint: string;
  readonly permission: Permission;
}

/** What can be done with a meter, in the order of the buttons. */
export const METER_ACTIONS: readonly MeterAction[] = [
  { key: 'read', hint: 'R', permission: 'meter.read' },
  { key: 'sell', hint: 'S', permission: 'vend.sell' },
  { key: 'protect', hint: 'P', permission: 'command.issue' },
  { key: 'restorePrepaid', hint: 'U', permission: 'command.issue' },
  { key: 'close', hint: 'C', permission: 'command.issue' },
  { key: 'trip', hint: 'T', permission: 'command.issue' },
];

/** Why an action cannot be done here; catalogue keys below `meter.hindrance`. Undefined: it can. */
export type MeterHindrance = 'noRight' | 'noRelay' | 'notPrepaid' | 'noAccount';
export interface MeterAbilities {
  readonly relay: boolean;
  readonly prepaid: boolean;
  /** An open account pays for this meter. */
  readonly account: boolean;
}

/** The first reason that holds. An unknown model is let through: the server says what it cannot do. */
export function meterHindranceOf(
  { key, permission }: MeterAction,
  may: (permission: Permission) => boolean,
  abilities: MeterAbilities,
): MeterHindrance | undefined {
  if (!may(permission)) return 'noRight';
  if (key === 'sell') return abilities.account ? undefined : 'noAccount';
  if (key === 'read') return undefined;
  if (!abilities.relay) return 'noRelay';
  return key === 'restorePrepaid' && !abilities.prepaid ? 'notPrepaid' : undefined;
}
