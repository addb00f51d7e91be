import type { ReconciliationRow } from './reconciliation.ts';

/** How the comparison of the books writes what is no amount. Screens and files tell it in their own language. */
export type DifferenceValue =
  | { readonly kind: 'money' | 'text'; readonly text: string }
  | { readonly kind: 'purchases'; readonly count: string }
  | { readonly kind: 'nothing' | 'aRead' };

/** What `expected` or `found` of a row says. */
export function differenceValue({ differenceMinor }: ReconciliationRow, text: string): DifferenceValue {
  if (differenceMinor !== undefined) return { kind: 'money', text };
  const count = /^(\d+) purchases$/.exec(text)?.[1];
  if (count !== undefined) return { kind: 'purchases', count };
  if (text === 'none') return { kind: 'nothing' };
  return text === 'a read' ? { kind: 'aRead' } : { kind: 'text', text };
}

/** When the meter was read that a row is about; undefined where its detail says something else. */
export function differenceReadAt({ detail }: ReconciliationRow): string | undefined {
  return /read (\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(detail)?.[1];
}
