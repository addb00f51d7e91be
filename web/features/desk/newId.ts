/**
 * A random UUID (RFC 9562, version 4), lower case. Not `crypto.randomUUID`: browsers have that on https and localhost only,
 * and many a desk stands in a plain http network.
 */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const fixed = (index: number, keep: number, set: number) => ((bytes[index] ?? 0) & keep) | set;
  bytes[6] = fixed(6, 0x0f, 0x40);
  bytes[8] = fixed(8, 0x3f, 0x80);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
