import { createI18n } from 'vue-i18n';
import * as common from './common.ts';

export type Language = 'zh' | 'en';
/** A tree of texts; leaves are vue-i18n messages. */
export interface Catalogue {
  readonly [key: string]: string | Catalogue;
}
/** What `features/<folder>/i18n.ts` exports; it is reached as `t('<folder>.<key>')`. */
export interface FeatureCatalogue {
  readonly zh: Catalogue;
  readonly en: Catalogue;
}

const features = import.meta.glob<FeatureCatalogue>('../features/*/i18n.ts', { eager: true });

/** All texts of one language: the shared words at the root, each feature under its folder's name. */
export function catalogueOf(language: Language): Catalogue {
  const merged: Record<string, string | Catalogue> = { ...common[language] };
  for (const [path, feature] of Object.entries(features)) {
    const folder = path.split('/').at(-2) ?? path;
    if (folder in merged) throw new Error(`catalogue "${folder}" hides shared words of the same name`);
    merged[folder] = feature[language];
  }
  return merged;
}

/** The language of the first visit: Chinese browsers get Chinese, all others English. */
export function browserLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

/** BCP 47 tag for `<html lang>` and for Intl. */
export const LANGUAGE_TAGS = { zh: 'zh-CN', en: 'en-GB' } as const satisfies Record<Language, string>;

/** The translator of one app. Missing keys fall back to English and then to the key. */
export function createTranslator(language: Language) {
  return createI18n({
    legacy: false,
    locale: language,
    fallbackLocale: 'en',
    missingWarn: import.meta.env.DEV,
    fallbackWarn: false,
    messages: { zh: catalogueOf('zh'), en: catalogueOf('en') },
  });
}
