import { readFileSync } from 'node:fs';
import { createPalette, type Palette } from '../../../web/features/wall/draw/palette.ts';

export const THEMES = ['dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const css = readFileSync('web/styles/tokens.css', 'utf8');
const block = (selector: string) => css.slice(css.indexOf(selector), css.indexOf('}', css.indexOf(selector)));

/** The colour of a token as `#rrggbb`; throws where a theme lacks it. */
export function token(theme: Theme, name: string): string {
  const found = new RegExp(`${name}: (#[0-9a-f]{6});`).exec(block(`:root[data-theme="${theme}"]`))?.[1];
  if (found === undefined) throw new Error(`${theme} has no ${name}`);
  return found;
}

/** What the wall draws with in a theme. */
export function paletteOf(theme: Theme): Palette {
  return createPalette((name) => (name === '--font' ? 'sans-serif' : token(theme, name)));
}
