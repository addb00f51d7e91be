import { PAY_METHODS, type PaymentMethod } from '#contract/common.ts';

/**
 * A sale that was confirmed at this screen and that the server has not answered yet. Its id was made once; whoever sends it
 * again, sends the same, so that the money is taken once however often that happens.
 */
export interface UnansweredSale {
  readonly saleId: string;
  readonly accountId: number;
  readonly meterId: number;
  readonly paidMinor: string;
  readonly method: PaymentMethod;
  readonly channelTradeNo?: string;
  /** For the words on the screen after a reload. */
  readonly customer: string;
  readonly confirmedMs: number;
}

export interface UnansweredSales {
  /** Oldest first. */
  all(): readonly UnansweredSale[];
  keep(sale: UnansweredSale): void;
  drop(saleId: string): void;
}

/** Beyond it somebody has long stopped looking at them; each is still in the server's list if it got there. */
const KEPT_MAX = 20;

/** Kept in the browser per user, so that a reload, a crash or another tab finds them again. */
export function createUnansweredSales(storage: Pick<Storage, 'getItem' | 'setItem'>, userId: number): UnansweredSales {
  const key = `meterwall.desk.unanswered.${userId}`;
  const all = (): readonly UnansweredSale[] => parse(storage.getItem(key));
  const store = (sales: readonly UnansweredSale[]) => storage.setItem(key, JSON.stringify(sales.slice(-KEPT_MAX)));
  return {
    all,
    keep: (sale) => store([...all().filter(({ saleId }) => saleId !== sale.saleId), sale]),
    drop: (saleId) => store(all().filter((sale) => sale.saleId !== saleId)),
  };
}

function parse(text: string | null): readonly UnansweredSale[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isSale) : [];
  } catch {
    return [];
  }
}

function isSale(value: unknown): value is UnansweredSale {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const texts = ['saleId', 'paidMinor', 'customer'].every((name) => typeof fields[name] === 'string');
  const paid = PAY_METHODS.some((method) => method === fields['method']);
  return texts && paid && ['accountId', 'meterId', 'confirmedMs'].every((name) => typeof fields[name] === 'number');
}
