/**
 * Chance without state: the same (seed, a, b) gives the same number on every machine and in every order of asking.
 * Behaviour built on it can be evaluated lazily, again after a restart, and for any instant.
 *
 * @returns an unsigned 32-bit integer. Source: the finaliser of MurmurHash3 (Appleby, public domain).
 */
export function hash32(seed: number, a: number, b = 0): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(a + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f) ^ Math.imul(b + 0x165667b1, 0x9e3779b1);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A number in [0, 1) for (seed, a, b). */
export function chanceOf(seed: number, a: number, b = 0): number {
  return hash32(seed, a, b) / 0x1_0000_0000;
}

/** A whole number in [low, high], both included, for (seed, a, b). */
export function wholeBetween(low: number, high: number, seed: number, a: number, b = 0): number {
  return low + Math.floor(chanceOf(seed, a, b) * (high - low + 1));
}

/** A sequence of numbers in [0, 1): for drawing an estate, and as the `Chance` of a fault. */
export function seededChance(seed: number): () => number {
  let drawn = 0;
  return () => chanceOf(seed, drawn++);
}

/** One of `items` by a number in [0, 1). Throws on an empty list. */
export function pick<T>(items: readonly T[], chance: number): T {
  const item = items[Math.min(items.length - 1, Math.floor(chance * items.length))];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
