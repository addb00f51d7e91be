export { en } from './i18nEn.ts';
export { zh } from './i18nZh.ts';
