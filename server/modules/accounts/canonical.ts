import { createHash } from 'node:crypto';

/** sha256 over JSON with sorted keys: the same content has the same hash, however it was written down. */
export function contentHash(content: unknown): Buffer {
  return createHash('sha256').update(canonical(content)).digest();
}

/** An id that follows from another one and a word, so that a step that is done again makes nothing twice. RFC 9562, version 8. */
export function derivedId(id: string, word: string): string {
  const hex = createHash('sha256').update(`${id}/${word}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
