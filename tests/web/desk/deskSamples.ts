import type { Account } from '#contract/accounts.ts';
import { PERMISSIONS } from '#contract/permissions.ts';
import type { Sale, VendState } from '#contract/vending.ts';

/** The clock of the test harness's live feed. */
export const NOW = '2026-11-19T13:47:00.000Z';

export const session = {
  userId: 1,
  user: 'z',
  displayName: 'Zhou Min',
  permissions: [...PERMISSIONS],
  grants: [],
  expiresAt: '2026-12-01T00:00:00Z',
  demo: false,
};

export const property = {
  id: 1,
  kind: 'property',
  propertyId: 1,
  names: { en: 'Riverside' },
  position: 1,
  timeZone: 'Asia/Shanghai',
  currency: 'CNY',
};

const meterOf = (meterId: number, balanceMinor: string): Account['meters'][number] => ({
  meterId,
  meterNumber: `2403${meterId}`,
  room: { en: `2F-${meterId}` },
  epoch: 1,
  from: NOW,
  ctRatio: 1,
  ptRatio: 1,
  openingRegisters: {},
  balanceMinor,
  balanceAt: '2026-11-19T13:46:56.000Z',
  money: 'normal',
  link: 'online',
  relay: 'closed',
});

export function accountWith(change: Partial<Account> = {}): Account {
  return {
    id: 7,
    propertyId: 1,
    customer: { id: 3, propertyId: 1, name: '麦禾烘焙', phone: '13800002207', initials: 'mhhb', version: 1 },
    state: 'open',
    custody: 'meter',
    deduction: 'realTime',
    tariffId: 1,
    tariffName: 'Retail',
    alarm1Minor: '5000',
    alarm2Minor: '2000',
    cutLineMinor: '0',
    depositMinor: '0',
    meters: [meterOf(12, '3648'), meterOf(13, '11260')],
    rooms: [{ placeId: 9, names: { en: '2F-18' } }],
    openedAt: NOW,
    version: 1,
    ...change,
  };
}

export function saleWith(state: VendState, change: Partial<Sale> = {}): Sale {
  return {
    saleId: '00000000-0000-4000-8000-000000000001',
    serial: '20261119-0059',
    kind: 'sale',
    state,
    custody: 'meter',
    propertyId: 1,
    accountId: 7,
    meterId: 12,
    meterNumber: '240312',
    customerName: '麦禾烘焙',
    paidMinor: '10000',
    feeMinor: '0',
    feePpm: 0,
    netMinor: '10000',
    method: 'cash',
    operator: 'Zhou Min',
    businessDay: '2026-11-19',
    at: NOW,
    attempts: 0,
    cancelAsked: false,
    weakFence: false,
    version: 1,
    ...change,
  };
}
