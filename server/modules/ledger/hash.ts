import { hash } from 'node:crypto';
import type { Posting, ReverseRequest } from './types.ts';

/** sha256 of a JSON value with its fields in one order; bigints count as their decimal text, undefined as left out. */
export function hashOfInput(input: unknown): Buffer {
  return sha256(canonical(input));
}

/** What makes two postings the same. Time, actor and reason are not part of it: a request that is tried again has others. */
export function hashOfPosting({ kind, refKind, refId, entries }: Posting): Buffer {
  const lines = entries.map(({ account, amountMinor }) => `${account.kind} ${account.subject} ${amountMinor}`);
  return sha256([kind, refKind, refId, ...lines].join('\n'));
}

export function hashOfReversal({ kind, txnId }: ReverseRequest): Buffer {
  return sha256(`${kind}\nreverses ${txnId}`);
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
