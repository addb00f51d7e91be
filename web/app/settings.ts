import { defineStore } from 'pinia';
import { reactive, toRefs, watch } from 'vue';
import { browserLanguage, type Language } from '../i18n/index.ts';

export type Theme = 'dark' | 'light';
export type Density = 'compact' | 'comfortable';
interface Settings {
  theme: Theme;
  language: Language;
  density: Density;
  /** The property that was looked at last, for pages that belong to none. */
  propertyId: number | undefined;
}

/** Also read by public/theme.js before the first paint. */
const STORAGE_KEY = 'meterwall.settings';

function load(): Settings {
  const stored: Partial<Record<keyof Settings, unknown>> = parse(localStorage.getItem(STORAGE_KEY));
  return {
    theme: stored.theme === 'light' ? 'light' : 'dark',
    language:
      stored.language === 'zh' || stored.language === 'en' ? stored.language : browserLanguage(navigator.languages),
    density: stored.density === 'comfortable' ? 'comfortable' : 'compact',
    propertyId: typeof stored.propertyId === 'number' ? stored.propertyId : undefined,
  };
}

function parse(text: string | null): object {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** What a person chose for this browser; kept in its local storage. */
export const useSettings = defineStore('settings', () => {
  const settings = reactive(load());
  watch(settings, () => localStorage.setItem(STORAGE_KEY, JSON.stringify(settings)));
  return {
    ...toRefs(settings),
    toggleTheme() {
      settings.theme = settings.theme === 'dark' ? 'light' : 'dark';
    },
    toggleLanguage() {
      settings.language = settings.language === 'zh' ? 'en' : 'zh';
    },
  };
});
