import type { AccountsContext } from './context.ts';
import type { AccountView } from './types.ts';

/** Hits of one search. */
export const HITS_MAX = 20;

/**
 * Accounts that hold every word somewhere: name, phone, initials, room, number or name of a meter. Those where it stands at the
 * beginning come first, so that two keystrokes are enough; then in the order of their names. Closed ones are left out.
 */
export function createSearch(context: AccountsContext) {
  const { book, estate } = context;
  /** Made at the first search after a change of the account or of the estate. */
  let texts = new WeakMap<AccountView, readonly string[]>();
  const unsubscribe = estate.onChange(() => {
    texts = new WeakMap();
  });

  function textsOf(account: AccountView): readonly string[] {
    const known = texts.get(account);
    if (known !== undefined) return known;
    const customer = book.customer(account.customerId);
    const meters = account.meters.flatMap(({ meterId }) => estate.meter(meterId) ?? []);
    const places = [...account.placeIds, ...meters.map(({ meter }) => meter.placeId)].map((id) => estate.place(id));
    const named = [...places, ...meters.map(({ meter }) => meter)].flatMap((thing) => [
      thing?.names?.zh ?? '',
      thing?.names?.en ?? '',
    ]);
    const numbers = meters.map(({ meter }) => meter.meterNumber);
    const found = [account.customerName, customer?.phone ?? '', ...(customer?.initials ?? '').split(' '), ...numbers];
    const made = [...new Set([...found, ...named])].filter(Boolean).map((text) => text.toLowerCase());
    texts.set(account, made);
    return made;
  }

  return {
    find(text: string, visible: (account: AccountView) => boolean, propertyId: number | undefined): AccountView[] {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const hits: { readonly account: AccountView; readonly rank: number }[] = [];
      for (const account of book.accounts()) {
        if (account.state === 'closed' || (propertyId !== undefined && account.propertyId !== propertyId)) continue;
        const rank = rankOf(textsOf(account), words);
        if (rank !== undefined && visible(account)) hits.push({ account, rank });
      }
      return hits
        .sort((a, b) => a.rank - b.rank || compareNames(a.account, b.account) || a.account.id - b.account.id)
        .slice(0, HITS_MAX)
        .map(({ account }) => account);
    },
    stop: unsubscribe,
  };
}

/** 0 the whole text, 1 its beginning, 2 anywhere, summed over the words; undefined when a word is nowhere. */
function rankOf(texts: readonly string[], words: readonly string[]): number | undefined {
  let rank = 0;
  for (const word of words) {
    const places = texts.map((text) => (text === word ? 0 : text.startsWith(word) ? 1 : text.includes(word) ? 2 : 3));
    const best = Math.min(...places);
    if (best === 3) return undefined;
    rank += best;
  }
  return rank;
}

function compareNames(a: AccountView, b: AccountView): number {
  if (a.customerName === b.customerName) return 0;
  return a.customerName < b.customerName ? -1 : 1;
}
