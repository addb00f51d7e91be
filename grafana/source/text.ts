/** The languages in which every dashboard is made. */
export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What a person reads. Wherever it stands in a dashboard, the files hold one of its two strings. */
export interface Text {
  readonly zh: string;
  readonly en: string;
}

/** Chinese first, as on the screens. */
export const text = (zh: string, en: string): Text => ({ zh, en });

/** A copy of any JSON in which every `Text` has become its string. */
export function inLanguage(value: unknown, language: Language): unknown {
  if (Array.isArray(value)) return value.map((item) => inLanguage(item, language));
  if (typeof value !== 'object' || value === null) return value;
  if (isText(value)) return value[language];
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inLanguage(inner, language)]));
}

function isText(value: object): value is Text {
  const keys = Object.keys(value);
  return keys.length === 2 && 'zh' in value && 'en' in value;
}
