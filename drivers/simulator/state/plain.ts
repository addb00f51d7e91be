/** A value made ready for JSON: amounts, which JSON does not know, as text with an n at the end. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Everything but functions and symbols; keys that are undefined are left out. */
export function plain(value: unknown): Plain {
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    const kept = Object.entries(value).filter(([, one]) => one !== undefined);
    return Object.fromEntries(kept.map(([key, one]) => [key, plain(one)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** What `plain` was made of. The reader vouches for its type: it comes from this plant's own state file. */
export function restored(value: Plain): unknown {
  if (typeof value === 'string') return /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
  if (Array.isArray(value)) return value.map(restored);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, restored(one)]));
  return value;
}
