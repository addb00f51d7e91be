import type { PayMethod, Sale } from '#contract/vending.ts';
import { isAtRest, isOutgoing } from './delivery.ts';

/** Sales of one cashier on one day by the way they were paid. Everything adds up: in − out = net, rows = total. */
export interface DrawerRow {
  readonly method: PayMethod | 'total';
  readonly count: number;
  readonly inMinor: bigint;
  readonly outMinor: bigint;
  readonly netMinor: bigint;
}

export interface Drawer {
  readonly rows: readonly DrawerRow[];
  readonly total: DrawerRow;
  readonly confirmed: number;
  readonly inDelivery: number;
  readonly inDoubt: number;
}

/** States in which a sale waits for people. */
export const isStuck = ({ state }: Pick<Sale, 'state'>): boolean => state === 'REJECTED' || state === 'QUARANTINED';

/** Money that was taken and given back, from the list of the day. What was cancelled gave its money back. */
export function drawerOf(sales: readonly Sale[]): Drawer {
  const paid = sales.filter(({ method, state }) => method !== undefined && state !== 'DRAFT');
  const sum = (of: readonly Sale[], method: DrawerRow['method']): DrawerRow => {
    let inMinor = 0n;
    let outMinor = 0n;
    for (const sale of of) {
      const paidMinor = BigInt(sale.paidMinor);
      if (isOutgoing(sale)) {
        // Cash leaves when the meter was read back, not before.
        if (sale.state === 'CONFIRMED') outMinor -= paidMinor < 0n ? paidMinor : -paidMinor;
      } else {
        inMinor += paidMinor;
        if (sale.state === 'CANCELLED') outMinor += paidMinor;
      }
    }
    return { method, count: of.length, inMinor, outMinor, netMinor: inMinor - outMinor };
  };
  const byMethod = Map.groupBy(paid, ({ method }) => method ?? 'cash');
  const open = sales.filter((sale) => !isAtRest(sale));
  return {
    rows: [...byMethod].map(([method, of]) => sum(of, method)),
    total: sum(paid, 'total'),
    confirmed: sales.filter(({ state }) => state === 'CONFIRMED').length,
    inDelivery: open.filter((sale) => !isStuck(sale)).length,
    inDoubt: open.filter(isStuck).length,
  };
}

/** How a state is told in a list: done, on its way, in doubt, ended without. */
export type StateWord = 'confirmed' | 'delivery' | 'cancelling' | 'doubt' | 'cancelled' | 'waits' | 'reversed';

export function stateWord(sale: Pick<Sale, 'state' | 'reversedBy' | 'cancelAsked'>): StateWord {
  switch (sale.state) {
    case 'CONFIRMED':
      return sale.reversedBy === undefined ? 'confirmed' : 'reversed';
    case 'CANCELLED':
      return 'cancelled';
    case 'DRAFT':
      return 'waits';
    case 'REJECTED':
    case 'QUARANTINED':
      return 'doubt';
    case 'FENCING':
      return 'cancelling';
    default:
      return sale.cancelAsked ? 'cancelling' : 'delivery';
  }
}
