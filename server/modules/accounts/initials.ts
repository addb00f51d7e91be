import { pinyin } from 'pinyin-pro';

/**
 * What a cashier types for a name: the first letter of each Chinese syllable, of each Latin word, and digits as they are.
 * 星河咖啡 → xhkf, Star Coffee → sc, 8号仓库 → 8hck. A name that reads otherwise as a person's has both: 单雄信 → dxx sxx.
 */
export function initialsOf(name: string): string {
  const options = { pattern: 'first', toneType: 'none', type: 'array', nonZh: 'consecutive' } as const;
  const readings = [pinyin(name, options), pinyin(name, { ...options, surname: 'head' })];
  return [...new Set(readings.map(firstLetters))].join(' ');
}

function firstLetters(words: readonly string[]): string {
  return words
    .flatMap((word) => word.split(/[^\p{L}\p{N}]+/u))
    .filter(Boolean)
    .map((word) => (/^\d/.test(word) ? word : word.slice(0, 1)))
    .join('')
    .toLowerCase();
}
