import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS } from '#server/settings.ts';

const readme = readFileSync('README.md', 'utf8');

test('the README lists every setting with its default', () => {
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`)? *\|/gm)].map(([, name, fallback]) => [
    name,
    fallback,
  ]);
  expect(rows).toEqual(Object.entries(SETTINGS).map(([name, { fallback }]) => [name, fallback]));
});

test('every command that the README names exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = [...readme.matchAll(/\bnpm run (?:-s )?([a-z]+)/g)].map(([, name]) => name);
  expect(named.filter((name) => name !== undefined && !(name in scripts))).toEqual([]);
});

test('every link of the README leads somewhere', () => {
  const links = [...readme.matchAll(/[^!]\[[^\]]+\]\(([^)#]+)\)/g)].map(([, path]) => path ?? '');
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((path) => !existsSync(path))).toEqual([]);
});
