/**
 * Every capability that a route or a live room may demand. `public` routes need no session; `self` routes need any session.
 * Rights are granted to a user through a role within a scope (group, property or building).
 */
export const PERMISSIONS = [
  'wall.view',
  'meter.view',
  'meter.read',
  'estate.edit',
  'alarm.view',
  'alarm.acknowledge',
  'line.view',
  'account.view',
  'account.edit',
  'tariff.view',
  'tariff.edit',
  'vend.sell',
  'vend.refund',
  'vend.decide',
  'command.issue',
  'command.approve',
  'ledger.view',
  'money.settings',
  'notify.settings',
  'user.manage',
  'audit.view',
] as const;

export type Permission = (typeof PERMISSIONS)[number];
export type RouteAccess = Permission | 'public' | 'self';

/** Roles that every installation starts with; names are catalogue keys on the screens. */
export const BUILT_IN_ROLES = {
  administrator: PERMISSIONS,
  engineer: [
    'wall.view',
    'meter.view',
    'meter.read',
    'estate.edit',
    'alarm.view',
    'alarm.acknowledge',
    'line.view',
    'account.view',
    'tariff.view',
    'command.issue',
    'command.approve',
    'notify.settings',
    'audit.view',
  ],
  operator: [
    'wall.view',
    'meter.view',
    'meter.read',
    'alarm.view',
    'alarm.acknowledge',
    'line.view',
    'account.view',
    'command.issue',
  ],
  cashier: ['meter.view', 'meter.read', 'account.view', 'account.edit', 'tariff.view', 'vend.sell', 'vend.refund'],
  accountant: [
    'meter.view',
    'account.view',
    'account.edit',
    'tariff.view',
    'tariff.edit',
    'vend.sell',
    'vend.refund',
    'vend.decide',
    'ledger.view',
    'money.settings',
    'audit.view',
  ],
  electrician: [
    'wall.view',
    'meter.view',
    'meter.read',
    'alarm.view',
    'alarm.acknowledge',
    'line.view',
    'command.issue',
  ],
  viewer: ['wall.view', 'meter.view', 'alarm.view', 'line.view'],
  kiosk: ['wall.view', 'meter.view', 'alarm.view'],
} as const satisfies Record<string, readonly Permission[]>;

export type BuiltInRole = keyof typeof BUILT_IN_ROLES;
