import type { PaymentMethod } from '#contract/common.ts';
import type { Sale } from '#contract/vending.ts';
import { isAtRest, isOutgoing } from './delivery.ts';

/** Sales of one cashier on one day by the way they were paid. Everything adds up: in − out = net, rows = total. */
export interface DrawerRow {
  readonly method: PaymentMethod | 'total';
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

/** Money that changed hands for one sale, by one way. */
interface Movement {
  readonly method: PaymentMethod;
  readonly inMinor: bigint;
  readonly outMinor: bigint;
  /** 1 for the sale itself, 0 for what it brought later. */
  readonly counts: number;
}

function movementsOf(sale: Sale): readonly Movement[] {
  const { method, state } = sale;
  if (method === undefined || state === 'DRAFT') return [];
  const paidMinor = BigInt(sale.paidMinor);
  const size = paidMinor < 0n ? -paidMinor : paidMinor;
  // Cash leaves when the meter was read back, not before.
  if (isOutgoing(sale)) return [{ method, inMinor: 0n, outMinor: state === 'CONFIRMED' ? size : 0n, counts: 1 }];
  const taken = { method, inMinor: paidMinor, outMinor: 0n, counts: 1 };
  // What was cancelled stays in the drawer until somebody pays it out.
  if (sale.paidOutMethod === undefined) return [taken];
  return [taken, { method: sale.paidOutMethod, inMinor: 0n, outMinor: paidMinor, counts: 0 }];
}

/** Money that was taken and given back, from the list of the day. */
export function drawerOf(sales: readonly Sale[]): Drawer {
  const movements = sales.flatMap(movementsOf);
  const sum = (of: readonly Movement[], method: DrawerRow['method']): DrawerRow => {
    const inMinor = of.reduce((total, one) => total + one.inMinor, 0n);
    const outMinor = of.reduce((total, one) => total + one.outMinor, 0n);
    const count = of.reduce((total, { counts }) => total + counts, 0);
    return { method, count, inMinor, outMinor, netMinor: inMinor - outMinor };
  };
  const byMethod = Map.groupBy(movements, ({ method }) => method);
  const open = sales.filter((sale) => !isAtRest(sale));
  return {
    rows: [...byMethod].map(([method, of]) => sum(of, method)),
    total: sum(movements, 'total'),
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
