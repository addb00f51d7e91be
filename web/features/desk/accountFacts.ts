import type { Account, AccountMeterDto } from '#contract/accounts.ts';
import { DISPLAY_STATES, type DisplayState } from '#domain/meterState.ts';

/** The worst first: what a list of accounts should show of each. */
const WORST_FIRST: readonly DisplayState[] = ['arrears', 'alarm2', 'alarm1', 'lost', 'notOpened', 'opened'];

/** A meter of an account as the wall would draw it. */
export function displayOf({ money, link }: Pick<AccountMeterDto, 'money' | 'link'>): DisplayState {
  if (link === 'lost') return 'lost';
  return DISPLAY_STATES.find(({ key }) => key === money)?.key ?? (money === 'normal' ? 'opened' : 'notOpened');
}

export function worstDisplay(account: Account): DisplayState {
  const states = account.meters.map(displayOf);
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'notOpened';
}

/** What the account has: its wallet, or what its meters said last; undefined until each of them was heard. */
export function accountBalance(account: Account): bigint | undefined {
  if (account.custody === 'platform')
    return account.balanceMinor === undefined ? undefined : BigInt(account.balanceMinor);
  let sum = 0n;
  for (const { balanceMinor } of account.meters) {
    if (balanceMinor === undefined) return undefined;
    sum += BigInt(balanceMinor);
  }
  return sum;
}

/** The stretch of a text that was searched for, so that it can be marked; undefined when it was found another way. */
export function matchIn(text: string, wanted: string): readonly [before: string, match: string, after: string] {
  const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted.toLowerCase());
  return at < 0
    ? [text, '', '']
    : [text.slice(0, at), text.slice(at, at + wanted.length), text.slice(at + wanted.length)];
}

/** What is typed, as the search wants it: a Chinese input method puts marks between the letters that it collects. */
export function searchText(typed: string): string {
  const text = typed.normalize('NFKC').trim();
  return /^[a-z' ]+$/i.test(text) && text.includes("'") ? text.replaceAll(/[' ]/g, '') : text;
}

/** The calendar day of a zone as the API names it, 2026-11-22. */
export function dayIn(timeZone: string, atMs: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(atMs);
}
